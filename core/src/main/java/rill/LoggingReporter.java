package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/** The default Reporter. It words the lines, and the {@link Scribe} writes them. */
final class LoggingReporter implements Reporter {
    static final LoggingReporter INSTANCE = new LoggingReporter(new Scribe(
            new SystemLog(),
            Clock.system(),
            Threads.shared().name("rill-reports").factory()));

    /**
     * Has the log read its configuration as long as there are descriptors for that: java.util.logging would read none later, and drop
     * every line without a word.
     */
    private static final @Nullable Thread PREPARATION = prepare();

    private static final Duration PREPARED_WITHIN = Duration.ofSeconds(2);

    private final Scribe scribe;

    LoggingReporter(Scribe scribe) {
        this.scribe = scribe;
    }

    private static @Nullable Thread prepare() {
        try {
            return Threads.shared().name("rill-log").start(LoggingReporter::touchLog);
        } catch (Throwable noThread) {
            return null; // then the first line prepares it
        }
    }

    private static void touchLog() {
        try {
            System.getLogger("rill").isLoggable(System.Logger.Level.WARNING);
        } catch (Throwable t) {
            // It shows again when there is something to log, and then a plain line is written.
        }
    }

    /** Waits, not for long, until the log can be used whatever becomes of the process; once, as a rule. */
    static void ready() {
        Thread preparation = PREPARATION;
        if (preparation == null || !preparation.isAlive() || preparation == Thread.currentThread()) {
            return;
        }
        try {
            preparation.join(PREPARED_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class SystemLog implements Scribe.Log {
        /** Where System.Logger is java.util.logging, which takes its handlers away in a shutdown hook of its own. */
        private static final String JAVA_UTIL_LOGGING = "sun.util.logging.";

        /** The logger is asked for each time: it may be one that could not be had the last time. */
        @Override
        public void write(System.Logger.Level level, String text, @Nullable Throwable thrown) {
            System.getLogger("rill").log(level, text, thrown);
        }

        @Override
        public boolean endsBeforeUs() {
            return System.LoggerFinder.getLoggerFinder().getClass().getName().startsWith(JAVA_UTIL_LOGGING);
        }
    }

    @Override
    public void report(Report report) {
        scribe.tell(level(report), kindOf(report), messageOf(report), report.cause());
    }

    /** Calls that fail for the same reason, and that nobody looks at, come by the hundred; null for what says by itself what it is like. */
    private static @Nullable String kindOf(Report report) {
        if (report instanceof Report.Unobserved(String loop, String what, CallFailedException call)) {
            String kind = call.kind();
            return kind == null ? null : loop + " " + what + " " + kind;
        }
        return null;
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

    /** Something threw on a thread that runs no loop. Never throws. */
    void threw(String what, Object subject, Throwable thrown) {
        try {
            report(new Report.Thrown("outside of loops", what + subject, thrown));
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
