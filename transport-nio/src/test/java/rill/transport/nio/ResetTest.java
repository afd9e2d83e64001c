package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.Connection;
import rill.Report;
import rill.testing.RawPeer;

/** The peer's RST, at whatever moment. */
class ResetTest extends OnNio {
    private static final int MOST_SELECTS_AT_REST = 20;

    @Test
    void a_reset_before_accept_harms_nobody_else() throws Exception {
        task(() -> {
            var seen = new ArrayList<Connection<String, String>>();
            var failures = new ArrayList<Throwable>();
            var server = loop.listen(ANY_PORT, Lines.PIPELINE, connection -> {
                        seen.add(connection);
                        connection.onFailure(failure -> failures.add(failure.cause()));
                        connection.onMessage(connection::write);
                    })
                    .await();
            server.pause();
            try (var dead = RawPeer.connecting(server.address(), talk -> talk.reset());
                    var alive = RawPeer.connecting(server.address(), talk -> {
                        talk.send("I am here\n");
                        talk.expectLine("I am here");
                    })) {
                dead.finish();
                assertThat(seen).isEmpty();
                server.resume();
                until(() -> alive.connections() == 1 && seen.size() >= 1 && loop.connections() == 0);
                alive.finish();
                assertThat(failures).hasSizeLessThanOrEqualTo(1);
                failures.forEach(each -> assertThat(each).isInstanceOf(IOException.class));
            }
            server.close();
        });
    }

    @Test
    void a_reset_while_we_read_fails_the_pending_receive_and_names_the_peer() throws Exception {
        var connected = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(connected);
            talk.reset();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var line = connection.receive();
                connected.countDown();
                assertThatThrownBy(line::await)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("read from " + peer.address())
                        .hasMessageContaining("reset");
                connection.closed().await();
                assertThatThrownBy(() -> connection.receive().await()).hasMessageContaining("closed");
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    void lines_that_came_before_a_reset_are_delivered_first() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("one\ntwo\n");
            talk.expectLine("got one");
            talk.reset();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                assertThat(connection.receive().await()).isEqualTo("one");
                connection.write("got one");
                connection.flush().await();
                peer.finish();
                pass(Duration.ofMillis(20));
                assertThat(connection.receive().await()).isEqualTo("two");
                assertThatThrownBy(() -> connection.receive().await()).hasMessageContaining("reset");
                connection.closed().await();
            });
        }
    }

    @Test
    void a_reset_while_we_write_fails_flush_and_later_writes() throws Exception {
        var full = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(full);
            talk.reset();
        })) {
            task(() -> {
                var failures = new ArrayList<Throwable>();
                // Makes the kernels take less than the high-water mark, however late the transport learns of it.
                var little = ConnectOptions.defaults().option(StandardSocketOptions.SO_SNDBUF, 8 * 1024);
                var connection =
                        loop.connect(peer.address(), Lines.PIPELINE, little).await();
                connection.onFailure(failure -> failures.add(failure.cause()));
                String line = "x".repeat(50_000);
                while (connection.write(line).isDone()) {
                    connection.flush();
                }
                var flushed = connection.flush();
                full.countDown();
                assertThatThrownBy(flushed::await)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(peer.address().toString());
                connection.closed().await();
                assertThat(failures).hasSize(1);
                assertThat(failureOf(connection.write("more"))).isInstanceOf(IOException.class);
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    @Tag("slow")
    void a_reset_after_the_peers_half_close_does_not_spin() throws Exception {
        var transport = new CountingTransport();
        loop = another(transport);
        var ended = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.halfClose();
            talk.waitFor(ended);
            talk.reset();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.onFailure(failure -> {});
                connection.onMessage(line -> {}, ended::countDown);
                until(() -> ended.getCount() == 0);
                peer.finish();
                int before = transport.selects.get();
                pass(Duration.ofMillis(100));
                assertThat(transport.selects.get() - before).isLessThan(MOST_SELECTS_AT_REST);
                connection.write("into the void");
                connection.write("and again");
                assertThat(failureOf(connection.flush()))
                        .hasMessageContaining(peer.address().toString());
                connection.closed().await();
            });
        }
    }

    @Test
    @Tag("slow")
    void a_reset_after_our_half_close_ends_the_connection_and_does_not_spin() throws Exception {
        var transport = new CountingTransport();
        loop = another(transport);
        try (var peer = RawPeer.listening(talk -> {
            talk.expectEnd();
            talk.reset();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.finish().await();
                int before = transport.selects.get();
                pass(Duration.ofMillis(100));
                assertThat(transport.selects.get() - before).isLessThan(MOST_SELECTS_AT_REST);
            });
            peer.finish();
        }
    }

    @Test
    void a_connection_that_was_reset_with_messages_unread_can_still_be_closed() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("one\ntwo\nthr");
            talk.expectLine("got one");
            talk.reset();
        })) {
            task(() -> {
                for (boolean abort : new boolean[] {false, true}) {
                    var connection =
                            loop.connect(peer.address(), Lines.PIPELINE).await();
                    assertThat(connection.receive().await()).isEqualTo("one");
                    connection.write("got one");
                    connection.flush().await();
                    peer.finish();
                    pass(Duration.ofMillis(20)); // the reset has arrived, and waits behind the second line
                    var closed = abort ? connection.abort() : connection.finish();
                    closed.timeout(Duration.ofSeconds(2)).await();
                }
            });
            reports.take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void a_loop_closes_although_a_reset_connection_holds_unread_messages() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("one\ntwo\nthr");
            talk.expectLine("got one");
            talk.reset();
        })) {
            Connection<String, String> connection = within(() -> {
                var opened = loop.connect(peer.address(), Lines.PIPELINE).await();
                assertThat(opened.receive().await()).isEqualTo("one");
                opened.write("got one");
                opened.flush().await();
                peer.finish();
                pass(Duration.ofMillis(20));
                return opened;
            });
            loop.close();
            assertThat(connection.closed().isDone()).isTrue();
            reports.take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void the_last_message_of_a_peer_that_says_good_bye_and_closes_is_readable_after_our_write_failed()
            throws Exception {
        var written = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(written); // our bytes are in its buffer and will never be read, so its close is a reset
            talk.send("go away\n");
        })) {
            task(() -> {
                var failures = new ArrayList<Throwable>();
                var got = new ArrayList<String>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.onFailure(failure -> failures.add(failure.cause()));
                connection.onMessage(got::add, () -> {});
                connection.write("x");
                connection.flush().await();
                written.countDown();
                peer.finish(); // blocks the loop, so that it writes before it reads
                connection.write("y");
                connection.flush();
                connection.closed().await();
                assertThat(got).containsExactly("go away");
                assertThat(failures).hasSize(1);
                assertThat(failures.getFirst()).hasMessageStartingWith("write to " + peer.address());
            });
        }
    }
}
