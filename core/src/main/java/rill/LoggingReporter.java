package rill;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/** The default Reporter. It composes the lines, and the {@link Scribe} writes them. */
final class LoggingReporter implements Reporter {
    static final LoggingReporter INSTANCE = new LoggingReporter(new Scribe(
            new SystemLog(),
            Clock.system(),
            Threads.shared().name("rill-reports").factory()));

    /**
     * Has the log read its configuration while there are descriptors for that: java.util.logging would not read it later, and would silently drop
     * every line.
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
            return null; // the first line then prepares it
        }
    }

    private static void touchLog() {
        try {
            System.getLogger("rill").isLoggable(System.Logger.Level.WARNING);
        } catch (Throwable t) {
            // It fails again when there is something to log, and then a plain line is written.
        }
    }

    /** Waits for a short time until the log can be used whatever becomes of the process; usually only once. */
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
        /** The prefix when System.Logger is java.util.logging, which removes its handlers in its own shutdown hook. */
        private static final String JAVA_UTIL_LOGGING = "sun.util.logging.";

        /** Gets the logger each time: it may have been unavailable the last time. */
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

    /** Groups unobserved calls that fail for the same reason, which come in hundreds; null for a report that stands by itself. */
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

    /** There was not even enough memory to say what happened. Never throws. */
    void lost() {
        scribe.lost();
    }

    /** Waits for a short time until everything that was reported is written. On a thread outside. */
    void flush() {
        scribe.flush();
    }

    private static String messageOf(Report report) {
        return report instanceof Report.Slow ? report.message() : oneLine(report.message());
    }

    /** Escapes control characters: a message may contain what a peer has sent, which must not look like another line. */
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

    /**
     * The level of a failure: a peer that goes away, or breaks the protocol, is normal; anything else is most likely a mistake. So is a file that is
     * missing, which no peer has to do with.
     */
    private static System.Logger.Level ofFailure(Throwable cause) {
        boolean ofFiles = cause instanceof FileSystemException || cause instanceof FileNotFoundException;
        return cause instanceof IOException && !ofFiles ? System.Logger.Level.INFO : System.Logger.Level.WARNING;
    }
}
