package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What the framework's own path allocates per item once it is warm. */
abstract class AllocationTest extends EngineTest {
    private static final int ITEMS = 20_000;
    private static final int ROUNDS = 5;
    private static final int ROUNDS_UNTIL_COMPILED = 60; // on a busy machine the compiler's threads run late

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private interface Work {
        void run(int items) throws Exception;
    }

    /** The smallest result of several rounds, measured on the driving thread, so that compilation and the like don't count. */
    private static double bytesPerItem(Work work) throws Exception {
        return bytesPerItem(ROUNDS, 0, work);
    }

    /** The smallest result of at most this many rounds; stops as soon as it is at or below {@code bound}. */
    private static double bytesPerItem(int rounds, double bound, Work work) throws Exception {
        double least = Double.MAX_VALUE;
        for (int round = 0; round < rounds && least > bound; round++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            work.run(ITEMS);
            least = Math.min(least, (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / ITEMS);
        }
        return least;
    }

    @Test
    void completing_a_promise_and_telling_its_callback_allocates_nothing() throws Exception {
        int[] told = {0};
        Promise<?>[][] promises = new Promise<?>[ROUNDS][ITEMS];
        for (Promise<?>[] each : promises) {
            for (int i = 0; i < ITEMS; i++) {
                each[i] = loop().promise();
                each[i].onDone((value, failure) -> told[0]++);
            }
        }
        int[] round = {0};

        double bytes = bytesPerItem(items -> {
            Promise<?>[] mine = promises[round[0]++];
            loop().schedule(() -> {
                for (Promise<?> promise : mine) {
                    promise.complete(null);
                }
            });
            int goal = round[0] * items;
            loops.tickUntil(() -> told[0] == goal);
        });

        assertThat(bytes).isLessThan(1);
    }

    @Test
    void a_handle_costs_no_more_than_itself_and_its_name() throws Exception {
        int[] ran = {0};
        Runnable action = () -> ran[0]++;

        double bytes = bytesPerItem(items -> {
            int goal = ran[0] + items;
            for (int i = 0; i < items; i++) {
                loop().schedule("handle", action);
            }
            loops.tickUntil(() -> ran[0] == goal);
        });

        assertThat(bytes).isLessThanOrEqualTo(60); // 48 for the Handle, and its share of the inbox
    }

    @Test
    void an_await_in_a_task_costs_little_more_than_its_promise_and_handle() throws Exception {
        double bound = 240; // promise, Handle and lambda are 152; when handed over, the body runs on another thread
        double bytes = bytesPerItem(ROUNDS_UNTIL_COMPILED, bound, items -> {
            Task<Integer> task = loop().task(() -> {
                int sum = 0;
                for (int i = 0; i < items; i++) {
                    Promise<Integer> promise = loop().promise();
                    loop().schedule("handle", () -> promise.complete(1));
                    sum += promise.await();
                }
                return sum;
            });
            assertThat(loops.settle(task)).isEqualTo(items);
        });

        assertThat(bytes).isLessThanOrEqualTo(bound);
    }
}
