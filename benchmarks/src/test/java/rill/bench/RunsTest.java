package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

/** One run of each kind, in its own processes, too short to mean anything. */
@Tag("slow")
final class RunsTest {
    private static final Profile SHORT = new Profile(Profile.Extent.QUICK, 1, 0.05, 0.1);

    /** An action on one contestant. */
    private interface Work {
        Outcome apply(Contestant contestant) throws IOException;
    }

    /** Runs {@code work} on a contestant; skips the test if this machine lacks what the benchmark needs. */
    private static Outcome with(Benchmark benchmark, String name, Work work) throws IOException {
        try (var tools = new Tools()) {
            var bench = new Bench(Machine.look(), SHORT, tools, ClassPath.ofThisProcess());
            Optional<String> missing = benchmark.missing(bench);
            assumeThat(missing).as(benchmark.name() + " can be measured here").isEmpty();
            Contestant contestant = benchmark.contests(bench).getFirst().contestants().stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst()
                    .orElseThrow();
            return work.apply(contestant);
        }
    }

    private static Map<String, Double> run(Benchmark benchmark, String name) throws IOException {
        return with(benchmark, name, contestant -> contestant.run().once()).figures();
    }

    @Test
    void an_echo_has_a_rate_and_a_cost() throws IOException {
        for (String name : new String[] {"rill-nio", "netty-nio"}) {
            var figures = run(new EchoBenchmark(), name);
            assertThat(figures).as(name).containsKeys(Figure.ALLOCATED.key, Figure.OTHER_BUSY.key);
            assertThat(figures.get(Figure.RATE.key)).as(name).isPositive();
            assertThat(figures.get(Figure.CPU.key)).as(name).isPositive();
        }
        assertThat(run(new EchoBenchmark(), "bare-c").get(Figure.RATE.key)).isPositive();
    }

    @Test
    void system_calls_are_counted_by_strace() throws IOException {
        assumeThat(Machine.program("strace")).as("strace is here").isPresent();
        Outcome outcome = with(
                new EchoBenchmark(),
                "bare-c",
                contestant -> Objects.requireNonNull(contestant.aside()).once());
        // A receive and a send for each message, and occasionally epoll_wait.
        assertThat(outcome.figures().get(Figure.SYSTEM_CALLS.key)).isBetween(1.5, 4.0);
    }

    @Test
    void an_echo_whose_metrics_are_read_has_a_rate() throws IOException {
        assertThat(run(new MetricsBenchmark(), "rill-epoll-metrics").get(Figure.RATE.key))
                .isPositive();
    }

    @Test
    void latencies_are_counted_from_a_schedule() throws IOException {
        Outcome outcome = with(
                new LatencyBenchmark(), "bare-c", contestant -> contestant.run().once());
        assertThat(Objects.requireNonNull(outcome.latency()).getTotalCount()).isPositive();
        assertThat(outcome.figures().get(Figure.P99.key))
                .isGreaterThanOrEqualTo(outcome.figures().get(Figure.P50.key));
    }

    @Test
    void redis_clients_have_a_rate() throws IOException {
        for (String name : new String[] {"rill-epoll", "netty-epoll", "lettuce", "redis-benchmark"}) {
            assertThat(run(new RedisBenchmark(), name).get(Figure.RATE.key))
                    .as(name)
                    .isPositive();
        }
    }

    @Test
    void pools_of_redis_clients_have_a_rate() throws IOException {
        try (var tools = new Tools()) {
            var full = new Profile(Profile.Extent.FULL, 1, 0.05, 0.1);
            var bench = new Bench(Machine.look(), full, tools, ClassPath.ofThisProcess());
            assumeThat(new RedisBenchmark().missing(bench))
                    .as("it can be measured here")
                    .isEmpty();
            Contest contest = new RedisBenchmark().contests(bench).getLast();
            assertThat(contest.name()).startsWith("4 threads");
            for (String name : new String[] {"rill-pool-1", "rill-pool-4"}) {
                Contestant pool = contest.contestants().stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow();
                assertThat(pool.run().once().figures().get(Figure.RATE.key))
                        .as(name)
                        .isPositive();
            }
        }
    }

    @Test
    void idle_connections_have_a_size() throws IOException {
        assertThat(run(new IdleBenchmark(), "rill-nio")).containsKeys(Figure.MEMORY.key, Figure.RESIDENT.key);
    }

