package rill.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ByteLayer;
import rill.Client;
import rill.ClientProtocol;
import rill.Codec;
import rill.Connection;
import rill.Context;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.testing.UnderTest;

/** The framework's allocations per message, measured on the loops' own threads once they are warm. */
@Tag("slow")
class AllocationTest {
    private static final ResourceLeakDetector.Level LEVEL = ResourceLeakDetector.getLevel();

    @BeforeAll
    static void detectLeaksAsInProduction() {
        ResourceLeakDetector.setLevel(
                ResourceLeakDetector.Level.SIMPLE); // the paranoid level allocates for each buffer
    }

    @AfterAll
    static void detectLeaksAsBefore() {
        ResourceLeakDetector.setLevel(LEVEL);
    }

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int SIZE = 64;
    private static final int WARM_UP = 300_000; // native calls allocate until C2 has compiled them
    private static final int MEASURED = 50_000;
    private static final int MEASURED_ALONE = 10_000;
    private static final int ROUNDS = 5;
    private static final int IN_FLIGHT = 16;

    /** A lagging compiler thread leaves a few bytes. A single object per message would be at least 16 bytes, one per batch of 16 at least 1. */
    private static final double ALMOST_NOTHING = 0.5;

    /** From accept to close a connection takes 860 bytes of the framework's own, and 550 more of the JDK's for the channel. */
    private static final int LITTLE = 2_000;

    private static final int CONNECTIONS = 500;

    /** A Promise takes 32 bytes. */
    private static final double ONE_PROMISE = 32.5;

    private static final String MESSAGE = "always the same message";

    private final Loop server = open("server");
    private final Loop client = open("client");

