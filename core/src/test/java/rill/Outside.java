package rill;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A thread outside every loop, and the result that it computes. */
final class Outside<T> {
    private final FutureTask<T> work;
    private final Thread thread;

    private Outside(Callable<T> work, Thread.Builder builder) {
        this.work = new FutureTask<>(work);
        this.thread = builder.start(this.work);
    }

    static <T> Outside<T> start(Callable<T> work) {
        return new Outside<>(work, Thread.ofPlatform().name("outside").daemon());
    }

    static <T> Outside<T> startVirtual(Callable<T> work) {
        return new Outside<>(work, Thread.ofVirtual().name("outside"));
    }

    Thread thread() {
        return thread;
    }

    /** Whether the thread is waiting for something. */
    boolean waits() {
        Thread.State state = thread.getState();
        return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }

    boolean done() {
        return work.isDone();
    }

    T result() throws Exception {
        return work.get(20, TimeUnit.SECONDS);
    }

    Throwable failure() throws Exception {
        try {
            T value = work.get(20, TimeUnit.SECONDS);
            throw new AssertionError("should have failed, but gave " + value);
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
