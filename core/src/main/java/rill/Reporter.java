package rill;

/**
 * Receives what happened on a loop and reached nobody else. Nothing is reported twice.
 *
 * <p><b>Threading:</b> called on the loop, except for {@link Report.Slow}, which comes from the watchdog's thread.
 * <b>Errors:</b> what it throws is printed to standard error and otherwise ignored.
 */
@FunctionalInterface
public interface Reporter {
    /** Takes one report. Must not block. */
    void report(Report report);

    /**
     * Writes to the {@link System.Logger} named {@code rill}: routine notes as DEBUG, other notes and connections that failed with an
     * {@link java.io.IOException} as INFO, the rest as WARNING.
     */
    static Reporter logging() {
        return LoggingReporter.INSTANCE;
    }
}
