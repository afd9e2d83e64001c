package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** What a loop remembers of its Futures that are awaited elsewhere is gone as soon as nothing awaits them. */
class CrossLoopFuturesTest {
    private static final int MANY = 10_000;

    private final Loops loops = Loops.manual();
    private final Loop near = loops.open();
    private final Loop far = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void any_across_loops_leaves_nothing_whoever_wins() {
        Promise<Integer> signal = far.promise();
        Future<Integer> waiting = signal.map(value -> value); // so that the signal is not cancelled
        for (int i = 0; i < MANY; i++) {
            Promise<Integer> mine = near.promise();
            Promise<Integer> theirs = far.promise();
            Future<Integer> first = Future.any(mine, theirs, signal);
            switch (i % 3) {
                case 0 -> mine.complete(i);
                case 1 -> theirs.complete(i);
                default -> first.cancel();
            }
            if (i % 100 == 0) {
                loops.settle();
            }
        }
        loops.settle();

        assertThat(far.crossLoopFutures().size()).isZero();
        assertThat(near.crossLoopFutures().size()).isZero();
        assertThat(waiting.isDone()).isFalse();
    }

    @Test
    void a_task_that_was_cancelled_leaves_nothing_on_the_other_loop() {
        Promise<Integer> signal = far.promise();
        var tasks = new ArrayList<Task<Integer>>();
        for (int i = 0; i < 100; i++) {
            tasks.add(near.task(signal::await));
        }
        Task<Integer> patient = near.task(signal::await);
        loops.settle();
        assertThat(far.crossLoopFutures().size()).isEqualTo(1);
        tasks.forEach(Task::cancel);
        loops.settle();
        assertThat(far.crossLoopFutures().size()).as("one still waits").isEqualTo(1);
        patient.cancel();
        loops.settle();

        assertThat(far.crossLoopFutures().size()).isZero();
    }

    @Test
    void stages_leave_nothing_behind() {
        Promise<Integer> signal = far.promise();
        Future<Integer> waiting = signal.map(value -> value);
        var stages = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 100; i++) {
            stages.add(signal.toCompletableFuture());
        }
        assertThat(far.crossLoopFutures().size()).isEqualTo(1);
        stages.forEach(stage -> stage.cancel(false));

        assertThat(far.crossLoopFutures().size()).isZero();
        assertThat(waiting.isDone()).isFalse();
    }

    @Test
    @Tag("slow")
    void nothing_is_left_however_coming_leaving_and_settling_fall_together() throws Exception {
        long seed = new java.security.SecureRandom().nextLong();
        near.start();
        far.start();
        for (int i = 0; i < 5_000; i++) {
            Promise<Integer> theirs = far.promise();
            var random = new Random(seed + i);
            var other = Outside.start(() -> {
                for (int spin = random.nextInt(200); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                return theirs.complete(1);
            });
            for (int n = 0; n < 5; n++) {
                Future.any(near.<Integer>promise(), theirs).cancel();
            }
            other.result();
        }
        Await.until(
                "nothing is left, seed " + seed, () -> far.crossLoopFutures().size() == 0);
    }

    /** A count kept beside the entries may be 0 for a moment while there are some. */
    @Test
    @Tag("slow")
    void nothing_is_left_of_one_that_is_done_however_others_come_and_go() throws Exception {
        var crossLoopFutures = new CrossLoopFutures(far);
        Promise<Integer> other = far.promise();
        var over = new AtomicBoolean();
        var others = new ArrayList<Outside<Void>>();
        for (int change : new int[] {1, -1, 1, -1, 1, -1}) {
            others.add(Outside.start(() -> {
                while (!over.get()) {
                    for (int i = 0; i < 100; i++) {
                        if (change > 0) {
                            crossLoopFutures.add(other);
                        } else {
                            crossLoopFutures.leave(other);
                        }
                    }
                }
                return null;
            }));
        }
        for (int i = 0; i < 200 * MANY; i++) {
            Promise<Integer> done = far.promise();
            crossLoopFutures.add(done);
            done.complete(i);
            crossLoopFutures.remove(done);
        }
        over.set(true);
        for (Outside<Void> each : others) {
            each.result();
        }
        other.complete(0);
        crossLoopFutures.remove(other);
        assertThat(crossLoopFutures.size()).isZero();
    }

    @Test
    void what_is_made_of_several_on_a_loop_that_closes_gives_up_what_goes_on_elsewhere() {
        Loop third = loops.open();
        Promise<Integer> mine = near.promise();
        Promise<Integer> theirs = far.promise();
        Future<?> all = Future.all(mine, theirs);
        Future<?> waiting = third.submit(() -> 1).flatMap(one -> all); // else nobody would be notified of the close
        loops.settle();

        near.close();
        loops.settle();

        assertThat(waiting.failure()).isInstanceOf(CancelledException.class);
        assertThat(theirs.isCancelled()).isTrue();
        assertThat(far.crossLoopFutures().size()).isZero();
    }

    /** A Dependent that can't be notified that a loop has closed. */
    private record Deaf(Loop home) implements Dependent {
        @Override
        public void settled(Future<?> source) {}

        @Override
        public void closedBefore(Future<?> source) {
            throw new StackOverflowError("on purpose");
        }
    }

    @Test
    void one_that_could_not_be_told_of_the_close_of_a_loop_does_not_keep_the_next_from_it() {
        Promise<Integer> promise = near.promise();
        promise.addDependent(new Deaf(near));
        Future<Integer> next = promise.map(value -> value).copy();
        Future<Integer> elsewhere = far.submit(() -> 1).flatMap(one -> promise);
        loops.settle();

        near.close();
        loops.settle();

        assertThat(elsewhere.isCancelled()).isTrue();
        assertThat(next.isDone()).isTrue();
        assertThat(loops.reporter().take(Report.Thrown.class)).hasSize(1);
    }
}
