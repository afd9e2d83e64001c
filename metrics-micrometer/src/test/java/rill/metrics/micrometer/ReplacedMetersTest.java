package rill.metrics.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.ClientProtocol;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Meters that take the place of others: where somebody in use is not shown any more, that is logged, once. */
class ReplacedMetersTest {
    private static final Logger LOGGER = Logger.getLogger("rill.metrics"); // strong, so that its handler stays
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private final List<String> logged = new ArrayList<>();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Loops loops = Loops.manual();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord each) {
            logged.add(each.getLevel() + " " + new SimpleFormatter().formatMessage(each));
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
        loops.close();
    }

    private Loop loop(String name) {
        return loops.open(options -> options.name(name));
    }

    private Pool<String, String> pool(Loop loop) {
        return loop.pool(ANY, ClientProtocol.inOrder(TextLines.pipeline()), PoolOptions.defaults());
    }

    @Test
    void a_loop_in_use_that_is_not_shown_any_more_is_logged_once() {
        RillMetrics.of(loop("client")).bindTo(registry);
        assertThat(logged).isEmpty();
        RillMetrics.of(loop("client")).bindTo(registry);
        assertThat(logged)
                .singleElement()
                .asString()
                .startsWith(Level.WARNING + " ")
                .contains("rill.loop.ticks", "tag(loop=client)", "is still in use");
    }

    @Test
    void a_pool_that_was_closed_may_be_replaced_without_a_word() {
        Loop loop = loop("any");
        Pool<String, String> first = pool(loop);
        RillMetrics.of(first, "orders").bindTo(registry);
        first.close();
        Pool<String, String> second = pool(loop);
        RillMetrics.of(second, "orders").bindTo(registry);
        assertThat(logged).isEmpty();
        RillMetrics.of(pool(loop), "orders").bindTo(registry);
        assertThat(logged).hasSize(1);
    }

    @Test
    void what_is_bound_again_or_was_unbound_is_not_missed() {
        Loop loop = loop("one");
        var meters = RillMetrics.of(loop);
        meters.bindTo(registry);
        meters.bindTo(registry);
        RillMetrics.of(loop).bindTo(registry);
        meters.close();
        assertThat(registry.getMeters()).hasSize(Row.OF_LOOPS.size());
        try (var again = RillMetrics.of(loop)) {
            again.bindTo(registry);
        }
        RillMetrics.of(loop("one")).bindTo(registry);
        assertThat(logged).isEmpty();
    }

    @Test
    void another_registry_is_another_place() {
        RillMetrics.of(loop("client")).bindTo(registry);
        RillMetrics.of(loop("client")).bindTo(new SimpleMeterRegistry());
        assertThat(logged).isEmpty();
    }

    @Test
    void a_meter_that_is_not_a_loop_s_is_logged_when_it_is_replaced() {
        registry.counter("rill.reads", "loop", "client");
        RillMetrics.of(loop("client")).bindTo(registry);
        assertThat(logged).singleElement().asString().contains("rill.reads", "was somebody else's");
    }
}
