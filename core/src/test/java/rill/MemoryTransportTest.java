package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.testing.Faults;
import rill.testing.Loops;

/** Connections over a transport that completes late, splits, ignores hints and fails on command. */
class MemoryTransportTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private Listener echo() {
        return loops.settle(loop.listen(ANY, Pipeline.bytes(), connection -> connection.onMessage(connection::write)));
    }

    private Connection<ByteBuf, ByteBuf> connect(Listener listener) {
        return loops.settle(loop.connect(listener.address(), Pipeline.bytes()));
    }

    @ParameterizedTest
    @CsvSource({"65536, 0, false", "1, 0, false", "7, 30, false", "1000, 60, true", "65536, 90, true"})
    void bytes_come_back_as_they_went_however_they_are_split_and_delayed(int largest, int delay, boolean hints) {
        loops.transport().split(largest).delay(delay);
        if (hints) {
            loops.transport().takingHints();
        }
        byte[] sent = new byte[largest < 100 ? 3_000 : 300_000];
        new Random(1).nextBytes(sent);
        Connection<ByteBuf, ByteBuf> connection = connect(echo());
        ByteBuf received = Unpooled.buffer();
        Task<Void> reader = loop.task(() -> {
            while (received.readableBytes() < sent.length) {
                ByteBuf piece = connection.receive().await();
                received.writeBytes(piece);
                piece.release();
            }
            return null;
        });
        Task<Void> writer = loop.task(() -> {
            for (int at = 0; at < sent.length; at += 10_000) {
                connection
                        .write(Unpooled.copiedBuffer(sent, at, Math.min(10_000, sent.length - at)))
                        .await();
            }
            return null;
        });

        loops.settle(writer);
        loops.settle(reader);

        assertThat(ByteBufUtil.getBytes(received)).as("%s", loops.transport()).isEqualTo(sent);
        end(connection);
    }

    /** Closes both ends, which are on one loop. */
    private void end(Connection<ByteBuf, ByteBuf> connection) {
        connection.close();
        loops.tickUntil(() -> loop.connections() == 0);
        assertThat(connection.closed().isDone()).isTrue();
    }

    @Test
    void writes_are_held_until_a_later_select_reports_them() {
        Connection<ByteBuf, ByteBuf> connection = connect(echo());
        ByteBuf message = Unpooled.copiedBuffer(new byte[10]);
        Future<Void> flushed = loops.settle(loop.submit(() -> {
            connection.write(message);
            Future<Void> all = connection.flush();
            log.add("done at once: " + all.isDone());
            return all;
        }));

        loops.settle(flushed);

        assertThat(log).containsExactly("done at once: false");
        assertThat(message.refCnt()).isZero();
        end(connection);
    }

    @Test
    void a_refused_connection_fails_with_the_address_in_its_message() {
        loops.transport().nextConnection(Faults.refused());
        Listener listener = echo();

        Throwable failure = loops.failureOf(loop.connect(listener.address(), Pipeline.bytes()));

        assertThat(failure)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(listener.address().toString());
        assertThat(loop.connections()).isZero();
    }

    @Test
    void a_connection_that_is_never_answered_runs_into_its_deadline() {
        loops.transport().nextConnection(Faults.unanswered());
        Future<Connection<ByteBuf, ByteBuf>> connecting = loop.connect(
                echo().address(), Pipeline.bytes(), ConnectOptions.defaults().timeout(Duration.ofSeconds(3)));
        loop.tick();
        loop.tick();
        assertThat(connecting.isDone()).isFalse();
        loops.clock().advance(Duration.ofSeconds(3));

        assertThat(loops.failureOf(connecting)).isInstanceOf(IOException.class);
        loops.tickUntil(() -> loops.selector().wires().isEmpty());
    }

    @Test
    void a_connection_cancelled_before_and_during_connecting_leaves_nothing() {
        Listener listener = echo();
        Future<Connection<ByteBuf, ByteBuf>> before = loop.connect(listener.address(), Pipeline.bytes());
        before.cancel();
        loops.transport().nextConnection(Faults.unanswered());
        Future<Connection<ByteBuf, ByteBuf>> during = loop.connect(listener.address(), Pipeline.bytes());
        loop.tick();
        loop.tick();
        during.cancel();

        loops.tickUntil(() -> loops.selector().wires().isEmpty());

        assertThat(before.isCancelled()).isTrue();
        assertThat(during.isCancelled()).isTrue();
        assertThat(loop.connections()).isZero();
    }

    @Test
    void a_reset_in_the_middle_of_reading_fails_the_receiver_and_nobody_else() {
        loops.transport().nextConnection(Faults.none().resetAfterRead(5));
        Listener listener = echo();
        Connection<ByteBuf, ByteBuf> broken = connect(listener);
        Connection<ByteBuf, ByteBuf> sound = connect(listener);
        Task<Integer> reader = loop.task(() -> {
            broken.write(Unpooled.copiedBuffer(new byte[10]));
            ByteBuf first = broken.receive().await();
            int n = first.readableBytes();
            first.release();
            log.add("read " + n);
            return broken.receive().await().readableBytes();
        });
        assertThat(loops.failureOf(reader)).isInstanceOf(IOException.class).hasMessageContaining("reset");
        assertThat(log).containsExactly("read 5");

        Task<Integer> other = loop.task(() -> {
            sound.write(Unpooled.copiedBuffer(new byte[10]));
            ByteBuf answer = sound.receive().await();
            int n = answer.readableBytes();
            answer.release();
            return n;
        });

        assertThat(loops.settle(other)).isEqualTo(10);
        assertThat(loops.settle(broken.closed())).isNull();
        end(sound);
        loops.reporter().take(Report.ConnectionFailed.class); // the server's side has no onFailure
    }

    @Test
    void a_reset_in_the_middle_of_writing_fails_the_flush_and_releases_the_rest() {
        loops.transport().nextConnection(Faults.none().resetAfterWritten(5));
        Connection<ByteBuf, ByteBuf> connection = connect(echo());
        var failures = new ArrayList<Throwable>();
        ByteBuf message = Unpooled.copiedBuffer(new byte[100_000]);
        Future<Void> flushed = loops.settle(loop.submit(() -> {
            connection.onFailure(failure -> failures.add(failure.cause()));
            connection.write(message);
            return connection.flush();
        }));

        assertThat(loops.failureOf(flushed)).isInstanceOf(IOException.class);
        loops.tickUntil(() -> !failures.isEmpty());
        end(connection);

        assertThat(failures).hasSize(1);
        assertThat(message.refCnt()).isZero();
        loops.reporter().take(Report.ConnectionFailed.class); // the server's side has no onFailure
    }

    @Test
    void a_peer_that_takes_nothing_more_makes_the_writer_wait_and_then_fail_with_bounded_memory() {
        loops.transport().nextConnection(Faults.none().stallAfterWritten(1));
        Connection<ByteBuf, ByteBuf> connection = connect(echo());
        int[] accepted = {0};
        Future<Throwable> refusal = loop.submit(() -> {
            while (true) {
                Future<Void> written = connection.write(Unpooled.copiedBuffer(new byte[10_000]));
                if (written.failure() != null) {
                    return written.failure();
                }
                accepted[0]++;
            }
        });

        assertThat(loops.settle(refusal)).isInstanceOf(IOException.class).hasMessageContaining("hard limit");
        assertThat((long) accepted[0] * 10_000)
                .isLessThanOrEqualTo(ConnectionLimits.defaults().hardLimit() + 10_000);
        connection.abort();
        end(connection);
        loops.reporter().take(Report.ConnectionFailed.class); // the server's side has no onFailure
    }

    @Test
    void a_connect_timeout_beyond_292_years_is_fine() {
        Future<Connection<ByteBuf, ByteBuf>> connecting = loop.connect(
                echo().address(),
                Pipeline.bytes(),
                ConnectOptions.defaults().timeout(Duration.ofSeconds(Long.MAX_VALUE)));

        end(loops.settle(connecting));
    }

    @Test
    void connecting_to_where_nobody_listens_is_refused() {
        Listener listener = echo();
        listener.close();
        loop.tick();

        Throwable failure = loops.failureOf(loop.connect(listener.address(), Pipeline.bytes()));

        assertThat(failure).isInstanceOf(IOException.class);
        assertThat(failure.toString() + failure.getCause()).contains("refused");
        assertThat(Faults.refused().connectFailure()).isInstanceOf(ConnectException.class);
    }
}
