package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How loud the default Reporter is. */
class LoggingReporterTest {
    private static final Logger LOGGER = Logger.getLogger("rill"); // strongly, so that its handler stays

    private final List<LogRecord> records = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord logged) {
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

    private Level levelOf(Report report) {
        Reporter.logging().report(report);
        assertThat(records).hasSize(1);
        LogRecord only = records.removeFirst();
        assertThat(only.getThrown()).isSameAs(report.cause());
        return only.getLevel();
    }

    @Test
    void a_peer_that_goes_away_is_everyday_life_and_a_mistake_in_a_handler_is_not() {
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new IOException("reset"))))
                .isEqualTo(Level.INFO);
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new ProtocolException("not a number"))))
                .isEqualTo(Level.INFO);
        assertThat(levelOf(new Report.ConnectionFailed("loop", "connection", new NullPointerException("on purpose"))))
                .isEqualTo(Level.WARNING);
    }

    @Test
    void what_reached_nobody_is_a_warning() {
        assertThat(levelOf(new Report.Thrown("loop", "handle", new IllegalStateException("on purpose"))))
                .isEqualTo(Level.WARNING);
    }
}
