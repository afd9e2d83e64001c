package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.ConnectionLimits;
import rill.Pipeline;
import rill.testing.RawPeer;

/** How a connection ends when our side closes it. */
class ClosingTest extends OnNio {
    private static final int MUCH = 3 * 1024 * 1024;

    private static ConnectOptions closing(Duration progress, int drain) {
        return ConnectOptions.defaults()
                .option(java.net.StandardSocketOptions.SO_SNDBUF, 16 * 1024) // so that the kernel can't take it all
                .limits(ConnectionLimits.defaults()
                        .waterMarks(64 * 1024, MUCH, 2 * MUCH)
                        .closeProgress(progress)
                        .drainBytes(drain));
    }

    @Test
    void close_flushes_everything_that_was_written() throws Exception {
        var closed = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(closed);
            talk.readExactly(MUCH);
            talk.expectEnd();
        })) {
            task(() -> {
                var options = closing(Duration.ofSeconds(5), 1024);
                var connection =
                        loop.connect(peer.address(), Pipeline.bytes(), options).await();
                connection.write(Unpooled.directBuffer(MUCH).writerIndex(MUCH));
                var gone = connection.finish();
                closed.countDown();
                gone.await();
            });
            peer.finish();
        }
    }

    @Test
    void close_with_unread_input_does_not_destroy_the_last_bytes() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send(new byte[100_000]);
            talk.expectLine("the last answer");
            talk.expectEnd();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Pipeline.bytes()).await();
                connection.pause(); // what the peer sends is never read
                pass(Duration.ofMillis(10));
                connection.write(Unpooled.copiedBuffer("the last answer\n", java.nio.charset.StandardCharsets.UTF_8));
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void what_a_peer_sends_after_close_is_drained_within_bounds() throws Exception {
        try (var peer = RawPeer.listening(talk -> assertThatThrownBy(() -> {
                    while (true) {
                        talk.send(new byte[64 * 1024]);
                    }
                })
                .isInstanceOf(IOException.class))) {
            task(() -> {
                var options = closing(Duration.ofSeconds(20), 500_000);
                var connection =
                        loop.connect(peer.address(), Pipeline.bytes(), options).await();
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_peer_that_neither_reads_nor_ends_is_cut_off_when_closing_makes_no_progress() throws Exception {
        var never = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> talk.waitFor(never))) {
            task(() -> {
                var options = closing(Duration.ofMillis(30), 1024);
                for (int size : new int[] {10, MUCH}) {
                    var connection = loop.connect(peer.address(), Pipeline.bytes(), options)
                            .await();
                    connection.write(Unpooled.directBuffer(size).writerIndex(size));
                    connection.finish().await();
                }
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void a_peer_that_sends_for_ever_and_never_reads_does_not_keep_a_closing_connection_alive() throws Exception {
        try (var peer = RawPeer.listening(talk -> assertThatThrownBy(() -> {
                    while (true) {
                        talk.send(new byte[1024]);
                    }
                })
                .isInstanceOf(IOException.class))) {
            task(() -> {
                var options = closing(Duration.ofMillis(30), 1024);
                var connection =
                        loop.connect(peer.address(), Pipeline.bytes(), options).await();
                connection.write(Unpooled.directBuffer(MUCH).writerIndex(MUCH));
                connection.finish().timeout(Duration.ofSeconds(5)).await();
            });
            peer.finish();
        }
    }

    @Test
    void abort_is_a_reset() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.expectReset())) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var line = connection.receive();
                connection.abort().await();
                assertThat(failureOf(line)).isInstanceOf(IOException.class).hasMessageContaining("closed");
            });
            peer.finish();
        }
    }

    @Test
    void an_accepted_connection_aborts_with_a_reset_too() throws Exception {
        task(() -> {
            var server =
                    loop.listen(ANY_PORT, Lines.PIPELINE, each -> each.abort()).await();
            try (var peer = RawPeer.connecting(server.address(), talk -> talk.expectReset())) {
                until(() -> loop.connections() == 0);
                pass(Duration.ofMillis(1));
                loop.submit(() -> {
                            peer.finish();
                            return true;
                        })
                        .await();
            }
            server.close();
        });
    }

    @Test
    void closing_and_aborting_again_does_nothing() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.expectEnd())) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var first = connection.finish();
                var second = connection.finish();
                first.await();
                second.await();
                connection.finish().await();
                connection.abort().await();
                assertThat(connection.closed().isDone()).isTrue();
            });
            peer.finish();
        }
    }

    @Test
    void a_closed_connection_answers_every_call_without_harm() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.finish().await();
                connection.pause();
                connection.resume();
                connection.stop();
                connection.onFailure(failure -> {});
                assertThat(failureOf(connection.receive())).hasMessageContaining("closed");
                assertThatThrownBy(() -> connection.option(java.net.StandardSocketOptions.TCP_NODELAY))
                        .isInstanceOf(ClosedChannelException.class);
                assertThat(connection.remoteAddress()).isEqualTo(peer.address());
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void closing_the_loop_flushes_pending_writes() throws Exception {
        var closing = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(closing);
            talk.readExactly(MUCH);
            talk.expectEnd();
        })) {
            task(() -> {
                var options = closing(Duration.ofSeconds(5), 1024);
                var connection =
                        loop.connect(peer.address(), Pipeline.bytes(), options).await();
                connection.write(Unpooled.directBuffer(MUCH).writerIndex(MUCH));
            });
            closing.countDown();
            loop.close(Duration.ofSeconds(8));
            peer.finish();
        }
    }

    @Test
    void closing_the_loop_with_a_peer_that_reads_nothing_is_forced_at_the_deadline_and_says_so() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            var unsent = Unpooled.directBuffer(MUCH).writerIndex(MUCH);
            task(() -> {
                var options = closing(Duration.ofSeconds(20), 1024);
                var connection =
                        loop.connect(peer.address(), Pipeline.bytes(), options).await();
                connection.write(unsent);
            });
            loop.close(Duration.ofMillis(50));
            assertThat(unsent.refCnt()).isZero();
            assertThat(reports.await(rill.Report.Survivors.class).names())
                    .containsExactly("connection to " + peer.address() + " (flushing)");
        }
    }
}
