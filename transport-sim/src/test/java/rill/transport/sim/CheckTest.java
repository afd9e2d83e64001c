package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Loop;

/** Determinism, found out in fresh JVMs. */
@Tag("slow")
class CheckTest {
    /** Talks under the swarm for half a minute. */
    static final class Deterministic implements Scenario {
        @Override
        public void run(Simulation simulation) {
            DeterminismTest.talk(simulation, rill.TaskEngine.best());
        }
    }

    /** Starts timers in the order of a set, which differs from JVM to JVM. */
    static final class OrderedByASet implements Scenario {
        @Override
        public void run(Simulation simulation) {
            Loop loop = simulation.host("host").loop("main");
            var names = Set.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p");
            names.forEach(name -> loop.schedule(Duration.ofSeconds(1), name, () -> {}));
            Map.of("q", 1, "r", 2).forEach((name, n) -> loop.schedule(Duration.ofSeconds(n), name, () -> {}));
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
        assertThatThrownBy(() -> Simulation.check(7, OrderedByASet.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("is not deterministic")
                .hasMessageContaining("TIMER host=0");
    }

    @Test
    void a_scenario_that_another_process_could_not_make_is_refused() {
        assertThatThrownBy(() -> Simulation.check(7, Captured.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a constructor without parameters");
    }
}
