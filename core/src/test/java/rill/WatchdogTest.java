package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Anything that holds the loop for too long is reported while it still does, by name and with its own stack. */
abstract class WatchdogTest extends EngineTest {
    private static final Duration THRESHOLD = Duration.ofMillis(5);
    private static final Duration LONGER_THRESHOLD = Duration.ofMillis(50);

    private Loop watched() {
        return loops.open(options -> options.taskEngine(engine()).slowHandle(THRESHOLD));
    }

    /** Holds the loop until that is reported. */
    private Report.Slow holdUntilReported() {
        return loops.reporter().await(Report.Slow.class);
    }

    @Test
    void a_slow_handle_is_reported_by_name_and_stack() {
        Loop loop = watched();
        var report = new AtomicReference<Report.Slow>();
        loop.schedule("dawdler", () -> report.set(holdUntilReported()));

        loop.tick();

        assertThat(report.get().loop()).isEqualTo(loop.name());
        assertThat(report.get().what()).isEqualTo("dawdler");
        assertThat(report.get().held()).isGreaterThanOrEqualTo(THRESHOLD);
        assertThat(report.get().stack())
                .anySatisfy(frame -> assertThat(frame.getMethodName()).isEqualTo("holdUntilReported"));
    }

    @Test
    void a_task_that_blocks_is_reported_with_its_own_stack() throws Exception {
        Loop loop = watched();
        var goOn = new CountDownLatch(1);
        Promise<Integer> begun = loop.promise();
        Task<Void> task = loop.task("blocker", () -> {
            log.add("begun");
            blockInTheBody(begun, goOn);
            return null;
        });
        loops.tickUntil(() -> !log.isEmpty());
        begun.complete(1);
        var driver = Outside.start(() -> {
            loops.tickUntil(task::isDone);
            return null;
        });

        Report.Slow report = holdUntilReported();
        while (report.stack().isEmpty()) { // a thread takes time to begin, and has no stack until then
            report = holdUntilReported();
        }
        goOn.countDown();
        driver.result();

        assertThat(report.what()).contains("blocker");
        assertThat(report.stack())
                .anySatisfy(frame -> assertThat(frame.getMethodName()).isEqualTo("blockInTheBody"));
    }

    private static void blockInTheBody(Future<Integer> first, CountDownLatch latch) throws Exception {
        first.await(); // so that it has a stack when it blocks
        Await.latch(latch);
    }

