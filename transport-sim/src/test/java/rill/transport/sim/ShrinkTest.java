package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import rill.LoopOptions;
import rill.TaskEngine;

/** Faults are values: they are listed, replayed, and left out one by one, until the minimum that still fails is left. */
class ShrinkTest {
    /** Fails once the server has been cut off from client1. */
    private static void talk(Simulation sim) {
        DeterminismTest.talk(
                sim.always(
                        "never cut",
                        () -> sim.timeline().faults().stream()
                                .noneMatch(each -> each.fault().kind() == Fault.Kind.CUT
                                        && each.fault().hosts().contains("client1"))),
                TaskEngine.best(),
                Faults.swarm());
    }

    private static Trial failing() {
        for (long seed = 1; ; seed++) {
            Trial trial = Trial.run(seed, ShrinkTest::talk);
            if (trial.failure() != null && trial.strikes().size() > 10) {
                return trial;
            }
        }
    }

    private static Trial replayed(Trial trial, Without without) {
        return Trial.run(trial.seed(), ShrinkTest::talk, trial.strikes(), without, sim -> {});
    }

    @Test
    void what_struck_can_be_played_again_and_gives_the_same_run() {
        Trial trial = failing();
        assertThat(replayed(trial, Without.NOTHING).hash()).isEqualTo(trial.hash());
        Trial passing = Trial.run(3, sim -> DeterminismTest.talk(sim, TaskEngine.best(), Faults.swarm()));
        assertThat(passing.strikes()).isNotEmpty();
        assertThat(Trial.run(
                                3,
                                sim -> DeterminismTest.talk(sim, TaskEngine.best(), Faults.swarm()),
                                passing.strikes(),
                                Without.NOTHING,
                                sim -> {})
                        .hash())
                .isEqualTo(passing.hash());
    }

    /** One swarm after the other, and both at once. */
    private static void twoSwarms(Simulation sim) {
        sim.host("server", Echo::serve);
        for (int i = 0; i < 3; i++) {
            sim.host("client" + i, host -> {
                var loop = host.loop(LoopOptions.defaults().name("main").reporter(report -> {}));
                loop.task("talk", () -> DeterminismTest.talk(loop));
            });
        }
        sim.inject(Faults.swarm().calm(Duration.ofSeconds(10)));
        sim.run(Duration.ofSeconds(5));
        sim.inject(Faults.swarm().calm(Duration.ofSeconds(15)));
        sim.run(Duration.ofSeconds(30));
    }

    @Test
    void each_of_two_swarms_strikes_again_as_it_did() {
        for (long seed = 1; seed <= 10; seed++) {
            Trial first = Trial.run(seed, ShrinkTest::twoSwarms);
            assertThat(first.strikes()).allMatch(each -> each.swarm() == 1 || each.swarm() == 2);
            Trial again = Trial.run(seed, ShrinkTest::twoSwarms, first.strikes(), Without.NOTHING, sim -> {});
            assertThat(again.hash()).as("seed %d", seed).isEqualTo(first.hash());
        }
    }

