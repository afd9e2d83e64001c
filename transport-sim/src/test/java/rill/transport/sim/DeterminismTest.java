package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.TaskEngine;
import rill.testkit.Leaks;

/** One seed, one run. */
@ExtendWith(Leaks.class)
class DeterminismTest {
    private static String hash(long seed, TaskEngine engine) {
        try (var sim = Simulation.seed(seed)) {
            talk(sim, engine);
            return sim.traceHash();
        }
    }

    /** Several clients talk for a minute, whatever happens to them. */
    static void talk(Simulation sim, TaskEngine engine) {
        talk(sim, engine, Faults.swarm());
    }

    static void talk(Simulation sim, TaskEngine engine, Swarm swarm) {
        sim.host("server", Echo::serve);
        for (int i = 0; i < 3; i++) {
            sim.host("client" + i, host -> {
                Loop loop = host.loop(
                        LoopOptions.defaults().taskEngine(engine).name("main").reporter(report -> {}));
                loop.task("talk", () -> talk(loop));
            });
        }
        sim.inject(swarm);
        sim.run(Duration.ofMinutes(1));
    }

    static String talk(Loop loop) throws IOException {
        while (true) {
            try {
                var connection = Echo.connect(loop).await();
                while (true) {
                    Future<String> answer = loop.task("say", () -> Echo.say(connection, "hello"));
                    answer.timeout(Duration.ofSeconds(1 + loop.random().nextInt(5)))
                            .await();
                    loop.promise()
                            .timeout(Duration.ofMillis(100))
                            .recover(late -> null)
                            .await();
                }
            } catch (IOException e) {
                loop.promise()
                        .timeout(Duration.ofSeconds(1))
                        .recover(late -> null)
                        .await();
            }
        }
    }

    @Test
    void equal_seeds_give_equal_runs_and_different_ones_different_runs() {
        String first = hash(1, TaskEngine.best());
        assertThat(hash(1, TaskEngine.best())).isEqualTo(first);
        assertThat(hash(2, TaskEngine.best())).isNotEqualTo(first);
    }

    /** The hash of a run that differs from others only in what is sent. */
    private static String hashOf(String text) throws IOException {
        try (var sim = Simulation.seed(1)) {
            sim.host("server", Echo::serve);
            Loop loop = sim.host("client").loop("main");
            loop.run(() -> Echo.say(Echo.connect(loop).await(), text));
            return sim.traceHash();
        }
    }

    @Test
    void what_is_sent_is_in_the_hash() throws IOException {
        assertThat(hashOf("hello")).isEqualTo(hashOf("hello")).isNotEqualTo(hashOf("hullo"));
        assertThat(hashOf("hello, hello")).isNotEqualTo(hashOf("hello, hellO"));
    }

    @Test
    void the_scenario_has_random_numbers_of_its_own_from_the_seed() {
        try (var one = Simulation.seed(1);
                var again = Simulation.seed(1);
                var other = Simulation.seed(2)) {
            long number = one.random().nextLong();
            assertThat(again.random().nextLong()).isEqualTo(number);
            assertThat(other.random().nextLong()).isNotEqualTo(number);
        }
    }

    @Test
    void work_that_would_block_takes_virtual_time_one_after_the_other() throws IOException {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Host host = sim.host("host");
            Loop loop = host.loop("main");
            var executor = host.executor(Duration.ofMillis(30));
            loop.run(() -> {
                Future<String> first = Future.from(CompletableFuture.supplyAsync(() -> "first", executor));
                Future<String> second = Future.from(CompletableFuture.supplyAsync(() -> "second", executor));
                assertThat(second.await()).isEqualTo("second");
                assertThat(first.await()).isEqualTo("first");
                return null;
            });
            assertThat(sim.elapsed()).isEqualTo(Duration.ofMillis(60));
        }
    }

    @Test
    void hosts_have_a_date_that_can_jump() {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Host host = sim.host("host");
            Instant before = host.wallClock().instant();
            assertThat(before).isBetween("2029-12-31T23:59:59Z", "2030-01-01T00:00:01Z");
            sim.run(Duration.ofHours(1));
            assertThat(host.wallClock().instant()).isEqualTo(before.plus(Duration.ofHours(1)));
            try (var _ = sim.inject(Faults.wallClockJumps("host", Duration.ofDays(-1)))) {
                assertThat(host.wallClock().instant()).isEqualTo(before.minus(Duration.ofHours(23)));
            }
            assertThat(host.wallClock().instant()).isEqualTo(before.plus(Duration.ofHours(1)));
        }
    }

    @Test
    void nothing_is_told_because_the_collector_was_there() {
        var reports = new ArrayList<Report>();
        try (var sim = Simulation.seed(42)) {
            Loop loop = sim.host("client")
                    .loop(LoopOptions.defaults().name("client").reporter(reports::add));
            loop.execute(() -> loop.promise().fail(new IOException("nobody looks at it")));
            for (int i = 0; i < 3; i++) {
                sim.run(Duration.ofSeconds(10));
                System.gc();
            }
            sim.run(Duration.ofSeconds(10));
            assertThat(reports).isEmpty();
        }
    }

    @Test
    void both_engines_give_the_same_run() {
        assertThat(hash(3, TaskEngine.HANDED_OVER)).isEqualTo(hash(3, TaskEngine.MOUNTED));
    }
}
