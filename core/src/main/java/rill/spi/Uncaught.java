package rill.spi;

/**
 * What a listener throws where nobody is left to be notified: at its last event, or when it is notified of a failure.
 *
 * <p><b>Threading:</b> any thread; the driver's, within {@link Selector#select}.
 */
public final class Uncaught {
    private Uncaught() {}

    /** Passes it to the uncaught exception handler of this thread. What that throws is ignored, as the JVM ignores it. Never throws. */
    public static void tell(Throwable thrown) {
        Thread thread = Thread.currentThread();
        try {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
        } catch (RuntimeException | Error e) {
            // The handler is the last resort.
        }
    }
}
