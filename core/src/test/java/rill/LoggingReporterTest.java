package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.testing.MemoryTransport;

/** What the default Reporter makes of reports; nobody has to wait for it. */
class LoggingReporterTest {
    private static final Logger LOGGER = Logger.getLogger("rill"); // a strong reference, so that its handler stays

    private final BlockingQueue<LogRecord> records = new LinkedBlockingQueue<>();
    private final CountDownLatch readers = new CountDownLatch(1);
    private volatile boolean blocks;
    private volatile Error fails;

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            if (blocks) {
                Await.latchUninterruptibly(readers);
            }
            if (fails != null) {
                throw fails;
            }
            records.add(logged);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOGGER.addHandler(handler);
        LOGGER.setUseParentHandlers(false);
    }

    @AfterEach
    void stop() {
        LOGGER.removeHandler(handler);
        LOGGER.setUseParentHandlers(true);
    }

    private LogRecord next() throws InterruptedException {
        LogRecord next = records.poll(20, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private Level levelOf(Report report) throws InterruptedException {
        Reporter.logging().report(report);
        LogRecord only = next();
        assertThat(only.getMessage()).isEqualTo(report.message());
        return only.getLevel();
    }

    @Test
    void a_peer_that_goes_away_is_everyday_life_and_a_mistake_in_a_handler_is_not() throws Exception {
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new IOException("reset"))))
                .isEqualTo(Level.INFO);
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new ProtocolException("not a number"))))
                .isEqualTo(Level.INFO);
        assertThat(levelOf(new Report.ConnectionFailed("loop", "a file", new NoSuchFileException("index.html"))))
                .isEqualTo(Level.WARNING);
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new NullPointerException("on purpose"))))
                .isEqualTo(Level.WARNING);
    }

    @Test
    void what_reached_nobody_is_a_warning() throws Exception {
        assertThat(levelOf(new Report.Thrown("loop", "handle", new IllegalStateException("on purpose"))))
                .isEqualTo(Level.WARNING);
    }

    @Test
    void calls_of_one_place_that_failed_for_one_reason_are_one_line() throws Exception {
        for (int i = 0; i < 20; i++) {
            for (String place : new String[] {"a pool", "a connection"}) {
                var failed = new CallFailedException(
                        CallFailedException.Fate.NEVER_SENT, "call of x".repeat(i), new IOException(), place);
                Reporter.logging().report(new Report.Unobserved("loop of these", "a call", failed));
            }
        }
        assertThat(next().getMessage()).contains("nobody looked at the failure of a call");
        assertThat(next().getMessage()).contains("nobody looked at the failure of a call");
        LoggingReporter.INSTANCE.flush();
        assertThat(records).isEmpty();
    }

    @Test
    void what_a_peer_does_is_a_line_without_a_stack_and_a_mistake_has_one() throws Exception {
        var reset = new SocketException("read from /127.0.0.1:4000: Connection reset");
        Reporter.logging().report(new Report.ConnectionFailed("loop", "connection", reset));
        assertThat(next().getThrown()).isNull();
        var bad = new ProtocolException("not a number");
        Reporter.logging().report(new Report.Unobserved("loop", "a Promise of loop", bad));
        assertThat(next().getThrown()).isNull();

        var missing = new IOException("no such file");
        missing.setStackTrace(new StackTraceElement[] {
            new StackTraceElement("java.io.FileInputStream", "open", null, 1),
            new StackTraceElement("com.example.Handler", "answer", null, 2),
            new StackTraceElement("rill.Responder", "message", null, 3)
        });
        Reporter.logging().report(new Report.ConnectionFailed("loop", "another", missing));
        assertThat(next().getThrown()).isSameAs(missing);
        var mistake = new NullPointerException("on purpose");
        Reporter.logging().report(new Report.Thrown("loop", "handle", mistake));
        assertThat(next().getThrown()).isSameAs(mistake);
    }

    @Test
    void what_a_peer_sends_makes_no_line_of_its_own() throws Exception {
        var forged = new ProtocolException("unknown: x\n1970-01-01 INFO all is well\u001b[2J");
        Reporter.logging().report(new Report.ConnectionFailed("loop", "connection", forged));
        assertThat(next().getMessage()).doesNotContain("\n", "\u001b").contains("\\u000a1970");
    }

    @Test
    void a_log_that_nobody_reads_holds_up_no_loop_and_no_close_for_long() throws Exception {
        blocks = true;
        var loop = Loop.open(LoopOptions.defaults().transport(new MemoryTransport()))
                .start();
        try (loop) {
            for (int i = 0; i < 3 * Scribe.CAPACITY; i++) {
                var failure = new IllegalStateException("on purpose, " + "x".repeat(i % 500));
                loop.execute(() -> {
                    throw failure;
                });
            }
            assertThat(loop.submit(() -> "goes on").await()).isEqualTo("goes on");
        } finally {
            readers.countDown();
        }
        assertThat(next().getThrown()).hasMessageStartingWith("on purpose");
        LoggingReporter.INSTANCE.flush();
    }

    @Test
    void a_logger_that_fails_is_replaced_by_a_plain_line_and_tried_again() throws Exception {
        var plain = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(plain, true, StandardCharsets.UTF_8));
        try {
            fails = new NoClassDefFoundError("no descriptor to load it with");
            Reporter.logging().report(new Report.Thrown("loop", "a first handle", new IllegalStateException("one")));
            LoggingReporter.INSTANCE.flush();
        } finally {
            System.setErr(before);
        }
        assertThat(plain.toString(StandardCharsets.UTF_8))
                .contains("WARNING: loop: a first handle threw java.lang.IllegalStateException: one")
                .contains("no descriptor to load it with");
        fails = null;
        Reporter.logging().report(new Report.Thrown("loop", "another handle", new IllegalStateException("two")));
        assertThat(next().getMessage()).contains("another handle");
    }

    @Test
    void a_failure_whose_toString_throws_is_reported_all_the_same() throws Exception {
        Reporter.logging().report(new Report.Thrown("loop", "handle", new Unspeakable()));
        assertThat(next().getMessage()).contains("handle threw").contains("Unspeakable");
    }

    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String toString() {
            throw new IllegalStateException("says nothing");
        }
    }

    @Test
    void a_reporter_that_throws_is_logged_with_what_it_was_to_report() throws Exception {
        Reporter broken = report -> {
            throw new StackOverflowError("in the reporter");
        };
        var options = LoopOptions.defaults().transport(new MemoryTransport()).reporter(broken);
        try (var loop = Loop.open(options)) {
            loop.execute(() -> {
                throw new IllegalStateException("in the handle");
            });
            loop.submit(() -> 1).await();
        }
        assertThat(next().getMessage())
                .contains("the Reporter threw")
                .contains("in the reporter")
                .contains("in the handle");
    }
}
