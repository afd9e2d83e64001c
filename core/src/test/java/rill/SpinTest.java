package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Polling for a while before sleeping. */
class SpinTest {
    /** A transport without sockets whose clock advances with each poll; a select that would sleep ends the test's wait. */
    private static final class Polled implements Transport, Selector {
        private final long nanosPerPoll;
        private long now;
        private boolean counting;
        int polls;
        int sleeps;
        int eventAtPoll = -1;
        Promise<String> waited;
        Runnable event = () -> waited.complete("event");

        Polled(Duration perPoll) {
            nanosPerPoll = perPoll.toNanos();
        }

        @Override
        public void select(long timeoutNanos) {
            now += nanosPerPoll;
            if (!counting) {
                return;
            }
            if (timeoutNanos != 0) {
                sleeps++;
                waited.complete("slept");
            } else if (++polls == eventAtPoll) {
                event.run();
            }
        }

        /** Called in a Task: waits until something happens or the loop goes to sleep. */
        String waitIn(Loop loop) throws IOException {
            waited = loop.promise();
            counting = true;
            try {
                return waited.await();
            } finally {
                counting = false;
            }
        }

        @Override
        public String name() {
            return "polled";
        }

        @Override
        public int preference() {
            return 0;
        }

        @Override
        public Environment environment() {
            var usual = Environment.production();
            return new Environment(() -> now, new Random(1), usual.resolver(), usual.blocking(), usual.memory(), null);
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) {
            return this;
        }

        @Override
        public void wakeup() {}

        @Override
        public Wire connect(SocketAddress to, SocketAddress from, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException("there are no sockets");
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException("there are no sockets");
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener) {
            throw new UnsupportedOperationException("there are no sockets");
        }

        @Override
        public void close() {}
    }

    private static Loop open(Polled transport, Duration spin) throws IOException {
        return Loop.open(LoopOptions.defaults()
                .transport(transport)
                .spin(spin)
                .slowHandle(Duration.ZERO)
                .reporter(report -> {}));
    }

    @Test
    void by_default_an_idle_loop_sleeps_at_once() throws Exception {
        var transport = new Polled(Duration.ofNanos(100_000));
        try (var loop = open(transport, LoopOptions.defaults().spin())) {
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("slept");
            assertThat(transport.polls).isZero();
        }
    }

    @Test
    void an_idle_loop_polls_for_so_long_and_then_sleeps() throws Exception {
        var transport = new Polled(Duration.ofNanos(100_000));
        try (var loop = open(transport, Duration.ofMillis(1))) {
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("slept");
            assertThat(transport.polls).isEqualTo(10);
            assertThat(transport.sleeps).isEqualTo(1);
        }
    }

    @Test
    void what_comes_meanwhile_is_handled_without_sleeping() throws Exception {
        var transport = new Polled(Duration.ofNanos(100_000));
        transport.eventAtPoll = 3;
        try (var loop = open(transport, Duration.ofMillis(1))) {
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("event");
            assertThat(transport.polls).isEqualTo(3);
            assertThat(transport.sleeps).isZero();
        }
    }

    @Test
    void a_timer_is_not_late_by_it() throws Exception {
        var transport = new Polled(Duration.ofNanos(100_000));
        long[] late = {-1};
        try (var loop = open(transport, Duration.ofMillis(1))) {
            String result = loop.run(() -> {
                long due = transport.now + 300_000;
                loop.schedule(Duration.ofNanos(300_000), () -> {
                    late[0] = transport.now - due;
                    transport.waited.complete("timer");
                });
                return transport.waitIn(loop);
            });
            assertThat(result).isEqualTo("timer");
            assertThat(late[0]).as("by one poll at most").isBetween(0L, 100_000L);
            assertThat(transport.sleeps).isZero();
        }
    }

    @Test
    void nor_is_one_that_a_read_has_set_meanwhile() throws Exception {
        var transport = new Polled(Duration.ofNanos(100_000));
        long[] late = {-1};
        try (var loop = open(transport, Duration.ofMillis(10))) {
            transport.eventAtPoll = 3;
            transport.event = () -> {
                long due = transport.now + 300_000;
                loop.schedule(Duration.ofNanos(300_000), () -> {
                    late[0] = transport.now - due;
                    transport.waited.complete("timer");
                });
            };
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("timer");
            assertThat(late[0]).as("by two polls at most").isBetween(0L, 200_000L);
            assertThat(transport.sleeps).isZero();
        }
    }

    @Test
    void a_clock_that_stands_still_does_not_make_it_spin_for_ever() throws Exception {
        var transport = new Polled(Duration.ZERO);
        try (var loop = open(transport, Duration.ofMillis(1))) {
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("slept");
            assertThat(transport.polls).isLessThanOrEqualTo(1_000);
        }
    }

    @Test
    void what_other_threads_send_is_found_without_a_wakeup() throws Exception {
        var transport = new Polled(Duration.ofNanos(1));
        try (var loop = open(transport, Duration.ofSeconds(1))) {
            String result = loop.run(() -> {
                Thread.ofPlatform().start(() -> loop.schedule(() -> transport.waited.complete("sent")));
                return transport.waitIn(loop);
            });
            assertThat(result).isEqualTo("sent");
            assertThat(transport.sleeps).isZero();
        }
    }

    @Test
    void during_a_burst_what_other_threads_send_is_found_once_they_have_paused() throws Exception {
        int pollsOfLull = 100;
        var transport = new Polled(Duration.ofNanos(PollPolicy.LULL_NANOS / pollsOfLull));
        try (var loop = open(transport, Duration.ofNanos(20 * PollPolicy.LULL_NANOS))) {
            transport.eventAtPoll = 3;
            transport.event = () -> {
                try {
                    Outside.start(() -> {
                                loop.schedule(() -> transport.waited.complete("sent"));
                                return null;
                            })
                            .result();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            };
            assertThat(loop.run(() -> transport.waitIn(loop))).isEqualTo("sent");
            assertThat(transport.polls).isBetween(pollsOfLull / 2, pollsOfLull * 3 / 2);
            assertThat(transport.sleeps).isZero();
        }
    }

    @Test
    void a_loop_whose_last_connection_ends_while_it_polls_closes() throws Exception {
        var loops = Loops.realTime();
        Loop polling =
                loops.open(options -> options.spin(Duration.ofMillis(50))).start();
        Loop peer = loops.open().start();
        var server = polling.serve(new InetSocketAddress("127.0.0.1", 0), TextLines.pipeline(), Future::of)
                .await();
        var client = peer.connect(server.address(), ClientProtocol.inOrder(TextLines.pipeline()))
                .await();
        assertThat(client.call("hello").await()).isEqualTo("hello");

        var closing = Outside.start(() -> {
            polling.close(Duration.ofSeconds(5)); // the peer closes when it sees the end
            return polling.isClosed();
        });

        assertThat(closing.result()).isTrue();
        loops.close();
    }

    @Test
    void a_negative_time_is_refused() {
        assertThatThrownBy(() -> LoopOptions.defaults().spin(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