    @Test
    void one_handle_is_reported_once_and_the_next_slow_one_again() {
        Loop loop = watched();
        for (int i = 0; i < 3; i++) {
            loop.schedule("dawdler " + i, () -> {
                holdUntilReported();
                LockSupport.parkNanos(4 * THRESHOLD.toNanos()); // long enough for a second report, if there were one
            });
            loop.tick();
        }

        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void what_is_slow_within_select_is_reported_although_the_loop_was_idle_before() {
        Loop loop = watched();
        loop.tick();
        Await.until("the watchdog dozes", Watchdog::dozing);
        var report = new AtomicReference<Report.Slow>();
        var event = new Handle(loop, "input", () -> {});
        loops.selector().inject(() -> {
            Node before = loop.activity().enter(event);
            report.set(holdUntilReported());
            loop.activity().enter(before);
        });

        loop.tick();

        assertThat(report.get().what()).isEqualTo("input");
    }

    @Test
    void a_threshold_of_zero_turns_the_watch_off() {
        Loop unwatched = loop();
        Loop watched = watched();
        unwatched.schedule(() -> {
            LockSupport.parkNanos(4 * THRESHOLD.toNanos());
            log.add("ran");
        });
        unwatched.tick();
        watched.schedule("dawdler", () -> log.add(holdUntilReported().what()));
        watched.tick();

        assertThat(log).containsExactly("ran", "dawdler");
        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void a_task_that_awaits_does_not_hold_the_loop() {
        Loop loop = watched();
        Promise<String> promise = loop.promise();
        Task<String> task = loop.task(promise::await);
        loop.tick();
        loops.reporter().take(Report.Slow.class); // the first run may be slow, while its classes are loaded
        LockSupport.parkNanos(4 * THRESHOLD.toNanos());
        assertThat(loops.reporter().reports()).isEmpty();
        promise.complete("value");

        assertThat(loops.settle(task)).isEqualTo("value");
    }

    @Test
    void a_handler_that_blocks_when_a_connection_comes_or_ends_is_reported() {
        Loop loop = watched();
        var seen = new ArrayList<String>();
        var accepted = new AtomicReference<Connection<ByteBuf, ByteBuf>>();
        Listener listener = loops.settle(loop.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Pipeline.bytes(), connection -> {
                    accepted.set(connection);
                    connection.onMessage(ByteBuf::release, () -> seen.add("end of " + holdUntilAnEventIsReported()));
                    seen.add("start of " + holdUntilAnEventIsReported());
                }));
        Connection<ByteBuf, ByteBuf> client = loops.settle(loop.connect(listener.address(), Pipeline.bytes()));
        loops.tickUntil(() -> seen.size() == 1);
        client.close();
        loops.tickUntil(() -> seen.size() == 2);

        assertThat(seen.getFirst()).startsWith("start of an event of connection");
        assertThat(seen.getLast()).startsWith("end of an event of connection");
        accepted.get().abort();
        loops.tickUntil(accepted.get().closed()::isDone);
        loops.reporter().take(Report.Slow.class); // of anything else that was slow: classes are loaded on the way
    }

    /** Waits for the report on an event, since connecting may be slow itself while its classes are loaded. */
    private String holdUntilAnEventIsReported() {
        String what = holdUntilReported().what();
        while (!what.startsWith("an event of")) {
            what = holdUntilReported().what();
        }
        return what;
    }

    /** A class whose initializer takes time, which happens only once. */
    private static final class SlowToLoad {
        static {
            slowly(4);
        }
    }

    private static final class StuckWhileLoading {
        static {
            slowly(1_000);
        }
    }

    private static void slowly(int thresholds) {
        Thread reading = Thread.currentThread();
        for (int i = 0; i < thresholds && !reported; i++) {
            LockSupport.parkNanos(reading, LONGER_THRESHOLD.toNanos());
        }
    }

    private static volatile boolean reported;

    @Test
    @Tag("slow")
    void classes_that_are_loaded_and_initialized_meanwhile_are_not_a_slow_handle_within_reason() {
        Loop loop = loops.open(options -> options.taskEngine(engine())
                .slowHandle(LONGER_THRESHOLD)
                .reporter(report -> {
                    reported |= report instanceof Report.Slow;
                    loops.reporter().report(report);
                }));
        reported = false;
        Class<?> first = engine() == TaskEngine.MOUNTED ? SlowToLoad.class : SlowToLoadAsWell.class;
        loop.schedule("warm-up", () -> initialize(first));
        loop.tick();
        assertThat(loops.reporter().reports()).isEmpty();

        Class<?> second = engine() == TaskEngine.MOUNTED ? StuckWhileLoading.class : StuckWhileLoadingAsWell.class;
        loop.schedule("stuck", () -> initialize(second));
        loop.tick();

        assertThat(loops.reporter().await(Report.Slow.class).what()).isEqualTo("stuck");
    }

    private static void initialize(Class<?> type) {
        try {
            Class.forName(type.getName());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static final class SlowToLoadAsWell {
        static {
            slowly(4);
        }
    }

    private static final class StuckWhileLoadingAsWell {
        static {
            slowly(1_000);
        }
    }

    /** Something that a loop may be doing whose name can't be made. */
    private static final class Nameless extends Node {
        @Override
        void execute() {}

        @Override
        String label() {
            throw new OutOfMemoryError("no memory for a name");
        }
    }

    @Test
    void it_survives_whatever_goes_wrong_while_it_looks() {
        Loop loop = watched();
        loops.selector().inject(() -> {
            Node before = loop.activity().enter(new Nameless());
            assertThat(loops.reporter().await(Report.Thrown.class).cause()).hasMessage("no memory for a name");
            loop.activity().enter(before);
        });
        loop.tick();

        loop.schedule("dawdler", () -> log.add(holdUntilReported().what()));
        loop.tick();

        assertThat(log).containsExactly("dawdler");
    }

    @Test
    void once_it_has_ended_the_next_handle_has_it_started_again() {
        Loop loop = watched();
        Thread first = Watchdog.thread();
        assertThat(first).isNotNull();
        Watchdog.ended(first);
        Await.until("the first has ended", () -> !wakesUp(first));

        loop.schedule("dawdler", () -> log.add(holdUntilReported().what()));
        loop.tick();

        assertThat(log).containsExactly("dawdler");
        assertThat(Watchdog.thread()).isNotNull().isNotSameAs(first);
    }

    /** Wakes the watchdog, so that it looks around. Returns whether it is alive. */
    private static boolean wakesUp(Thread thread) {
        LockSupport.unpark(thread);
        return thread.isAlive();
    }

    @Test
    @Tag("slow")
    void work_that_waits_for_a_driver_is_reported_by_name_after_a_second_and_once_per_occasion() {
        Loop loop = watched();
        loop.tick();
        assertThat(loops.reporter().reports()).isEmpty();
        loop.schedule("letter in the box", () -> log.add("read"));

        Report.Undriven report = loops.reporter().await(Report.Undriven.class);

        assertThat(report.loop()).isEqualTo(loop.name());
        assertThat(report.what()).isEqualTo("letter in the box");
        assertThat(report.waiting()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(report.message()).contains(loop.name()).contains("start()");
        loop.tick();
        assertThat(log).containsExactly("read");
        loop.schedule("another", () -> log.add("read as well"));
        assertThat(loops.reporter().await(Report.Undriven.class).what()).isEqualTo("another");
        LockSupport.parkNanos(2 * Watchdog.UNDRIVEN_NANOS + Watchdog.UNDRIVEN_NANOS / 2);
        assertThat(loops.reporter().reports()).as("told once").isEmpty();
    }

    @Test
    @Tag("slow")
    void a_task_that_awaits_a_future_of_a_loop_that_nobody_drives_has_that_reported() throws Exception {
        Loop undriven = watched();
        Loop driven = watched().start();
        Promise<String> promise = undriven.promise();
        Task<String> task = driven.task("waiter", promise::await);

        assertThat(loops.reporter().await(Report.Undriven.class).loop()).isEqualTo(undriven.name());

        promise.complete("value");
        undriven.tick();
        assertThat(task.await()).isEqualTo("value");
    }

    @Test
    @Tag("slow")
    void a_loop_without_work_and_one_that_is_ticked_now_and_then_are_not_taken_for_forgotten() {
        Loop idle = watched();
        Loop ticked = watched();
        long start = System.nanoTime();
        while (System.nanoTime() - start < 5 * Watchdog.UNDRIVEN_NANOS / 2) {
            ticked.schedule("work", () -> {});
            LockSupport.parkNanos(Watchdog.UNDRIVEN_NANOS / 4);
            ticked.tick();
        }
        assertThat(idle.isClosed()).isFalse();
        assertThat(loops.reporter().take(Report.Undriven.class)).isEmpty();
        loops.reporter().take(Report.Slow.class);
    }
}
