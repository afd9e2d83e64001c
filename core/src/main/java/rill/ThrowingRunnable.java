package rill;

/**
 * Work without a result, which may throw whatever a {@link java.util.concurrent.Callable} may: the body of a Task, or what {@link
 * Loop#submit(ThrowingRunnable)} is given.
 */
@FunctionalInterface
public interface ThrowingRunnable {
    /** Does the work. */
    void run() throws Exception;
}
