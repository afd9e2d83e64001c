package rill;

/**
 * Work without a result that may throw any exception, like a {@link java.util.concurrent.Callable}: the body of a Task, or what is passed to
 * {@link Loop#submit(ThrowingRunnable)}.
 */
@FunctionalInterface
public interface ThrowingRunnable {
    /** Does the work. */
    void run() throws Exception;
}