    @Test
    void a_failing_run_is_reduced_to_the_fault_that_it_needs() {
        Trial trial = failing();
        var shrinker =
                new Shrinker(ShrinkTest::talk, trial, Without.NOTHING, System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
        Trial smallest = shrinker.shrink();
        assertThat(smallest.failure()).isNotNull();
        assertThat(shrinker.left()).hasSize(1);
        assertThat(shrinker.left().getFirst().fault().kind()).isEqualTo(Fault.Kind.CUT);
        assertThat(shrinker.without().freedoms()).containsExactly(Freedom.values());
        // The printed text is enough to reproduce the run.
        Without parsed = Without.parse(shrinker.without().toString());
        assertThat(parsed).isEqualTo(shrinker.without());
        assertThat(replayed(trial, parsed).failsAs(trial)).isTrue();
        assertThat(replayed(
                                trial,
                                parsed.strike(java.util.Set.of(
                                        shrinker.left().getFirst().number())))
                        .failure())
                .isNull();
    }

    @Test
    void a_failing_run_does_no_more_of_anything_than_it_needs() {
        Trial trial = Trial.run(1, ShrinkTest::thirdClientsFifthCall);
        var shrinker = new Shrinker(
                ShrinkTest::thirdClientsFifthCall,
                trial,
                Without.NOTHING,
                System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
        assertThat(shrinker.shrink().failure()).hasMessage("client 3, call 5");
        assertThat(shrinker.without().bounds()).isEqualTo(Map.of("calls", 5, "clients", 3));
        assertThat(shrinker.less()).containsExactly("calls 5 instead of 1000", "clients 3 instead of 10");
    }

    /** Of three conditions with the same text, the third fails by the bug, with ten timers; with one timer the run fails at the first. */
    private static void thirdCondition(Simulation sim) {
        int timers = sim.atMost(10, "timers");
        var done = new int[1];
        var loop = sim.host("host").loop("main");
        for (int i = 0; i < timers; i++) {
            loop.schedule(Duration.ofMillis(10L * i), "timer", () -> done[0]++);
        }
        sim.runUntil(() -> done[0] >= 5, Duration.ofSeconds(1));
        sim.run(Duration.ofSeconds(1));
        sim.runUntil(() -> done[0] < 8, Duration.ofSeconds(1));
    }

    /** Fails after the number of calls drawn, each of which takes seven seconds. */
    private static void afterCalls(Simulation sim) {
        int calls = sim.atMost(10, "calls");
        for (int i = 0; i < calls; i++) {
            sim.run(Duration.ofSeconds(7));
        }
        sim.runUntil(() -> false, Duration.ofSeconds(10));
    }

    private static Shrinker shrunk(Scenario scenario) {
        var shrinker = new Shrinker(
                scenario, Trial.run(1, scenario), Without.NOTHING, System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
        assertThat(shrinker.shrink()).isNotNull();
        return shrinker;
    }

    @Test
    void a_smaller_run_fails_at_the_same_line_and_whatever_the_time_is_by_then() {
        assertThat(shrunk(ShrinkTest::thirdCondition).without().bounds()).containsEntry("timers", 8);
        assertThat(shrunk(ShrinkTest::afterCalls).without().bounds()).containsEntry("calls", 1);
    }

    /** Never ends with fewer than eight timers. */
    private static void endless(Simulation sim) {
        int timers = sim.atMost(8, "timers");
        var done = new int[1];
        var loop = sim.host("host").loop("main");
        loop.task("heartbeat", () -> {
            while (true) {
                loop.delay(Duration.ofMillis(1)).await();
            }
        });
        for (int i = 0; i < timers; i++) {
            loop.schedule(Duration.ofMillis(10L * i), "timer", () -> done[0]++);
        }
        sim.runUntil(() -> done[0] == 8);
        throw new AssertionError("the bug");
    }

    @Test
    void a_smaller_run_that_never_ends_is_ended_and_fails_in_another_manner() {
        Trial failing = Trial.run(1, ShrinkTest::endless);
        Trial fewer = Trial.run(
                1,
                ShrinkTest::endless,
                failing.strikes(),
                Without.NOTHING.bound("timers", 4),
                sim -> {},
                2 * failing.steps());
        assertThat(fewer.steps()).isEqualTo(2 * failing.steps() + 1);
        assertThat(fewer.failsAs(failing)).isFalse();
    }

    /** With two, the second wait is in vain; with one, the first, by another fault. */
    private static void waits(Simulation sim) throws IOException {
        int many = sim.atMost(2, "waits");
        var loop = sim.host("host").loop("main");
        if (many == 1) {
            loop.promise().await();
        }
        loop.promise().await();
    }

    @Test
    void waiting_in_vain_at_another_line_is_another_manner() {
        assertThat(Trial.run(1, ShrinkTest::waits).manner())
                .isNotNull()
                .satisfies(manner -> assertThat(manner.where()).contains("ShrinkTest.waits"));
        assertThat(shrunk(ShrinkTest::waits).without().bounds()).doesNotContainEntry("waits", 1);
    }

    private static void thirdClientsFifthCall(Simulation sim) {
        int clients = sim.atMost(10, "clients");
        int calls = sim.atMost(1_000, "calls");
        for (int client = 1; client <= clients; client++) {
            for (int call = 1; call <= calls; call++) {
                if (client >= 3 && call >= 5) {
                    throw new AssertionError("client " + client + ", call " + call);
                }
            }
        }
    }

    @Test
    void of_what_there_may_be_less_of_there_is_all_at_first_and_never_nothing() {
        try (var sim = Simulation.seed(1)) {
            assertThat(sim.atMost(7, "calls")).isEqualTo(7);
            sim.without(Without.parse("calls=3,clients=0"));
            assertThat(sim.atMost(7, "calls")).isEqualTo(3);
            assertThat(sim.atMost(2, "calls")).isEqualTo(2);
            assertThat(sim.atMost(7, "clients")).isEqualTo(1);
            assertThatThrownBy(() -> sim.atMost(0, "calls"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("“calls”");
        }
    }

    @Test
    void strikes_that_a_scenario_makes_itself_are_not_numbered_and_are_in_force_again_by_themselves() {
        Scenario scenario = sim -> {
            sim.host("server", Echo::serve);
            var loop = sim.host("client").loop("main");
            sim.schedule(Duration.ofSeconds(1), Duration.ofSeconds(2), Faults.cut("client", "server"));
            loop.task("talk", () -> DeterminismTest.talk(loop));
            sim.run(Duration.ofSeconds(5));
        };
        Trial trial = Trial.run(1, scenario);
        assertThat(trial.strikes()).hasSize(1);
        Strike only = trial.strikes().getFirst();
        assertThat(only.number()).isZero();
        assertThat(only).hasToString("1 s + 2 s cut client – server");
        assertThat(Trial.run(1, scenario, trial.strikes(), Without.NOTHING, sim -> {})
                        .hash())
                .isEqualTo(trial.hash());
    }

    @Test
    void what_is_left_out_is_written_as_it_is_read() {
        assertThat(Without.parse("3,7-9,jitter,wake-ups,a point,calls=12").toString())
                .isEqualTo("3,7-9,jitter,wake-ups,a point,calls=12");
        assertThat(Without.parse("").nothing()).isTrue();
    }

    @Test
    void a_name_that_would_not_be_understood_is_refused() {
        try (var sim = Simulation.seed(1)) {
            for (String name : List.of("slow, leader", "order", "7", "n=3", "3-4", "it's slow", " slow", "")) {
                assertThatThrownBy(() -> sim.buggify(0.5, name))
                        .as(name)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("“" + name + "” can't be told by -Drill.without");
                assertThatThrownBy(() -> sim.atMost(5, name)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(sim.atMost(5, "calls of each")).isEqualTo(5);
        }
    }

    private static final List<String> STRUCK = new ArrayList<>();
    private static final AtomicInteger RUNS = new AtomicInteger();

    /** Run only by the tests of this class. */
    static final class Subject {
        @Simulated(seeds = 50, shrinkSeconds = 60)
        void is_cut(Simulation simulation) {
            ShrinkTest.talk(simulation);
        }

        @Simulated(seeds = 50)
        void fails_late(Simulation simulation) {
            ShrinkTest.thirdClientsFifthCall(simulation);
        }

        @Simulated(seeds = 50)
        void notes_what_struck(Simulation simulation) {
            DeterminismTest.talk(simulation, TaskEngine.best(), Faults.swarm());
            STRUCK.add(simulation.timeline().faults().toString());
        }

        @Simulated(seeds = 50, shrinkSeconds = 0)
        void depends_on_static_state(Simulation simulation) {
            var loop = simulation.host("host").loop("main");
            for (int i = RUNS.incrementAndGet(); i > 0; i--) {
                loop.schedule(Duration.ofSeconds(1), "timer", () -> {});
            }
            simulation.run(Duration.ofSeconds(2));
            assertThat(RUNS.get()).isLessThan(3);
        }

        @Simulated(seeds = 50, shrinkSeconds = 0)
        void initializes_something(Simulation simulation) {
            if (RUNS.getAndIncrement() == 0) {
                simulation.host("host").loop("main").schedule(Duration.ofSeconds(1), "timer", () -> {});
            }
            simulation.run(Duration.ofSeconds(2));
        }

        @Simulated(seeds = 50, shrinkSeconds = 0)
        void notices_static_state_only_in_the_end(Simulation simulation) {
            simulation.host("host").loop("main").schedule(Duration.ofSeconds(1), "timer", () -> {});
            simulation.run(Duration.ofSeconds(2));
            assertThat(RUNS.incrementAndGet()).isLessThan(2);
        }

        @Simulated(seeds = 50, shrinkSeconds = 0, pictures = "/proc/nowhere")
        void can_not_be_drawn(Simulation simulation) {
            ShrinkTest.thirdClientsFifthCall(simulation);
        }
    }

    private static String failureOf(String method) {
        List<Throwable> failures = EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Subject.class, method, Simulation.class.getName()))
                .execute()
                .testEvents()
                .failed()
                .stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow())
                .toList();
        assertThat(failures).hasSize(1);
        return failures.getFirst().getMessage();
    }

    @Test
    void a_test_that_fails_shows_the_least_that_it_needs() {
        assertThat(failureOf("is_cut"))
                .containsPattern(
                        "seed \\d+ failed: java.lang.AssertionError: what is always to hold does not: never cut")
                .containsPattern("replay: mvn test -Dtest='ShrinkTest.Subject#is_cut' -Drill.seed=\\d+\n")
                .containsPattern(
                        "reduced: of the swarm's faults only these are needed: \\[#\\d+ .* cut .*\\]; replay: mvn test")
                .containsPattern("-Drill.seed=\\d+ '-Drill.without=.*jitter.*'");
    }

    @Test
    void a_test_that_fails_shows_how_little_is_enough() {
        assertThat(failureOf("fails_late"))
                .contains("\nreduced: calls 5 instead of 1000; clients 3 instead of 10; replay: mvn test")
                .contains("calls=5,clients=3'");
    }

    @Test
    void whatever_is_left_out_the_faults_are_those_of_the_run_in_which_nothing_is() {
        for (String left : List.of("order", "jitter", "pieces,flushes")) {
            STRUCK.clear();
            System.setProperty("rill.seed", "3");
            System.setProperty("rill.without", left);
            try {
                EngineTestKit.engine("junit-jupiter")
                        .selectors(selectMethod(Subject.class, "notes_what_struck", Simulation.class.getName()))
                        .execute()
                        .testEvents()
                        .assertStatistics(statistics -> statistics.succeeded(1));
            } finally {
                System.clearProperty("rill.seed");
                System.clearProperty("rill.without");
            }
            assertThat(Trial.run(3, sim -> DeterminismTest.talk(sim, TaskEngine.best(), Faults.swarm()))
                            .strikes())
                    .as("without %s", left)
                    .hasToString(STRUCK.getLast());
        }
    }

    @Test
    void a_failing_run_that_is_another_one_the_second_time_is_reported_as_that() {
        RUNS.set(1);
        assertThat(failureOf("depends_on_static_state"))
                .contains("is not deterministic: a second run in the same JVM differs")
                .contains("static state")
                .containsPattern(
                        "\ntwo more runs differ\n  after        \\S.*\n  once there was \\S.*\n  and once       \\S.*\n")
                .contains("the first run failed: ");
    }

    @Test
    void running_each_seed_twice_finds_a_second_run_that_fails_though_all_else_is_the_same() {
        RUNS.set(0);
        System.setProperty("rill.twice", "true");
        try {
            assertThat(failureOf("notices_static_state_only_in_the_end"))
                    .contains("seed 1 is not deterministic", "differs, in how it ends")
                    .contains("the first run passed\nthe second run failed: ");
        } finally {
            System.clearProperty("rill.twice");
        }
    }

    @Test
    void a_picture_that_can_not_be_written_does_not_hide_the_failure() {
        assertThat(failureOf("can_not_be_drawn"))
                .startsWith("seed 1 failed: java.lang.AssertionError: client 3, call 5")
                .contains("-Drill.seed=1\nno picture: ");
    }

    @Test
    void running_each_seed_twice_finds_static_state_before_anything_fails() {
        RUNS.set(0);
        System.setProperty("rill.twice", "true");
        try {
            assertThat(failureOf("depends_on_static_state"))
                    .contains("seed 1 is not deterministic")
                    .contains("the first run passed");
        } finally {
            System.clearProperty("rill.twice");
        }
    }

    @Test
    void of_what_only_a_first_run_does_two_more_runs_show_nothing() {
        RUNS.set(0);
        System.setProperty("rill.twice", "true");
        try {
            assertThat(failureOf("initializes_something")).contains("two more runs were the same");
        } finally {
            System.clearProperty("rill.twice");
        }
    }
}
