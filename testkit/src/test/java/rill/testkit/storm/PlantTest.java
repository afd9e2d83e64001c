package rill.testkit.storm;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.testkit.storm.Step.Estimate;
import rill.testkit.storm.Step.Form;
import rill.testkit.storm.Step.Marks;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Via;

/** Planted faults are found, by the law that they break. */
@Tag("slow")
class PlantTest {
    private static final int SEEDS = 200;
    private static final ResourceLeakDetector.Level USUAL = ResourceLeakDetector.getLevel();

    @BeforeAll
    static void what_a_program_leaves_that_has_failed_is_no_leak_of_this_suite() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }

    @AfterAll
    static void what_others_leave_is() {
        ResourceLeakDetector.setLevel(USUAL);
    }

    @ParameterizedTest
    @EnumSource
    void a_planted_fault_is_found(Plant plant) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Throwable failure = Storm.failure(Storm.drawn(seed), each -> new MemoryWorld(each, plant));
            if (failure instanceof Violation violation && violation.law() == plant.law) {
                return;
            }
        }
        assertThat(plant).as("found within " + SEEDS + " seeds").isNull();
    }

    @Test
    void a_connection_that_fails_for_no_reason_is_found_though_neither_owner_listens() {
        assertThat(LongStream.rangeClosed(1, SEEDS)
                        .mapToObj(PlantTest::withoutListeners)
                        .map(program -> Storm.failure(program, seed -> new MemoryWorld(seed, Plant.FAILS_READS)))
                        .filter(Objects::nonNull))
                .hasSizeGreaterThan(SEEDS / 10)
                .allSatisfy(failure -> assertThat(failure).hasMessageContaining("has failed for no reason"));
    }

    private static Program withoutListeners(long seed) {
        return Storm.program(
                seed,
                new Step.Listen(0, 0, "length", "letter", Form.PUSH, Marks.USUAL, OnFailure.NONE),
                new Step.Connect(0, 1, 0, false, "letter", Form.PUSH, Marks.USUAL, OnFailure.NONE),
                new Step.Pass(50),
                new Step.Write(0, 5000, 4, Estimate.RIGHT, Via.LOOP, 0),
                new Step.Pass(100));
    }
}
