package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The annotation, and how seeds are chosen. */
class SimulatedTest {
    private static final List<Long> SEEN = new ArrayList<>();

    /** Run only by the tests of this class. */
    static final class Subject {
        @Simulated(seeds = 20, from = 100, pictures = "target/pictures")
        void fails_at_105(Simulation simulation) {
            SEEN.add(simulation.seed());
            simulation.host("host").loop("main").schedule(Duration.ofSeconds(1), "a timer", () -> {});
            simulation.run(Duration.ofSeconds(2));
            assertThat(simulation.seed()).isNotEqualTo(105);
        }
    }

    @Test
    void it_stops_at_the_first_seed_that_fails_and_says_how_to_run_it_again() throws Exception {
        SEEN.clear();
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Subject.class, "fails_at_105", Simulation.class.getName()))
                .execute()
                .testEvents()
                .assertStatistics(statistics -> statistics.started(1).failed(1))
                .failed()
                .stream()
                .map(event -> event.getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow())
                .forEach(failure -> assertThat(failure)
                        .hasMessageStartingWith("seed 105 failed: ")
                        .hasMessageContaining(
                                "\nreplay: mvn test -Dtest='SimulatedTest$Subject#fails_at_105' -Drill.seed=105\n")
                        .hasMessageContaining("picture: target/pictures/SimulatedTest.Subject.fails_at_105-105.svg"));
        assertThat(SEEN).startsWith(100L, 101L, 102L, 103L, 104L, 105L); // then 105 again, to reduce it and to draw it
        assertThat(SEEN.subList(5, SEEN.size())).containsOnly(105L).hasSizeBetween(3, 30);
        assertThat(Files.readString(Path.of("target/pictures/SimulatedTest.Subject.fails_at_105-105.svg")))
                .contains("a timer", "failed: ");
    }

    /** Run only by the tests of this class. */
    static class Inherited {
        @Simulated(seeds = 1)
        void fails(Simulation simulation) {
            throw new AssertionError("seed " + simulation.seed());
        }
    }

    /** The class that runs, and that Maven must be given. */
    static final class Inheriting extends Inherited {}

    @Test
    void an_inherited_test_is_run_again_in_the_class_that_inherits_it() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Inheriting.class, "fails", Simulation.class.getName()))
                .execute()
                .testEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        finishedWithFailure(message(
                                text -> text.contains("-Dtest='SimulatedTest$Inheriting#fails' -Drill.seed=1"))));
    }

    private static List<Long> seeds(String... properties) {
        Map<String, String> map = new HashMap<>();
        for (String each : properties) {
            map.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
        }
        return Seeds.of(10, 5, map::get).stream().boxed().toList();
    }

    @Test
    void seeds_can_be_one_or_more_and_split_over_processes() {
        assertThat(seeds()).containsExactly(10L, 11L, 12L, 13L, 14L);
        assertThat(seeds("rill.seed=-7")).containsExactly(-7L);
        assertThat(seeds("rill.seeds=2")).containsExactly(10L, 11L);
        assertThat(seeds("rill.shard=1/2")).containsExactly(10L, 12L, 14L);
        assertThat(seeds("rill.shard=2/2")).containsExactly(11L, 13L);
    }

    private static Seeds split(long count, int shards) {
        return Seeds.of(1, 100, Map.of("rill.seeds", Long.toString(count), "rill.shard", "1/" + shards)::get);
    }

    @Test
    void what_never_happens_says_something_if_this_process_has_as_many_seeds_as_the_test_usually_has() {
        assertThat(split(400, 4).areMany()).isTrue();
        assertThat(split(396, 4).areMany()).isFalse();
        assertThat(Seeds.of(1, 100, Map.of("rill.seed", "7")::get).areMany()).isFalse();
    }

    /** Run only by the tests of this class. */
    static final class Prepared {
        @BeforeEach
        void prepare(Simulation simulation) {
            simulation.host("server");
        }

        @Simulated(seeds = 3)
        void passes(Simulation simulation) {}
    }

    static final class Assuming {
        @Simulated(seeds = 3)
        void assumes(Simulation simulation) {
            Assumptions.assumeTrue(simulation.seed() < 2, "no seed above one");
        }
    }

    @Test
    void what_prepares_a_test_gets_no_simulation_and_is_told_why() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Prepared.class, "passes", Simulation.class.getName()))
                .execute()
                .testEvents()
                .assertThatEvents()
                .haveExactly(
                        1, finishedWithFailure(message(text -> text.contains("a simulation belongs to one seed"))));
    }

    @Test
    void an_assumption_that_does_not_hold_aborts_the_test_and_fails_nothing() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Assuming.class, "assumes", Simulation.class.getName()))
                .execute()
                .testEvents()
                .assertStatistics(statistics -> statistics.aborted(1).failed(0));
    }

    @Test
    void nonsense_is_refused() {
        assertThatThrownBy(() -> seeds("rill.seed=one")).hasMessage("rill.seed is a number, not one");
        assertThatThrownBy(() -> seeds("rill.seeds=0")).hasMessageContaining("has to be positive");
        assertThatThrownBy(() -> seeds("rill.shard=3/2")).hasMessageContaining("such as 2/4, not 3/2");
        assertThatThrownBy(() -> seeds("rill.shard=2")).hasMessageContaining("such as 2/4, not 2");
    }
}
