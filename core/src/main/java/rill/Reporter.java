package rill;

/**
 * Receives what happened on a loop and reached nobody else. Nothing is reported twice.
 *
 * <p><b>Threading:</b> called on the loop, with two exceptions: {@link Report.Slow} and {@link Report.Undriven} are delivered on the watchdog's
 * thread, and something {@link Loop#report reported} to a closed loop on the reporting thread. <b>Errors:</b> an exception that it throws is logged
 * and otherwise ignored.
 */
@FunctionalInterface
public interface Reporter {
    /** Takes one report. Must not block. */
    void report(Report report);

    /**
     * Writes to the {@link System.Logger} named {@code rill}: routine notes as DEBUG, other notes and connections that failed with an
     * {@link java.io.IOException} as INFO, the rest as WARNING. A failure of the network is logged as a line without a stack trace.
     *
     * <p>It never blocks: a daemon thread writes, and {@link Loop#close} and the JVM's exit wait for it for a second at most. Of reports that differ
     * only in their numbers and addresses, some are written one by one, the rest as a count every ten seconds. If the log is too slow, some reports
     * are dropped and counted. If the logger fails, a plain line goes to standard error.
     */
    static Reporter logging() {
        return LoggingReporter.INSTANCE;
    }
}
