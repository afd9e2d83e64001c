package rill;

import java.io.IOException;

/** The default Reporter. */
final class LoggingReporter implements Reporter {
    static final LoggingReporter INSTANCE = new LoggingReporter();

    private static final System.Logger LOGGER = System.getLogger("rill");

    private LoggingReporter() {}

    @Override
    public void report(Report report) {
        LOGGER.log(level(report), report.message(), report.cause());
    }

    private static System.Logger.Level level(Report report) {
        return switch (report) {
            case Report.Note note -> note.routine() ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
            case Report.ConnectionFailed failed -> ofFailure(failed.cause());
            case Report.Thrown thrown -> System.Logger.Level.WARNING;
            case Report.Unobserved unobserved -> System.Logger.Level.WARNING;
            case Report.Slow slow -> System.Logger.Level.WARNING;
            case Report.AcceptPaused paused -> System.Logger.Level.WARNING;
            case Report.Interrupted interrupted -> System.Logger.Level.WARNING;
            case Report.Survivors survivors -> System.Logger.Level.WARNING;
        };
    }

    /** A peer that goes away, or breaks the protocol, is everyday life; what else is thrown is most likely a mistake. */
    private static System.Logger.Level ofFailure(Throwable cause) {
        return cause instanceof IOException ? System.Logger.Level.INFO : System.Logger.Level.WARNING;
    }
}
