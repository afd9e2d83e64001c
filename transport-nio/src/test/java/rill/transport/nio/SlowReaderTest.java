package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testing.ManualClock;
import rill.testing.RawPeer;
import rill.testing.UnderTest;

/** A peer that reads slowly and steadily while our side closes, in the test's time: a second passes with each piece that the peer reads. */
class SlowReaderTest extends OnNio {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualClock clock = new ManualClock();
    private Loop server;

    @BeforeEach
    void openServer() throws Exception {
        server = another(new CountingTransport(clock));
    }

    /** Sends {@code total} bytes to an echo, half-closes, and reads the answer in pieces, one a second. */
    private void readsBack(int total, int aSecond, ListenOptions options) throws Exception {
        Listener echo =
                server.serve(ANY_PORT, Pipeline.bytes(), options, Future::of).await();
        var socket = new Socket();
        socket.setReceiveBufferSize(4 * 1024);
        socket.connect(echo.address());
        Thread sender = Thread.ofPlatform().name("raw-peer-sender").start(() -> {
            try {
                socket.getOutputStream().write(new byte[total]);
                socket.shutdownOutput();
            } catch (IOException e) {
                // then there is no answer, which is detected below
            }
        });
        try (socket) {
            InputStream in = socket.getInputStream();
            for (int ticks = 0; sender.isAlive() || ticks < 1000; ticks++) {
                server.tick(); // all of the answer is in flight or waits in the server before any of it is read
            }
            for (int read = 0; read < total; ) {
                read += readPiece(in, Math.min(aSecond, total - read));
                clock.advance(SECOND);
                server.tick();
                server.tick();
            }
            assertThat(in.read()).isEqualTo(-1);
        } finally {
            sender.join();
        }
        untilNoConnections();
        echo.close();
        server.tick();
    }

    private void untilNoConnections() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (server.connections() > 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            server.tick();
        }
    }

    /** Drives the server until the piece has arrived. */
    private int readPiece(InputStream in, int size) throws IOException {
        byte[] piece = new byte[size];
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (int read = 0; read < size; ) {
            if (in.available() > 0) {
                read += in.read(piece, read, size - read);
            } else if (System.nanoTime() > deadline) {
                assertThat(in.read()).as("what comes in place of the next byte").isNotNegative(); // or throws
            } else {
                server.tick();
                Thread.onSpinWait();
            }
        }
        return size;
    }

    @Test
    void one_that_takes_little_at_a_time_gets_all_of_its_answer() throws Exception {
        readsBack(300_000, 4 * 1024, ListenOptions.defaults().option(StandardSocketOptions.SO_SNDBUF, 64 * 1024));
    }

    @Test
    @Tag("slow")
    void one_that_reads_16_kib_a_second_gets_all_of_three_million_bytes() throws Exception {
        readsBack(3_000_000, 16 * 1024, ListenOptions.defaults());
    }

    /**
     * Everything has left our side by then, and the kernel continues to send it. A peer that sends something to a closed socket gets a reset, which
     * destroys what it has not read. So the socket must stay open for as long as the peer is known to be reading.
     */
    @Test
    void one_that_still_reads_after_our_end_gets_all_of_it_even_if_it_sends_something_where_the_kernel_tells()
            throws Exception {
        boolean kernelTells = UnderTest.name().equals("epoll");
        int total = 400_000;
        Listener talker = server.listen(ANY_PORT, Pipeline.bytes(), connection -> {
                    connection.write(Unpooled.directBuffer().writeZero(total));
                    connection.close();
                })
                .await();
        try (var socket = new Socket()) {
            socket.setReceiveBufferSize(4 * 1024);
            socket.connect(talker.address());
            for (int read = 0; read < total; ) {
                read += readPiece(socket.getInputStream(), Math.min(16 * 1024, total - read));
                if (kernelTells) {
                    socket.getOutputStream().write('.');
                }
                clock.advance(SECOND);
                server.tick();
                server.tick();
            }
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        untilNoConnections();
        talker.close();
        server.tick();
    }

    @Test
    void one_that_takes_nothing_is_cut_off_and_no_sooner_than_after_the_limit() throws Exception {
        Listener talker = server.listen(ANY_PORT, Pipeline.bytes(), connection -> {
                    connection.write(Unpooled.directBuffer().writeZero(8 * 1024 * 1024));
                    connection.close();
                })
                .await();
        try (var peer = RawPeer.connecting(talker.address(), talk -> talk.waitFor(new CountDownLatch(1)))) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (server.connections() == 0) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                server.tick();
            }
            Duration passed = Duration.ZERO;
            while (server.connections() > 0) {
                assertThat(passed).isLessThan(Duration.ofSeconds(60));
                clock.advance(SECOND);
                passed = passed.plus(SECOND);
                server.tick();
                server.tick();
            }
            assertThat(passed).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(20));
        }
        talker.close();
        server.tick();
    }
}
