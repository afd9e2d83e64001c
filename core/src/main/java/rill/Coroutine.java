package rill;

/**
 * The body of a Task, as something that the loop can run up to its next await. It has two engines. The thread of the loop and that of the body
 * alternate strictly; both count as being on the loop.
 */
sealed interface Coroutine permits MountedCoroutine, HandedOverCoroutine {
    /** Starts or continues the body, and returns when it has suspended or ended. On the loop. */
    void resume();

    /** Returns when {@link #resume()} is next called; or at once, with false, if it can't be suspended here. On the body's thread. */
    boolean suspend();

    /** The body's thread, for stack traces. */
    Thread thread();
}
