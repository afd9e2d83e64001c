package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.testkit.engine.EventConditions.finishedSuccessfully;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Properties that must hold always, at the end, or sometimes. */
class PropertiesTest {
    private static Simulation counting(AtomicInteger count) {
        var sim = Simulation.seed(42).fix(Freedom.values());
        var loop = sim.host("host").loop("main");
        class Count implements Runnable {
            @Override
            public void run() {
                count.incrementAndGet();
                loop.schedule(Duration.ofSeconds(1), "count", this);
            }
        }
        loop.schedule(Duration.ofSeconds(1), "count", new Count());
        return sim;
    }

    @Test
    void what_is_always_to_hold_fails_the_run_at_the_moment_in_which_it_does_not() {
        var count = new AtomicInteger();
        try (var sim = counting(count)) {
            sim.always("at most three", () -> count.get() <= 3);
            assertThatThrownBy(() -> sim.run(Duration.ofSeconds(10)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith("what is always to hold does not: at most three\nat 4 s of virtual time");
        }
    }

    @Test
    void what_is_to_hold_eventually_fails_the_run_only_if_it_never_does() {
        var count = new AtomicInteger();
        try (var sim = counting(count)) {
            sim.eventually(Duration.ofSeconds(5), "three", () -> count.get() == 3);
            sim.run(Duration.ofSeconds(10));
        }
        try (var sim = counting(count)) {
            sim.eventually(Duration.ofMillis(1500), "minus one", () -> count.get() < 0);
            assertThatThrownBy(() -> sim.run(Duration.ofSeconds(10)))
                    .hasMessageStartingWith("what was to hold by 1.5 s does not: minus one\nat 1.5");
        }
    }

    @Test
    void a_run_that_is_over_before_something_could_hold_fails() {
        var sim = counting(new AtomicInteger());
        sim.eventually(Duration.ofSeconds(5), "never", () -> false);
        sim.run(Duration.ofSeconds(2));
        assertThatThrownBy(sim::close)
                .hasMessageContaining("the run was over before this held")
                .hasMessageContaining("never; let more time pass");
    }

    @Test
    void running_until_something_holds_has_a_limit() {
        var count = new AtomicInteger();
        try (var sim = counting(count)) {
            sim.runUntil(() -> count.get() == 3, Duration.ofSeconds(3));
            assertThat(sim.elapsed()).isEqualTo(Duration.ofSeconds(3));
            assertThatThrownBy(() -> sim.runUntil(() -> count.get() == 9, Duration.ofSeconds(2)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("did not hold within PT2S")
                    .hasMessageContaining("loop host/main of host host");
        }
    }

    @Test
    void nonsense_is_refused_and_a_condition_that_throws_is_named() {
        try (var sim = counting(new AtomicInteger())) {
            assertThatThrownBy(() -> sim.eventually(Duration.ofSeconds(-1), "a wish", () -> true))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("“a wish” would have to hold by a time that is past");
            assertThatThrownBy(() -> sim.runUntil(() -> true, Duration.ofSeconds(-1)))
                    .isInstanceOf(IllegalArgumentException.class);
            sim.always("sound", () -> {
                throw new IllegalStateException("unsound");
            });
            assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("the condition of “sound” threw java.lang.IllegalStateException: unsound");
        }
    }

    /** Run only by the tests of this class. */
    static final class Subject {
        @Simulated(seeds = 20)
        void some_seeds_hold(Simulation simulation) {
            simulation.sometimes("seed 7", () -> simulation.seed() == 7);
            simulation.run(Duration.ofSeconds(1));
        }

        @Simulated(seeds = 20)
        void no_seed_holds(Simulation simulation) {
            simulation.sometimes("seed 7", () -> simulation.seed() == 7);
            simulation.sometimes("seed 700", () -> simulation.seed() == 700);
            simulation.run(Duration.ofSeconds(1));
        }
    }

    /** Run only by the tests of this class. */
    static final class InVain {
        @Simulated(seeds = 20)
        void nobody_talks(Simulation simulation) {
            simulation.host("server", Echo::serve);
            simulation.inject(Faults.swarm());
            simulation.run(Duration.ofSeconds(1));
        }

        @Simulated(seeds = 20)
        void is_over_before_it_strikes(Simulation simulation) {
            simulation.host("server", Echo::serve);
            simulation.schedule(Duration.ofMinutes(10), Duration.ofSeconds(1), Faults.kill("server"));
            simulation.run(Duration.ofSeconds(1));
        }

        @Simulated(seeds = 20)
        void nobody_talks_to_whom_is_cut_off(Simulation simulation) {
            simulation.host("server", Echo::serve);
            simulation.host("client");
            try (var _ = simulation.inject(Faults.cut("server", "client"))) {
                simulation.run(Duration.ofSeconds(1));
            }
        }
    }

    @Test
    void faults_that_do_nothing_in_any_seed_fail_the_test_and_it_says_what_to_do() {
        executed(
                InVain.class,
                "nobody_talks",
                finishedWithFailure(
                        message(text -> text.startsWith("in none of 20 seeds did the swarm do anything; inject"))));
        executed(
                InVain.class,
                "nobody_talks_to_whom_is_cut_off",
                finishedWithFailure(
                        message(text -> text.startsWith("in none of 20 seeds did this hit anything: cut; look"))));
        executed(
                InVain.class,
                "is_over_before_it_strikes",
                finishedWithFailure(
                        message(text -> text.startsWith("in none of 20 seeds did this hit anything: kill; look"))));
    }

    private static void executed(Class<?> subject, String method, Condition<? super Event> outcome) {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(subject, method, Simulation.class.getName()))
                .execute()
                .testEvents()
                .assertThatEvents()
                .haveExactly(1, outcome);
    }

    private static void execute(String method, Condition<? super Event> outcome) {
        executed(Subject.class, method, outcome);
    }

    @Test
    void what_holds_sometimes_has_to_hold_with_one_seed_at_least() {
        assertThatCode(() -> {
                    execute("some_seeds_hold", finishedSuccessfully());
                    execute(
                            "no_seed_holds",
                            finishedWithFailure(
                                    message(text -> text.startsWith("in none of 20 seeds did this hold: seed 700\n"))));
                })
                .doesNotThrowAnyException();
    }
}
