package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A pool in virtual time, and the server that it connects to. Each of the server's connections sends lines at the test's command. */
final class PoolRig implements AutoCloseable {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    final Loops loops;
    final Loop loop;
    final List<Peer> peers = new ArrayList<>(); // in the order in which they connected
    final List<PoolState> states = new ArrayList<>(); // as reported to the listener
    InetSocketAddress address;
    private Listener listener;
    private Consumer<Peer> greeting = peer -> {};
    private final List<Pool<?, ?>> pools = new ArrayList<>();
    private final List<Pool<String, String>> lines = new ArrayList<>();

    PoolRig() {
        this(Loops.manual());
    }

    PoolRig(Loops loops) {
        this(loops, new Observer() {});
    }

    PoolRig(Loops loops, Observer observer) {
        this.loops = loops;
        this.loop = loops.open(options -> options.observer(observer));
        listener = loops.settle(loop.listen(ANY, asItIs(), this::accepted));
        address = (InetSocketAddress) listener.address();
    }

    /** The server's end of one connection. */
    final class Peer {
        final Connection<String, String> connection;
        final List<String> heard = new ArrayList<>();
        boolean ended;
        boolean answers; // by itself, with "answer to …"

        Peer(Connection<String, String> connection) {
            this.connection = connection;
        }

        void says(String line) {
            onLoop(() -> connection.write(line + "\n"));
            settle();
        }

        void aborts() {
            onLoop(connection::abort);
            settle();
        }

        void closes() {
            onLoop(() -> {
                connection.close();
                return null;
            });
            settle();
        }

        private void hears(String line) {
            heard.add(line);
            if (answers && !line.startsWith("(")) { // nothing answers a line in brackets
                connection.write("answer to " + line + "\n");
            }
        }
    }

    private void accepted(Connection<String, String> connection) {
        var peer = new Peer(connection);
        peers.add(peer);
        connection.onFailure(failure -> peer.ended = true).onMessage(peer::hears, () -> {
            peer.ended = true;
            connection.close();
        });
        greeting.accept(peer);
    }

    static Pipeline<String, String> asItIs() {
        return Pipeline.of(Codec.of(
                (in, context) -> line(in), (text, out) -> out.writeCharSequence(text, StandardCharsets.UTF_8)));
    }

    private static String line(ByteBuf in) {
        int length = in.bytesBefore((byte) '\n');
        return length < 0
                ? null
                : in.readString(length + 1, StandardCharsets.UTF_8).stripTrailing();
    }

    static ClientProtocol<String, String> protocol() {
        return ClientProtocol.inOrder(TextLines.pipeline());
    }

    /** From now on, the server greets each new connection with this. */
    PoolRig greets(Consumer<Peer> newGreeting) {
        greeting = newGreeting;
        return this;
    }

    /** From now on, each new connection answers by itself. */
    PoolRig answering() {
        return greets(peer -> peer.answers = true);
    }

    Pool<String, String> pool(ClientProtocol<String, String> protocol, PoolOptions options) {
        Pool<String, String> pool = pool(address, protocol, options);
        lines.add(pool);
        return pool;
    }

    <Q, A> Pool<Q, A> pool(java.net.SocketAddress where, ClientProtocol<Q, A> protocol, PoolOptions options) {
        Pool<Q, A> pool =
                loop.pool(where, protocol, options.onState() == null ? options.onState(states::add) : options);
        pools.add(pool);
        settle();
        return pool;
    }

    /** The server goes away: it stops listening, and resets its connections. */
    void goesDown() {
        listener.close();
        settle();
        peers.forEach(peer -> onLoop(peer.connection::abort));
        settle();
    }

    /** The server stops listening; existing connections stay. */
    void refuses() {
        listener.close();
        settle();
    }

    void comesBack() {
        listener = loops.settle(loop.listen(address, asItIs(), this::accepted));
    }

    List<Pool<String, String>> pools() {
        return lines;
    }

    /** The number of connection attempts, in all. */
    int attempts() {
        return loops.transport().attempts();
    }

    Peer lastPeer() {
        return peers.getLast();
    }

    /** The peers whose connection is open. */
    List<Peer> livePeers() {
        return peers.stream()
                .filter(peer -> peer.connection.isOpen() && !peer.ended)
                .toList();
    }

    <T> T onLoop(Callable<T> action) {
        return loops.settle(loop.submit(action));
    }

    <Q, A> Future<A> call(Pool<Q, A> pool, Q request) {
        Future<A> answer = onLoop(() -> pool.call(request));
        settle();
        return answer;
    }

    <Q, A> Future<A> call(Pool<Q, A> pool, Q request, Duration deadline) {
        Future<A> answer = onLoop(() -> pool.call(request, deadline));
        settle();
        return answer;
    }

    CallFailedException failureOf(Future<?> call) {
        assertThat(call.isDone()).as("the call has ended").isTrue();
        assertThat(call.failure()).isInstanceOf(CallFailedException.class);
        return (CallFailedException) call.failure();
    }

    void settle() {
        for (int n = 0; n < 40; n++) {
            loop.tick();
        }
    }

    void passes(Duration time) {
        int steps = 50;
        for (int n = 0; n < steps; n++) {
            loops.clock().advance(time.dividedBy(steps));
            for (int i = 0; i < 6; i++) {
                loop.tick();
            }
        }
        settle();
    }

    List<Class<?>> kinds() {
        return states.stream().<Class<?>>map(PoolState::getClass).toList();
    }

    @Override
    public void close() {
        if (!loop.isClosed()) {
            pools.forEach(Pool::close);
            settle();
            pools.forEach(pool ->
                    assertThat(pool.closed().isDone()).as(pool + " is gone").isTrue());
            peers.forEach(peer -> onLoop(peer.connection::abort));
            listener.close();
            settle();
            assertThat(loop.connections()).isZero();
            assertThat(loop.nextTimer()).as("a timer that is left").isEmpty();
        }
        loops.close();
    }
}
