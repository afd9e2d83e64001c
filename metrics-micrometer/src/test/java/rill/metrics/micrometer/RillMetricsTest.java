package rill.metrics.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import rill.CallOutcome;
import rill.ClientProtocol;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopMetrics;
import rill.LoopOptions;
import rill.Pool;
import rill.PoolMetrics;
import rill.PoolOptions;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Compares the meters with what loops and pools report, and the guide with the meters. */
class RillMetricsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final Path GUIDE = Path.of("../docs/operating.md");

    private static double valueOf(Meter meter) {
        return switch (meter) {
            case FunctionCounter counter -> counter.count();
            case Gauge gauge -> gauge.value();
            default -> throw new AssertionError(meter.getId() + " is neither a counter nor a gauge");
        };
    }

    private static double value(SimpleMeterRegistry registry, String name, String... tags) {
        return valueOf(registry.get(name).tags(tags).meter());
    }

    @Test
    void the_meters_of_a_loop_show_what_it_counts() {
        var registry = new SimpleMeterRegistry();
        try (var loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.name("the loop"));
            try (var meters = RillMetrics.of(loop)) {
                meters.bindTo(registry);
                Listener listener = loops.settle(loop.serve(ANY, TextLines.pipeline(), Future::of));
                var client =
                        loops.settle(loop.connect(listener.address(), ClientProtocol.inOrder(TextLines.pipeline())));
                for (int n = 0; n < 3; n++) {
                    loops.settle(client.call("ping"));
                }
                loop.schedule(() -> loops.clock().advance(Duration.ofMillis(1500)));
                loop.tick();
                LoopMetrics now = loop.metrics();
                assertThat(value(registry, "rill.loop.busy", "loop", "the loop"))
                        .isEqualTo(1.5);
                assertThat(value(registry, "rill.loop.tick.longest")).isEqualTo(1.5);
                assertThat(value(registry, "rill.loop.ticks"))
                        .isEqualTo(now.work().ticks());
                assertThat(value(registry, "rill.connections.open")).isEqualTo(2);
                assertThat(value(registry, "rill.connections.accepted")).isEqualTo(1);
                assertThat(value(registry, "rill.calls.ended", "outcome", "answered"))
                        .isEqualTo(3);
                assertThat(value(registry, "rill.calls.ended", "outcome", "late"))
                        .isZero();
                assertThat(value(registry, "rill.messages.sent")).isEqualTo(6);
                assertThat(value(registry, "rill.bytes.received")).isEqualTo(30);
                client.close();
                loops.tickUntil(() -> loop.connections() == 0);
                listener.close();
            }
        }
        assertThat(registry.getMeters()).isEmpty();
    }

    /** No two rows show the same number. Every number of a snapshot has a row, or is part of one that is a difference. */
    @Test
    void every_row_shows_a_number_of_its_own() {
        LoopMetrics.Work work = new LoopMetrics.Work(1, 2, 3, 4, 5, -1, seconds(7), seconds(8), seconds(9));
        LoopMetrics.Timers timers = new LoopMetrics.Timers(10, 11, seconds(12), seconds(13), seconds(14));
        var connections = new LoopMetrics.Connections(15, -1, 17, 18, 19, 20, 21);
        var traffic = new LoopMetrics.Traffic(22, 23, 24, 25, 26, 27, 28);
        var calls = new LoopMetrics.Calls(1000, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, -1);
        var memory = new LoopMetrics.Memory(41, 42);
        var all = new LoopMetrics(work, timers, connections, traffic, calls, memory);
        List<Double> shown = Row.OF_LOOPS.stream()
                .map(row -> row.number().applyAsDouble(all))
                .toList();
        assertThat(shown).doesNotHaveDuplicates();
        // the longest times ever (8 and 13) have no row: the meters show recent ones
        assertThat(shown).contains(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0, 10.0, 11.0, 12.0, 14.0, 15.0, 16.0, -1.0);
        assertThat(shown).contains(17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0);
        assertThat(shown).contains(1000.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 40.0, 41.0, 42.0);
        assertThat(shown).contains(1000.0 - 30 - 31 - 32 - 33 - 34 - 35 - 36 - 37);
        var pool = new PoolMetrics(1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(Row.OF_POOLS.stream().map(row -> row.number().applyAsDouble(pool)))
                .containsExactly(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0);
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void every_outcome_of_a_call_has_its_tag() {
        Set<String> tags =
                Row.OF_LOOPS.stream().map(Row::outcome).filter(Objects::nonNull).collect(Collectors.toSet());
        assertThat(tags)
                .isEqualTo(Stream.of(CallOutcome.values())
                        .map(each -> each.name().toLowerCase(java.util.Locale.ROOT))
                        .collect(Collectors.toSet()));
    }

    @Test
    @Timeout(60)
    void a_group_has_the_meters_of_each_of_its_loops_and_a_pool_its_own() throws IOException {
        var registry = new SimpleMeterRegistry();
        try (var loops = Loops.realTime();
                var group = LoopGroup.open(
                        2,
                        LoopOptions.defaults()
                                .name("g")
                                .transport(loops.transport())
                                .reporter(loops.reporter()))) {
            Listener listener =
                    group.serve(ANY, TextLines.pipeline(), Future::of).await();
            Pool<String, String> pool = group.pool(
                    listener.address(), ClientProtocol.inOrder(TextLines.pipeline()), PoolOptions.defaults());
            pool.call("ping").await();
            RillMetrics.of(group).tags(List.of(Tag.of("service", "test"))).bindTo(registry);
            RillMetrics.of(pool, "orders").bindTo(registry);
            double answered = value(registry, "rill.calls.ended", "outcome", "answered", "loop", "g-1")
                    + value(registry, "rill.calls.ended", "outcome", "answered", "loop", "g-2");
            assertThat(answered).isEqualTo(1);
            assertThat(value(registry, "rill.pool.connected", "pool", "orders")).isEqualTo(1);
            assertThat(registry.get("rill.loop.ticks").tag("service", "test").meters())
                    .hasSize(2);
            pool.close();
            pool.closed().await();
            listener.close();
        }
    }

    @Test
    void what_is_closed_leaves_each_registry_that_it_was_bound_to_and_nothing_else_does() {
        var one = new SimpleMeterRegistry();
        var other = new SimpleMeterRegistry();
        try (var loops = Loops.manual()) {
            var first = RillMetrics.of(loops.open(options -> options.name("first")));
            var second = RillMetrics.of(loops.open(options -> options.name("second")));
            first.bindTo(one);
            first.bindTo(other);
            second.bindTo(one);
            first.close();
            assertThat(other.getMeters()).isEmpty();
            assertThat(one.getMeters()).hasSize(Row.OF_LOOPS.size());
            assertThat(one.getMeters())
                    .allMatch(meter -> "second".equals(meter.getId().getTag("loop")));
        }
    }

    /** A service is replaced while it runs, by another of the same name. The meters show the one that is running. */
    @Test
    void what_takes_the_place_of_another_is_shown_whichever_is_closed_or_forgotten_first() {
        var registry = new SimpleMeterRegistry();
        registry.config().commonTags("service", "test");
        try (var loops = Loops.manual()) {
            Loop old = loops.open(options -> options.name("one"));
            Loop next = loops.open(options -> options.name("one"));
            for (int i = 0; i < 7; i++) {
                old.tick();
            }
            var meters = RillMetrics.of(old);
            meters.bindTo(registry);
            assertThat(value(registry, "rill.loop.ticks", "loop", "one")).isEqualTo(7);
            try (var successor = RillMetrics.of(next)) {
                successor.bindTo(registry);
                assertThat(value(registry, "rill.loop.ticks", "loop", "one")).isZero();
                next.tick();
                meters.close();
                meters.close();
                assertThat(value(registry, "rill.loop.ticks", "loop", "one")).isEqualTo(1);
                assertThat(registry.getMeters()).hasSize(Row.OF_LOOPS.size());
            }
        }
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void pools_that_come_and_go_leave_no_meters() {
        var registry = new SimpleMeterRegistry();
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            for (int i = 0; i < 1_000; i++) {
                Pool<String, String> pool =
                        loop.pool(ANY, ClientProtocol.inOrder(TextLines.pipeline()), PoolOptions.defaults());
                try (var meters = RillMetrics.of(pool, "orders")) {
                    meters.bindTo(registry);
                    assertThat(registry.getMeters()).hasSize(Row.OF_POOLS.size());
                }
                pool.close();
            }
        }
        assertThat(registry.getMeters()).isEmpty();
    }

    // ---- the guide

    @Test
    void the_table_of_the_guide_is_that_of_the_meters() throws IOException {
        var rows = Pattern.compile("^\\| `(rill\\.[a-z.]+)` \\| (\\w+) \\| (\\w*) ?\\| ([^|]+) \\|$", Pattern.MULTILINE)
                .matcher(Files.readString(GUIDE));
        Set<String> documented = new TreeSet<>();
        while (rows.find()) {
            String what = rows.group(4).replaceAll(";.*", "");
            documented.add(rows.group(1) + " " + rows.group(2) + " " + rows.group(3) + " " + what);
        }
        Set<String> there = new TreeSet<>();
        Stream.concat(Row.OF_LOOPS.stream(), Row.OF_POOLS.stream())
                .forEach(row -> there.add(row.name() + " " + (row.grows() ? "counter" : "gauge") + " "
                        + (row.unit() == null ? "" : row.unit()) + " " + row.description()));
        assertThat(documented).isEqualTo(there);
    }

    /** Runs the program that the guide shows. */
    @Test
    void the_program_of_the_guide_runs() {
        var registry = new SimpleMeterRegistry();
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            try (var meters = RillMetrics.of(loop)) {
                meters.bindTo(registry);
                LoopMetrics now = loop.metrics();
                long outstanding = now.calls().outstanding();
                Duration worst = now.work().longestTickLately();
                assertThat(outstanding).isZero();
                assertThat(worst).isEqualTo(Duration.ZERO);
            }
        }
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_a_program() throws IOException {
        var sources = new ArrayList<String>();
        for (String file : List.of(
                "src/test/java/rill/metrics/micrometer/RillMetricsTest.java",
                "../examples/src/main/java/rill/examples/Spans.java",
                "../examples/src/test/java/rill/examples/SpansTest.java")) {
            sources.add(unindented(Files.readString(Path.of(file))));
        }
        List<String> blocks = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(GUIDE))
                .results()
                .map(found -> unindented(found.group(1)))
                .toList();
        assertThat(blocks)
                .hasSize(4)
                .allSatisfy(block -> assertThat(sources)
                        .anySatisfy(source -> assertThat(source).contains(block)));
    }

    private static String unindented(String text) {
        return text.replaceAll("(?m)^[ \\t]+", "");
    }
}
