package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.ProtocolException;
import rill.testing.RawPeer;

/** Either side ends its stream first. */
class HalfCloseTest extends OnNio {
    @Test
    void a_peer_that_half_closes_is_still_answered() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("hello\n");
            talk.halfClose();
            talk.expectLine("HELLO");
            talk.expectEnd();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                String line = connection.receive().await();
                assertThat(connection.receive().await()).isNull();
                connection.write(line.toUpperCase(java.util.Locale.ROOT));
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void we_half_close_first_and_what_the_peer_still_sends_is_drained_without_a_reset() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("bye");
            talk.expectEnd();
            talk.send(new byte[300_000]); // after a reset this would fail, or the end below
            talk.halfClose();
            talk.expectEnd();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.write("bye");
                connection.finish().await();
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    void both_half_close_at_the_same_time() throws Exception {
        var closing = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(closing);
            talk.halfClose();
            talk.expectEnd();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                closing.countDown();
                connection.finish().await();
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }

    @Test
    void all_data_is_read_before_the_end_is_reported() throws Exception {
        int lines = 20_000;
        var all = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            all.append("line ").append(i).append('\n');
        }
        try (var peer = RawPeer.listening(talk -> {
            talk.send(all.toString());
            talk.halfClose();
            talk.expectEnd();
        })) {
            task(() -> {
                var got = new ArrayList<String>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var ended = loop.<Integer>promise();
                connection.onMessage(got::add, () -> ended.complete(got.size()));
                assertThat(ended.await()).isEqualTo(lines);
                assertThat(got.getFirst()).isEqualTo("line 0");
                assertThat(got.getLast()).isEqualTo("line " + (lines - 1));
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void an_end_within_a_message_says_how_much_of_it_there_was() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("whole\nhalf");
            talk.halfClose();
            talk.readAll();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                assertThat(connection.receive().await()).isEqualTo("whole");
                assertThatThrownBy(() -> connection.receive().await())
                        .isInstanceOf(ProtocolException.class)
                        .hasMessageContaining("4 bytes");
                connection.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_peer_that_closes_at_once_after_accept_is_an_end_and_no_failure() throws Exception {
        try (var peer = RawPeer.listening(talk -> {})) {
            task(() -> {
                for (int i = 0; i < 20; i++) {
                    var connection =
                            loop.connect(peer.address(), Lines.PIPELINE).await();
                    assertThat(connection.receive().await()).isNull();
                    connection.finish().await();
                }
            });
            peer.finish();
        }
    }

    @Test
    void one_byte_at_a_time_gives_the_same_messages() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.dribble("slow header\nand\n\na slow body\n");
            talk.halfClose();
            talk.expectEnd();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                var got = new ArrayList<String>();
                for (String line = connection.receive().await();
                        line != null;
                        line = connection.receive().await()) {
                    got.add(line);
                }
                assertThat(got).containsExactly("slow header", "and", "", "a slow body");
                connection.finish().await();
            });
            peer.finish();
        }
    }
}
