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
import org.junit.jupiter.api.Test;

/** Whatever holds the loop for too long is reported while it still does, by name and with its own stack. */
abstract class WatchdogTest extends EngineTest {
    private static final Duration THRESHOLD = Duration.ofMillis(5);

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
        Task<Void> task = loop.task("blocker", () -> {
            blockInTheBody(goOn);
            return null;
        });
        var driver = Outside.start(() -> {
            loops.tickUntil(task::isDone);
            return null;
        });

        Report.Slow report = holdUntilReported();
        goOn.countDown();
        driver.result();

        assertThat(report.what()).contains("blocker");
        assertThat(report.stack())
                .anySatisfy(frame -> assertThat(frame.getMethodName()).isEqualTo("blockInTheBody"));
    }

    private static void blockInTheBody(CountDownLatch latch) throws InterruptedException {
        Await.latch(latch);
    }

    @Test
    void one_handle_is_reported_once_and_the_next_slow_one_again() {
        Loop loop = watched();
        for (int i = 0; i < 3; i++) {
            loop.schedule("dawdler " + i, () -> {
                holdUntilReported();
                LockSupport.parkNanos(4 * THRESHOLD.toNanos()); // time enough for a second report, if there were one
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
        loops.reporter().take(Report.Slow.class); // of whatever else was slow: classes are loaded on the way
    }

    /** What connects may be slow itself, while its classes are loaded: waits for the report on an event. */
    private String holdUntilAnEventIsReported() {
        String what = holdUntilReported().what();
        while (!what.startsWith("an event of")) {
            what = holdUntilReported().what();
        }
        return what;
    }
}
