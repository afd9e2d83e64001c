package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Messages name Futures and threads in words that their users know. */
class NamesTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open(options -> options.name("here"));

    @AfterEach
    void close() {
        loops.close();
    }

    private static String cancelled(Future<?> future) {
        future.cancel();
        Throwable failure = future.failure();
        assertThat(failure).isInstanceOf(CancelledException.class);
        return failure.getMessage();
    }

    private Promise<String> promise() {
        return loop.promise();
    }

    @Test
    void a_future_is_called_by_how_its_user_made_it() {
        assertThat(cancelled(promise())).isEqualTo("a Promise of here was cancelled");
        assertThat(cancelled(promise().map(x -> x))).isEqualTo("a Future made by map of here was cancelled");
        assertThat(cancelled(promise().flatMap(Future::of)))
                .isEqualTo("a Future made by flatMap of here was cancelled");
        assertThat(cancelled(promise().recover(x -> ""))).isEqualTo("a Future made by recover of here was cancelled");
        assertThat(cancelled(promise().timeout(Duration.ofSeconds(1))))
                .isEqualTo("a Future with a timeout of here was cancelled");
        assertThat(cancelled(Future.all(promise(), promise()))).isEqualTo("a Future of all of here was cancelled");
        assertThat(cancelled(Future.any(promise(), promise()))).isEqualTo("a Future of any of here was cancelled");
    }

    private String late(Future<?> future) {
        Future<?> timed = future.timeout(Duration.ofMillis(10));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(10));
        loop.tick();
        assertThat(timed.failure()).isInstanceOf(DeadlineException.class);
        return timed.failure().getMessage();
    }

    @Test
    void a_timeout_names_what_was_waited_for() {
        var accepted = new ArrayList<Connection<String, String>>();
        Listener silent = loops.settle(loop.listen(ANY, TextLines.pipeline(), accepted::add));
        var asking = ClientProtocol.inOrder(TextLines.pipeline());
        ConnectOptions small =
                ConnectOptions.defaults().limits(ConnectionLimits.defaults().waterMarks(0, 1, 1 << 20));
        Connection<String, String> connection =
                loops.settle(loop.connect(silent.address(), TextLines.pipeline(), small));
        Client<String, String> client = loops.settle(loop.connect(silent.address(), asking));
        String address = "connection to " + silent.address();

        assertThat(late(connection.receive())).isEqualTo("receive of " + address + " was not done within 10 ms");
        assertThat(late(connection.receive().map(line -> line).map(line -> line)))
                .isEqualTo("a Future made by map (from receive of " + address + ") was not done within 10 ms");
        assertThat(late(connection.closed()))
                .isEqualTo("a copy of a Future (from the end of " + address + ") was not done within 10 ms");
        assertThat(late(client.call("a"))).startsWith("a call on " + address + " was not");
        assertThat(late(loop.pool(silent.address(), asking).call("a")))
                .startsWith("a call on pool to " + silent.address() + " was not");
        assertThat(late(loop.delay(Duration.ofHours(1)))).startsWith("a delay of here was not");
        assertThat(late(promise())).isEqualTo("a Promise of here was not done within 10 ms");
        assertThat(late(promise().flatMap(Future::of)))
                .isEqualTo("a Future made by flatMap (from a Promise of here) was not done within 10 ms");
        Future<?> written = connection.write("a".repeat(1 << 18));
        assertThat(late(connection.flush())).startsWith("flush of " + address + " was not");
        assertThat(late(written)).startsWith("write of " + address + " was not");
        loops.settle(connection.abort());
        loops.settle(loop.delay(Duration.ZERO));
        loops.reporter().take(Report.ConnectionFailed.class); // its peer was reset
    }

    @Test
    void what_is_done_holds_on_to_no_connection() {
        Listener echo = loops.settle(loop.serve(ANY, TextLines.pipeline(), loop::done));
        Connection<String, String> connection = loops.settle(loop.connect(echo.address(), TextLines.pipeline()));
        Future<?> closed = connection.closed();
        Future<?> flushed = connection.flush();
        loops.settle(flushed);
        loops.settle(connection.finish());
        loops.settle(closed);
        assertThat(flushed.describe()).isEqualTo("a Promise of here");
    }

    @Test
    void a_thread_without_a_name_is_called_by_its_kind_and_number() throws Exception {
        loop.start();
        var nameless = new java.util.concurrent.FutureTask<Object>(() -> {
            loop.requireConfined("receive", "connection");
            return null;
        });
        Thread thread = Thread.ofVirtual().start(nameless);
        assertThatThrownBy(nameless::get)
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .rootCause()
                .hasMessageContaining("on virtual thread #" + thread.threadId())
                .hasMessageContaining("while thread here drives here");
    }
}
