package rill.testkit.storm;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
}
