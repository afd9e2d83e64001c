package rill.transport.sim;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A JUnit test that is run with many seeds, each in a fresh {@link Simulation}, its only parameter. It ends with the first seed that fails, and says
 * in one line how to run that seed again, and which of its faults and freedoms are needed for the failure. A {@link Simulation#sometimes sometimes}
 * condition has to hold with at least one of the seeds.
 *
 * <p>System properties change what is run. {@code rill.seed} is the only seed to run. {@code rill.seeds} replaces the annotation's number of seeds.
 * {@code rill.shard}, such as {@code 2/4}, is the part of the seeds that this process runs; conditions that have to hold sometimes are checked only
 * in a part with as many seeds as the annotation says. {@code rill.twice} runs each seed twice, and fails if the runs differ. {@code rill.without},
 * such as {@code 3,7-9,jitter,a point}, leaves out faults of the swarm by their numbers, freedoms, and points of {@link Simulation#buggify}.
 *
 * <p>The test also fails if, over all of its seeds, its swarms struck nothing, or a kind of fault that it injects or schedules
 * itself hit nothing or never struck.
 *
 * <p><b>Not guaranteed:</b> a fresh instance of the test class for each seed. Keep state in the method, and prepare it there: a BeforeEach method is
 * called once for all seeds.
 */
@SuppressWarnings("exports") // its users have JUnit
@Test
@ExtendWith(SimulatedSeeds.class)
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Simulated {
    /** The number of seeds. */
    int seeds() default 100;

    /** The first seed. */
    long from() default 1;

    /** For how many seconds a failing run is made smaller; not at all if 0. */
    int shrinkSeconds() default 10;

    /** The directory for the picture of a failing run; empty for none. */
    String pictures() default "";
}
