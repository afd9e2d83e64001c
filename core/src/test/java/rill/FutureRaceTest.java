package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Two threads at one Future. */
@Tag("slow")
class FutureRaceTest {
    private static final int ROUNDS = 5_000;

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final long seed = new java.security.SecureRandom().nextLong();

    @AfterEach
    void close() {
        loops.close();
    }

    private interface Round {
        void race(int round, boolean first) throws Exception;
    }

    private static void race(Round round) throws Exception {
        var barrier = new CyclicBarrier(2);
        var other = Outside.start(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                barrier.await(20, TimeUnit.SECONDS);
                round.race(i, false);
                barrier.await(20, TimeUnit.SECONDS);
            }
            return null;
        });
        for (int i = 0; i < ROUNDS; i++) {
            barrier.await(20, TimeUnit.SECONDS);
            round.race(i, true);
            barrier.await(20, TimeUnit.SECONDS);
        }
        other.result();
    }

    private static void spin(Random random) {
        for (int i = random.nextInt(50); i > 0; i--) {
            Thread.onSpinWait();
        }
    }

    @Test
    void of_complete_and_cancel_exactly_one_wins_and_every_callback_is_told_once() throws Exception {
        var promises = new Promise<?>[ROUNDS];
        int[] winners = new int[ROUNDS];
        var told = new AtomicInteger();
        var stopped = new AtomicInteger();
        for (int i = 0; i < ROUNDS; i++) {
            promises[i] = loop.<Integer>promise().onCancel(stopped::incrementAndGet);
            promises[i].onDone((value, failure) -> told.incrementAndGet());
        }
        boolean[] completed = new boolean[ROUNDS];
        boolean[] cancelled = new boolean[ROUNDS];
        Random[] randoms = {new Random(seed), new Random(seed + 1)};

        race((i, first) -> {
            spin(randoms[first ? 0 : 1]);
            if (first) {
                completed[i] = promises[i].complete(null);
            } else {
                cancelled[i] = promises[i].cancel();
            }
        });

        int cancellations = 0;
        for (int i = 0; i < ROUNDS; i++) {
            winners[i] = (completed[i] ? 1 : 0) + (cancelled[i] ? 1 : 0);
            assertThat(winners[i]).as("seed %d, round %d", seed, i).isEqualTo(1);
            assertThat(promises[i].isCancelled()).isEqualTo(cancelled[i]);
            cancellations += cancelled[i] ? 1 : 0;
        }
        loops.tickUntil(() -> told.get() >= ROUNDS);
        loop.tick();
        assertThat(told).hasValue(ROUNDS);
        assertThat(stopped).hasValue(cancellations);
    }

    @Test
    void a_callback_added_during_completion_is_told_once() throws Exception {
        var promises = new Promise<?>[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            promises[i] = loop.<Integer>promise();
        }
        var told = new AtomicInteger();
        Random[] randoms = {new Random(seed), new Random(seed + 1)};

        race((i, first) -> {
            spin(randoms[first ? 0 : 1]);
            if (first) {
                promises[i].complete(null);
            } else {
                promises[i].onDone((value, failure) -> told.incrementAndGet());
                promises[i].onDone((value, failure) -> told.incrementAndGet());
            }
        });
        loops.tickUntil(() -> told.get() >= 2 * ROUNDS);
        loop.tick();

        assertThat(told).as("seed %d", seed).hasValue(2 * ROUNDS);
    }

    @Test
    void an_outside_waiter_is_never_forgotten_by_a_completion_from_another_thread() throws Exception {
        loop.start();
        var promises = new Promise<?>[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            promises[i] = loop.<Integer>promise();
        }
        var returned = new AtomicInteger();
        Random[] randoms = {new Random(seed), new Random(seed + 1)};

        race((i, first) -> {
            spin(randoms[first ? 0 : 1]);
            if (first) {
                promises[i].complete(null);
            } else {
                promises[i].await();
                returned.incrementAndGet();
            }
        });

        assertThat(returned).as("seed %d", seed).hasValue(ROUNDS);
    }
}
