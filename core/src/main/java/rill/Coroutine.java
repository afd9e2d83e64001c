package rill;

/**
 * The body of a Task, as something that the loop can run up to its next await. There are two engines behind it. The thread of the loop and
 * that of the body alternate strictly; both count as being on the loop.
 */
sealed interface Coroutine permits MountedCoroutine, HandedOverCoroutine {
    /** On the loop: starts or continues the body, and returns when it has suspended or ended. */
    void resume();

    /** On the body's thread: returns when {@link #resume()} is next called; or at once, with false, if it can't be suspended here. */
    boolean suspend();

    /** The body's thread, for stack traces. */
    Thread thread();
}
