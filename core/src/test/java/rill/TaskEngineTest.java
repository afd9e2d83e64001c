package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class TaskEngineTest {
    @Test
    void tasks_are_mounted_wherever_that_works() {
        assumeTrue(TaskEngine.MOUNTED.unavailable() == null, "left out by nature: this JVM has not opened java.lang");
        assertThat(TaskEngine.best()).isEqualTo(TaskEngine.MOUNTED);
    }

    @Test
    void the_best_engine_is_one_that_works() {
        assertThat(TaskEngine.best().unavailable()).isNull();
    }
}