    @Test
    void an_echo_over_tls_has_a_rate_and_handshakes_are_counted() throws IOException {
        for (String name : new String[] {"rill-nio", "netty-nio"}) {
            assertThat(run(new TlsBenchmark(), name).get(Figure.RATE.key))
                    .as(name)
                    .isPositive();
        }
        try (var tools = new Tools()) {
            var bench = new Bench(Machine.look(), SHORT, tools, ClassPath.ofThisProcess());
            Contest resumed = new TlsBenchmark().contests(bench).get(3);
            assertThat(resumed.name()).startsWith("resumed handshakes");
            var figures = resumed.contestants().getFirst().run().once().figures();
            assertThat(figures.get(Figure.CONNECTIONS.key)).isPositive();
        }
    }

    @Test
    void every_server_of_http_has_a_rate_and_a_cost() throws IOException {
        try (var tools = new Tools()) {
            var full = new Profile(Profile.Extent.FULL, 1, 0.05, 0.1);
            var bench = new Bench(Machine.look(), full, tools, ClassPath.ofThisProcess());
            assumeThat(new HttpBenchmark().missing(bench))
                    .as("it can be measured here")
                    .isEmpty();
            Contest contest = new HttpBenchmark().contests(bench).get(3);
            assertThat(contest.name()).isEqualTo("50 × 16, /json");
            for (Contestant each : contest.contestants()) {
                try {
                    var figures = each.run().once().figures();
                    assertThat(figures.get(Figure.RATE.key)).as(each.name()).isPositive();
                    assertThat(figures.get(Figure.CPU.key)).as(each.name()).isPositive();
                } catch (LeftOutException e) {
                    assertThat(each.name()).as(e.getMessage()).containsAnyOf("uring", "epoll");
                }
            }
        }
    }

    @Test
    void netty_runs_on_a_ring_wherever_rill_does() throws IOException {
        try (var tools = new Tools()) {
            var full = new Profile(Profile.Extent.FULL, 1, 0.05, 0.1);
            var bench = new Bench(Machine.look(), full, tools, ClassPath.ofThisProcess());
            for (Benchmark benchmark : List.of(
                    new EchoBenchmark(),
                    new TlsBenchmark(),
                    new RedisBenchmark(),
                    new WebSocketBenchmark(),
                    new ProxyBenchmark())) {
                assumeThat(benchmark.missing(bench))
                        .as(benchmark.name() + " can be measured here")
                        .isEmpty();
                Contestant ring = benchmark.contests(bench).getFirst().contestants().stream()
                        .filter(each -> each.name().equals("netty-io_uring"))
                        .findFirst()
                        .orElseThrow();
                try {
                    assertThat(ring.run().once().figures().get(Figure.RATE.key))
                            .as(benchmark.name())
                            .isPositive();
                } catch (LeftOutException e) {
                    assumeThat(e).as("there is a ring for Netty").hasMessageNotContaining("io_uring");
                }
            }
        }
    }

    @Test
    void clients_of_http_have_a_rate() throws IOException {
        try (var tools = new Tools()) {
            var full = new Profile(Profile.Extent.FULL, 1, 0.05, 0.1);
            var bench = new Bench(Machine.look(), full, tools, ClassPath.ofThisProcess());
            assumeThat(new HttpClientBenchmark().missing(bench))
                    .as("it can be measured here")
                    .isEmpty();
            for (Contestant each :
                    new HttpClientBenchmark().contests(bench).getLast().contestants()) {
                try {
                    assertThat(each.run().once().figures().get(Figure.RATE.key))
                            .as(each.name())
                            .isPositive();
                } catch (LeftOutException e) {
                    assertThat(each.name()).as(e.getMessage()).containsAnyOf("uring", "epoll");
                }
            }
        }
    }

    @Test
    void an_echo_over_websockets_has_a_rate() throws IOException {
        for (String name : new String[] {"rill-epoll", "netty-epoll"}) {
            assertThat(run(new WebSocketBenchmark(), name).get(Figure.RATE.key))
                    .as(name)
                    .isPositive();
        }
    }

    @Test
    void proxies_have_a_rate() throws IOException {
        for (String name : new String[] {"rill-epoll", "netty-epoll"}) {
            assertThat(run(new ProxyBenchmark(), name).get(Figure.RATE.key))
                    .as(name)
                    .isPositive();
        }
    }

    @Test
    void a_start_takes_time() throws IOException {
        assertThat(run(new StartBenchmark(), "rill-nio").get(Figure.START.key)).isPositive();
    }
}
