package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Loop;

/** Determinism, checked in fresh JVMs. */
@Tag("slow")
class CheckTest {
    /** Talks under the swarm for half a minute. */
    static final class Deterministic implements Scenario {
        @Override
        public void run(Simulation simulation) {
            DeterminismTest.talk(simulation, rill.TaskEngine.best());
        }
    }

    /** Starts timers in the order of a set: with this many of them, the chance that two JVMs agree is one in several thousand. */
    static final class OrderedByASet implements Scenario {
        @Override
        public void run(Simulation simulation) {
            Loop loop = simulation.host("host").loop("main");
            Set.of(IntStream.range(0, 5_000).mapToObj(n -> "timer " + n).toArray(String[]::new))
                    .forEach(name -> loop.schedule(Duration.ofSeconds(1), name, () -> {}));
            simulation.run(Duration.ofSeconds(2));
        }
    }

    private record Captured(int number) implements Scenario {
        @Override
        public void run(Simulation simulation) {}
    }

    @Test
    void equal_runs_give_the_hash_that_they_have_here_too() throws IOException {
        String here;
        try (var simulation = Simulation.seed(7)) {
            new Deterministic().run(simulation);
            here = simulation.traceHash();
        }
        assertThat(Simulation.check(7, Deterministic.class)).isEqualTo(here);
    }

    @Test
    void a_scenario_that_follows_the_order_of_a_set_is_found_out() {
        assertThatThrownBy(() -> {
                    Simulation.check(7, OrderedByASet.class);
                    Simulation.check(8, OrderedByASet.class); // in case they agree by chance
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("is not deterministic")
                .hasMessageContaining("TIMER host=0");
    }

    /** Fails in the same way each time. */
    static final class Failing implements Scenario {
        @Override
        public void run(Simulation simulation) {
            simulation.run(Duration.ofSeconds(1));
            throw new IllegalStateException("always");
        }
    }

    @Test
    void a_scenario_that_throws_fails_the_check() {
        assertThatThrownBy(() -> Simulation.check(7, Failing.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("is deterministic, and failed: java.lang.IllegalStateException: always");
    }

    /** Something fails, and the scenario ignores it. */
    static final class Swallowing implements Scenario {
        @Override
        public void run(Simulation simulation) {
            simulation.host("host").loop("main").schedule("throws", () -> {
                throw new AssertionError("swallowed");
            });
            try {
                simulation.run(Duration.ofSeconds(1));
            } catch (AssertionError failure) {
                simulation.note("caught");
            }
        }
    }

    @Test
    void a_scenario_that_catches_what_has_failed_fails_the_check_all_the_same() {
        assertThatThrownBy(() -> Simulation.check(7, Swallowing.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("swallowed");
    }

    /** A scenario that leaves a Task behind. */
    static final class Hanging implements Scenario {
        @Override
        public void run(Simulation simulation) {
            var loop = simulation.host("client").loop("main");
            loop.task("worker", () -> loop.promise().await());
            simulation.run(Duration.ofSeconds(1));
        }
    }

    @Test
    void a_scenario_that_leaves_something_behind_fails_the_check() {
        assertThatThrownBy(() -> Simulation.check(42, Hanging.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("is deterministic, and failed:")
                .hasMessageContaining("Task worker");
    }

    @Test
    void a_scenario_that_another_process_could_not_make_is_refused() {
        assertThatThrownBy(() -> Simulation.check(7, Captured.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a constructor without parameters");
    }
}