    private static Loop open(String name) {
        try {
            return Loop.open(LoopOptions.defaults()
                            .transport(UnderTest.transport())
                            .name(name)
                            .reporter(report -> {}))
                    .start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void closeAll() {
        client.close(Duration.ZERO);
        server.close(Duration.ZERO);
    }

    /** Messages of a fixed size; only one instance exists. */
    private static Pipeline<String, String> fixed() {
        return Pipeline.of(Codec.of(AllocationTest::decode, AllocationTest::encode));
    }

    private static String decode(ByteBuf in, Context context) {
        if (in.readableBytes() < SIZE) {
            return null;
        }
        in.skipBytes(SIZE);
        return MESSAGE;
    }

    private static void encode(String message, ByteBuf out) {
        for (int i = 0; i < SIZE; i += Long.BYTES) {
            out.writeLong(i);
        }
    }

    private static void echo(Connection<String, String> connection) {
        connection.onMessage(connection::write);
    }

    /** The bytes that each loop has allocated, read on its own thread. */
    private record Reading(long server, long client) {}

    private Reading read() throws IOException {
        return new Reading(
                server.submit(THREADS::getCurrentThreadAllocatedBytes).await(),
                client.submit(THREADS::getCurrentThreadAllocatedBytes).await());
    }

    /** Keeps {@code inFlight} messages in flight until all are answered. */
    private static final class PingPong {
        private final Connection<String, String> connection;
        private Promise<String> done;
        private int toSend;
        private int toReceive;

        PingPong(Connection<String, String> connection) {
            this.connection = connection;
            connection.onMessage(this::received);
        }

        void start(int messages, int inFlight, Promise<String> whenDone) {
            toSend = messages - inFlight;
            toReceive = messages;
            done = whenDone;
            for (int i = 0; i < inFlight; i++) {
                connection.write(MESSAGE);
            }
        }

        private void received(String message) {
            if (toSend-- > 0) {
                connection.write(message);
            }
            if (--toReceive == 0) {
                done.complete(message);
            }
        }
    }

    private void run(PingPong pingPong, int messages, int inFlight) throws IOException {
        Promise<String> done = client.promise();
        client.schedule(() -> pingPong.start(messages, inFlight, done));
        done.timeout(Duration.ofSeconds(60)).await();
    }

    private void assertEchoAllocatesNothing(Pipeline<String, String> pipeline, int inFlight) throws IOException {
        Listener listener = server.<String, String>listen(OverSockets.ANY_PORT, pipeline, AllocationTest::echo)
                .await();
        Connection<String, String> connection =
                client.connect(listener.address(), pipeline).await();
        var pingPong = client.submit(() -> new PingPong(connection)).await();
        int measured = inFlight == 1 ? MEASURED_ALONE : MEASURED;
        run(pingPong, WARM_UP, IN_FLIGHT);
        run(pingPong, measured, inFlight);
        double onServer = Double.MAX_VALUE;
        double onClient = Double.MAX_VALUE;
        // The quietest of several rounds: on a busy machine the compiler's threads lag behind.
        for (int round = 0; round < ROUNDS && Math.max(onServer, onClient) > ALMOST_NOTHING; round++) {
            Reading before = read();
            run(pingPong, measured, inFlight);
            Reading after = read();
            onServer = Math.min(onServer, (after.server - before.server) / (double) measured);
            onClient = Math.min(onClient, (after.client - before.client) / (double) measured);
        }
        assertThat(onServer).as("bytes per message on the server").isLessThanOrEqualTo(ALMOST_NOTHING);
        assertThat(onClient).as("bytes per message on the client").isLessThanOrEqualTo(ALMOST_NOTHING);
    }

    @Test
    void an_echo_allocates_nothing_per_message() throws IOException {
        assertEchoAllocatesNothing(fixed(), IN_FLIGHT);
    }

    @Test
    void even_a_lone_message_in_flight_allocates_nothing() throws IOException {
        assertEchoAllocatesNothing(fixed(), 1);
    }

    @Test
    void a_byte_layer_between_adds_nothing() throws IOException {
        ByteLayer plain = Inverting::new;
        assertEchoAllocatesNothing(fixed().over(plain), IN_FLIGHT);
    }

    @Test
    void a_call_allocates_one_promise() throws IOException {
        Listener listener = server.<String, String>listen(OverSockets.ANY_PORT, fixed(), AllocationTest::echo)
                .await();
        Client<String, String> calls = client.connect(listener.address(), ClientProtocol.inOrder(fixed()))
                .await();
        var caller = new Caller(calls);
        caller.run(WARM_UP);
        double least = Double.MAX_VALUE; // recompilation adds to one round, a call's own allocation to each
        for (int round = 0; round < ROUNDS; round++) {
            long before = read().client;
            caller.run(MEASURED);
            least = Math.min(least, (read().client - before) / (double) MEASURED);
        }
        assertThat(least).as("bytes per call").isLessThanOrEqualTo(ONE_PROMISE);
    }

    @Test
    void a_connection_that_is_used_once_leaves_little_behind() throws Exception {
        Listener listener = server.<String, String>listen(OverSockets.ANY_PORT, fixed(), AllocationTest::echo)
                .await();
        double least = Double.MAX_VALUE;
        for (int round = 0; round < 6 * ROUNDS && least > LITTLE; round++) {
            long before = server.submit(THREADS::getCurrentThreadAllocatedBytes).await();
            for (int n = 0; n < CONNECTIONS; n++) {
                useOnce((InetSocketAddress) listener.address());
            }
            long after = server.submit(THREADS::getCurrentThreadAllocatedBytes).await();
            least = Math.min(least, (after - before) / (double) CONNECTIONS);
        }
        assertThat(least).as("bytes per connection").isLessThanOrEqualTo(LITTLE);
    }

    private static void useOnce(InetSocketAddress address) throws IOException {
        try (var socket = new Socket(address.getAddress(), address.getPort())) {
            socket.getOutputStream().write(new byte[SIZE]);
            assertThat(socket.getInputStream().readNBytes(SIZE)).hasSize(SIZE);
        }
    }

    /** Makes a new call for each answer. */
    private final class Caller implements BiConsumer<String, Throwable> {
        private final Client<String, String> calls;
        private Promise<String> done;
        private int toCall;
        private int toAnswer;

        Caller(Client<String, String> calls) {
            this.calls = calls;
        }

        void run(int count) throws IOException {
            done = client.promise();
            client.schedule(() -> {
                toCall = count;
                toAnswer = count;
                for (int i = 0; i < IN_FLIGHT; i++) {
                    call();
                }
            });
            done.timeout(Duration.ofSeconds(60)).await();
        }

        private void call() {
            if (toCall-- > 0) {
                calls.call(MESSAGE).onDone(this);
            }
        }

        @Override
        public void accept(String answer, Throwable failure) {
            if (failure != null) {
                done.fail(failure);
            } else if (--toAnswer == 0) {
                done.complete(answer);
            } else {
                call();
            }
        }
    }
}
