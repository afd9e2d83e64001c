package rill.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Loop;
import rill.Pipeline;
import rill.testing.TextLines;

/** A flooding connection and a quiet one; and writers on many threads. */
@Tag("slow")
class FairnessTest extends OverSockets {
    /** What one connection may read in its turn, plus the one read that may exceed it. */
    private static final long TURN = 256 * 1024 + 64 * 1024;

    @Test
    void a_flooding_connection_gets_one_bounded_turn_before_the_quiet_one_has_its_own() throws Exception {
        var flooded = new AtomicLong();
        var answered = new AtomicBoolean();
        InetSocketAddress sink = listen(
                Pipeline.bytes(),
                connection -> connection.onMessage(bytes -> {
                    flooded.addAndGet(bytes.readableBytes());
                    bytes.release();
                }));
        InetSocketAddress echo = listen(
                TextLines.pipeline(),
                connection -> connection.onMessage(line -> {
                    answered.set(true);
                    connection.write(line);
                }));
        Socket flood = socketTo(sink);
        Socket quiet = socketTo(echo);
        until("both are accepted", () -> loop.connections() == 2);
        Thread flooder = Thread.ofPlatform().start(() -> floodUntilClosed(flood));
        until("the flood has begun", () -> flooded.get() > TURN);
        for (int round = 0; round < 20; round++) {
            answered.set(false);
            quiet.getOutputStream().write("ping\n".getBytes(StandardCharsets.US_ASCII));
            long before = flooded.get();
            int ticks = 0;
            while (!answered.get() && ticks < 1_000) {
                loop.tick();
                ticks++;
            }
            assertThat(answered).isTrue();
            assertThat(flooded.get() - before)
                    .as("bytes of the flood in %d ticks", ticks)
                    .isLessThanOrEqualTo(ticks * TURN);
            assertThat(ticks).as("ticks until the quiet one was heard").isLessThanOrEqualTo(3);
            until("the answer has come", () -> quiet.getInputStream().available() >= 5);
            assertThat(quiet.getInputStream().readNBytes(5)).asString().isEqualTo("ping\n");
        }
        flood.close();
        flooder.join();
    }

    private static void floodUntilClosed(Socket socket) {
        byte[] wave = new byte[1 << 20];
        try {
            OutputStream out = socket.getOutputStream();
            while (!socket.isClosed()) {
                out.write(wave);
            }
        } catch (IOException closed) {
            // expected
        }
    }

    @Test
    void messages_written_by_several_threads_arrive_whole_and_in_each_ones_order() throws Exception {
        loop.start(); // other threads wait for it, and on some transports may not drive it
        int threads = 4;
        int each = 2_000;
        List<String> received = new ArrayList<>();
        InetSocketAddress address = listen(TextLines.pipeline(), connection -> connection.onMessage(received::add));
        Connection<String, String> connection = connect(address, TextLines.pipeline());
        List<Thread> writers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int writer = t;
            writers.add(Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < each; i++) {
                        connection.write(writer + " " + i).await();
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        until("everything has come", () -> received.size() == threads * each);
        for (Thread writer : writers) {
            writer.join();
        }
        Set<String> left = new HashSet<>();
        int[] next = new int[threads];
        for (String line : received) {
            int writer = Integer.parseInt(line.substring(0, 1));
            if (!line.equals(writer + " " + next[writer]++)) {
                left.add(line);
            }
        }
        assertThat(left).as("out of order").isEmpty();
    }

    @Test
    void flush_from_another_thread_comes_after_that_threads_writes() throws Exception {
        List<String> received = new ArrayList<>();
        InetSocketAddress address = listen(TextLines.pipeline(), connection -> connection.onMessage(received::add));
        Connection<String, String> connection = connect(address, TextLines.pipeline());
        for (int i = 0; i < 100; i++) {
            connection.write("line " + i);
        }
        await(connection.flush());
        assertThat(Loop.current()).isNull();
        until("all lines have come", () -> received.size() == 100);
        assertThat(received).startsWith("line 0").endsWith("line 99");
    }
}
