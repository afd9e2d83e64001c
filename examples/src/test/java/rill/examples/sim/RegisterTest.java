package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
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

    /** The first seed that found each bug, which saves the search as long as the simulation draws the same. */
    private static final Map<Register.Bug, Long> LIKELY = Map.of(
            Register.Bug.EARLY_ANSWER, 1L,
            Register.Bug.FORGOTTEN_VOTE, 18L,
            Register.Bug.VOTE_COUNTED_TWICE, 48L,
            Register.Bug.LENGTH_ONLY, 14L,
            Register.Bug.OLD_TERM, 254L);

    @Simulated(seeds = 100)
    void five_hosts_agree_whatever_happens(Simulation simulation) {
        new Register().run(simulation);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void each_bug_is_found_within_two_thousand_seeds(Register.Bug bug) {
        AssertionError failure = run(LIKELY.get(bug), bug);
        for (long seed = 1; failure == null && seed <= MOST_SEEDS; seed++) {
            failure = run(seed, bug);
        }
        assertThat(failure).as("after %d seeds", MOST_SEEDS).isNotNull();
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
