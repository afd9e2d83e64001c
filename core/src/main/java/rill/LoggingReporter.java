package rill;

import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/** The default Reporter: makes lines, and leaves it to the {@link Scribe} to write them. */
final class LoggingReporter implements Reporter {
    static final LoggingReporter INSTANCE = new LoggingReporter(new Scribe(
            LoggingReporter::log,
            Clock.system(),
            Threads.shared().name("rill-reports").factory()));

    private final Scribe scribe;

    LoggingReporter(Scribe scribe) {
        this.scribe = scribe;
    }

    /** The logger is asked for each time: it may be one that could not be had the last time. */
    private static void log(System.Logger.Level level, String text, @Nullable Throwable thrown) {
        System.getLogger("rill").log(level, text, thrown);
    }

    @Override
    public void report(Report report) {
        scribe.tell(level(report), messageOf(report), report.cause());
    }

    /** A loop's own Reporter has thrown. Never throws. */
    void reporterThrew(Throwable thrown, Report report) {
        try {
            scribe.tell(
                    System.Logger.Level.WARNING,
                    "the Reporter threw " + Failures.describe(thrown) + " for: " + messageOf(report),
                    thrown);
        } catch (Throwable t) {
            lost();
        }
    }

    /** There was not even the memory to say what happened. Never throws. */
    void lost() {
        scribe.lost();
    }

    /** On a thread outside: waits, not for long, until everything is written that was reported. */
    void flush() {
        scribe.flush();
    }

    private static String messageOf(Report report) {
        return report instanceof Report.Slow ? report.message() : oneLine(report.message());
    }

    /** What a peer has sent may be in a message, and must not look like another line. */
    private static String oneLine(String message) {
        if (message.chars().noneMatch(Character::isISOControl)) {
            return message;
        }
        var line = new StringBuilder();
        message.chars().forEach(each -> {
            if (Character.isISOControl(each)) {
                line.append("\\u").append(String.format("%04x", each));
            } else {
                line.append((char) each);
            }
        });
        return line.toString();
    }

    private static System.Logger.Level level(Report report) {
        return switch (report) {
            case Report.Note note -> note.routine() ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
            case Report.ConnectionFailed failed -> ofFailure(failed.cause());
            case Report.Thrown thrown -> System.Logger.Level.WARNING;
            case Report.Unobserved unobserved -> System.Logger.Level.WARNING;
            case Report.Slow slow -> System.Logger.Level.WARNING;
            case Report.Undriven undriven -> System.Logger.Level.WARNING;
            case Report.AcceptPaused paused -> System.Logger.Level.WARNING;
            case Report.Interrupted interrupted -> System.Logger.Level.WARNING;
            case Report.Survivors survivors -> System.Logger.Level.WARNING;
        };
    }

    /** A peer that goes away, or breaks the protocol, is everyday life; what else is thrown is most likely a mistake. */
    private static System.Logger.Level ofFailure(Throwable cause) {
        return cause instanceof java.io.IOException ? System.Logger.Level.INFO : System.Logger.Level.WARNING;
    }
}
