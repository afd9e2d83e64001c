package rill.transport.sim;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A JUnit test that is run with many seeds, each in a fresh {@link Simulation}, its only parameter. It ends with the first seed that
 * fails, and says in one line how to run that one again; and which of its faults and freedoms are needed for it to fail. What is to hold
 * {@link Simulation#sometimes sometimes} has to hold with one of the seeds at least.
 *
 * <p>System properties change what is run: {@code rill.seed} is the one seed to run, {@code rill.seeds} the number of seeds instead of
 * the annotation's, and {@code rill.shard}, such as {@code 2/4}, the part that this process runs of them; what is to hold sometimes is asked of a part
 * with as many seeds as the annotation says. {@code rill.twice} runs each
 * twice, and fails if the runs differ. {@code rill.without}, such as {@code 3,7-9,jitter,a point}, leaves out faults of the swarm by their
 * numbers, freedoms, and points of {@link Simulation#buggify}.
 *
 * <p>A test fails as well if in none of its seeds a swarm has struck anything, or a kind of fault that it causes itself has hit anything.
 *
 * <p><b>Not guaranteed:</b> a fresh instance of the test class for each seed; keep state in the method, and prepare it there: what is
 * annotated with BeforeEach is called once for all seeds.
 */
@SuppressWarnings("exports") // whoever uses it has JUnit
@Test
@ExtendWith(SimulatedSeeds.class)
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Simulated {
    /** How many seeds. */
    int seeds() default 100;

    /** The first seed. */
    long from() default 1;

    /** For how many seconds a run that fails is made smaller; not at all if 0. */
    int shrinkSeconds() default 10;

    /** Where the picture of a run that fails is put, or nowhere if empty: a directory. */
    String pictures() default "";
}
