package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** The correct register passes, and the default swarm finds each of its bugs. */
@Tag("slow")
class RegisterTest {
    private static final long MOST_SEEDS = 2_000;

    @Simulated(seeds = 100)
    void five_hosts_agree_whatever_happens(Simulation simulation) {
        new Register().run(simulation);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void each_bug_is_found_within_two_thousand_seeds(Register.Bug bug) {
        long seed = 1;
        AssertionError failure = run(seed, bug);
        while (failure == null && seed < MOST_SEEDS) {
            failure = run(++seed, bug);
        }
        assertThat(failure).as("after %d seeds", seed).isNotNull();
        assertThat(failure.getMessage())
                .containsPattern("has two leaders|applies .* another host|acknowledged, and is lost");
    }

    private static @Nullable AssertionError run(long seed, Register.Bug bug) {
        try (var simulation = Simulation.seed(seed)) {
            new Register(bug).run(simulation);
            return null;
        } catch (AssertionError failure) {
            return failure;
        }
    }
}
