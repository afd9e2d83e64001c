package rill.http.storm;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;
import rill.testkit.storm.World;
import rill.transport.nio.NioTransport;

/** Storms of HTTP: in memory, in a simulation, and with threads. {@code ./rill test --storm MINUTES} runs more of them. */
@Tag("slow")
@ExtendWith(Leaks.class)
class HttpStormTest {
    @Test
    void in_memory_answers_are_whole_and_in_order_and_nothing_is_left() throws Exception {
        check(150, 0.05, World::memory);
    }

    @Test
    void in_a_simulation_answers_are_whole_and_in_order_and_nothing_is_left() throws Exception {
        check(40, 0.05, SimWorld::new);
    }

    @Test
    void with_threads_answers_are_whole_and_in_order_and_nothing_is_left() throws Exception {
        check(30, 0.05, seed -> World.threads("nio", NioTransport::new, seed));
    }

    /** Runs storms one after another, with the same properties as the storms of core. */
    private static void check(int storms, double share, LongFunction<? extends World> worlds) throws Exception {
        Long only = Long.getLong("rill.storm.seed");
        String minutes = System.getProperty("rill.storm.minutes");
        long first = only != null
                ? only
                : minutes == null ? 1 : Long.getLong("rill.storm.first", System.currentTimeMillis() << 20);
        long count = only != null ? 1 : minutes == null ? storms : Long.MAX_VALUE;
        long nanos = minutes == null
                ? Long.MAX_VALUE
                : (long) (Double.parseDouble(minutes)
                        * share
                        * Duration.ofMinutes(1).toNanos());
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        if (minutes != null) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        }
        try {
            run(first, count, nanos, worlds);
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private static void run(long first, long count, long nanos, LongFunction<? extends World> worlds) {
        long begun = System.nanoTime();
        long done = 0;
        long answered = 0;
        for (; done < count && System.nanoTime() - begun < nanos; done++) {
            long seed = first + done;
            try {
                answered += HttpStorm.run(seed, worlds);
            } catch (Throwable t) {
                throw new AssertionError("seed " + seed + ": " + t + "; again: -Drill.storm.seed=" + seed, t);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "storm of HTTP: %d from seed %d on, %d answers, %.2f ms each%n",
                done,
                first,
                answered,
                (System.nanoTime() - begun) / 1e6 / Math.max(1, done));
        if (done > 1) {
            assertThat(answered).isGreaterThan(done);
        }
    }
}
