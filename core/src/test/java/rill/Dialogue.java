package rill;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import rill.testing.Loops;
import rill.testing.ManualClock;
import rill.testing.TextLines;

/** A client in virtual time, and the other end of its connection, which sends lines at the test's command. */
final class Dialogue<Q, A> implements AutoCloseable {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    final Loops loops = Loops.manual();
    final Loop loop = loops.open();
    final Client<Q, A> client;
    final List<String> heard = new ArrayList<>(); // by the other end
    final List<Throwable> failures = new ArrayList<>(); // of the other end
    private Connection<String, String> peer;

    Dialogue(ClientProtocol<Q, A> protocol) {
        Listener listener = loops.settle(loop.listen(ANY, asItIs(), connection -> {
            peer = connection;
            connection.onFailure(failure -> failures.add(failure.cause())).onMessage(heard::add);
        }));
        client = loops.settle(loop.connect(listener.address(), protocol));
        loops.tickUntil(() -> peer != null);
    }

    /** The other end hears lines, and sends text unchanged, whole lines or not. */
    private static Pipeline<String, String> asItIs() {
        return Pipeline.of(
                Codec.of(Dialogue::line, (text, out) -> out.writeCharSequence(text, StandardCharsets.UTF_8)));
    }

    private static String line(ByteBuf in, Context context) {
        int length = in.bytesBefore((byte) '\n');
        return length < 0
                ? null
                : in.readString(length + 1, StandardCharsets.UTF_8).stripTrailing();
    }

    /** Lines of text, answered in order. */
    static ClientProtocol<String, String> inOrder() {
        return ClientProtocol.inOrder(TextLines.pipeline());
    }

    /** Lines of text; the key is what precedes the colon. */
    static ClientProtocol<String, String> byKey() {
        return ClientProtocol.byKey(TextLines.pipeline(), Dialogue::key, Dialogue::key);
    }

    private static String key(String line) {
        return line.substring(0, line.indexOf(':'));
    }

    ManualClock clock() {
        return loops.clock();
    }

    Connection<String, String> peer() {
        return peer;
    }

    /** Runs the action on the loop, at once. */
    <T> T onLoop(Callable<T> action) {
        return loops.settle(loop.submit(action));
    }

    /** Makes a call on the loop. */
    Future<A> call(Q request) {
        return onLoop(() -> client.call(request));
    }

    /** Makes a call on the loop, with a deadline of its own. */
    Future<A> call(Q request, Duration deadline) {
        return onLoop(() -> client.call(request, deadline));
    }

    /** The other end sends these lines in one packet. */
    void says(String... lines) {
        saysPart(String.join("\n", lines) + "\n");
    }

    /** The other end sends text that need not end with a line break. */
    void saysPart(String text) {
        onLoop(() -> peer.write(text));
        settle();
    }

    /** The other end ends its stream. */
    void ends() {
        onLoop(peer::finish);
        settle();
    }

    /** Ticks until everything under way has happened. */
    void settle() {
        for (int n = 0; n < 20; n++) {
            loop.tick();
        }
    }

    /** Lets time pass in small steps. */
    void passes(Duration time) {
        int steps = 50;
        for (int n = 0; n < steps; n++) {
            clock().advance(time.dividedBy(steps));
            loop.tick();
        }
        settle();
    }

    Throwable failureOf(Future<?> call) {
        return loops.failureOf(call);
    }

    /** The number of calls without an answer, tombstones included. */
    int inFlight() {
        return onLoop(client::unanswered);
    }

    @Override
    public void close() {
        if (!loop.isClosed()) {
            client.close();
            settle();
        }
        loops.close();
    }
}
