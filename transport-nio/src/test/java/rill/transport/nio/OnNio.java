package rill.transport.nio;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.spi.Transport;
import rill.testing.RecordingReporter;
import rill.testing.UnderTest;
import rill.testkit.Leaks;

/**
 * A loop on real sockets. Test bodies run as its root Task. Afterwards everything is closed; a report that the test has not taken, or anything left
 * behind, is a failure.
 */
@ExtendWith(Leaks.class)
class OnNio {
    static final Duration PATIENCE = Duration.ofSeconds(10);
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    final RecordingReporter reports = new RecordingReporter();
    private final List<Loop> loops = new ArrayList<>();
    Loop loop;

    @BeforeEach
    void openLoop() throws Exception {
        loop = another(UnderTest.transport());
    }

    @AfterEach
    void closeLoops() {
        loops.forEach(each -> each.close(Duration.ofSeconds(1)));
        reports.assertNone();
    }

    /** Opens one more loop, which is closed like the first. */
    final Loop another(Transport transport) throws Exception {
        Loop opened = Loop.open(LoopOptions.defaults()
                .transport(transport)
                .reporter(reports)
                .name("loop-" + (loops.size() + 1))
                .slowHandle(Duration.ZERO));
        loops.add(opened);
        return opened;
    }

    /** Runs a test's body as a Task. */
    final <T> T within(Callable<T> body) throws Exception {
        return loop.task("test", body).timeout(PATIENCE).await();
    }

    /** A test's body without a result. */
    interface Body {
        void run() throws Exception;
    }

    final void task(Body body) throws Exception {
        within(() -> {
            body.run();
            return true;
        });
    }

    /** A server on the loop that answers each line with the same line in capitals. */
    final Listener shouting() throws Exception {
        return loop.serve(ANY_PORT, Lines.PIPELINE, line -> Future.of(line.toUpperCase(java.util.Locale.ROOT)))
                .await();
    }

    /** In a Task: checks that the loop still serves others. */
    final void expectTheLoopGoesOn() throws Exception {
        Listener server = shouting();
        var client = loop.connect(server.address(), Lines.inOrder()).await();
        Assertions.assertThat(client.call("still there").timeout(PATIENCE).await())
                .isEqualTo("STILL THERE");
        client.close();
        client.closed().await();
        server.close();
    }

    /** In a Task: lets the loop run for this long. */
    final void pass(Duration time) throws Exception {
        Promise<Boolean> over = loop.promise();
        loop.schedule(time, "time passes", () -> over.complete(true));
        over.await();
    }

    /** In a Task: lets the loop tick until a condition holds. */
    final void until(BooleanSupplier condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the condition did not come true within " + PATIENCE);
            }
            pass(Duration.ofMillis(1));
        }
    }

    /** On a thread outside: waits until a condition holds. */
    static void waitFor(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the condition did not come true within " + PATIENCE);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    static void waitFor(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("nobody opened the latch");
        }
    }

    /** The failure of a Future, which must fail. */
    static Throwable failureOf(Future<?> future) {
        try {
            var value = future.timeout(PATIENCE).await();
            throw new AssertionError("expected a failure, not " + value);
        } catch (Exception e) {
            return e;
        }
    }
}
