package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.testing.RawPeer;

/** Paused reads. */
class PauseTest extends OnNio {
    @Test
    void pausing_while_data_is_buffered_stops_exactly_there_and_resuming_goes_on_in_order() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("1\n2\n3\n4\n");
            talk.halfClose();
            talk.expectEnd();
        })) {
            task(() -> {
                var got = new ArrayList<String>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.onMessage(
                        line -> {
                            got.add(line);
                            if (line.equals("2")) {
                                connection.pause();
                            }
                        },
                        () -> got.add("end"));
                until(() -> got.size() == 2);
                pass(Duration.ofMillis(20));
                assertThat(got).containsExactly("1", "2");
                connection.resume();
                assertThat(got).as("resume delivers from a Handle, not inline").hasSize(2);
                until(() -> got.contains("end"));
                assertThat(got).containsExactly("1", "2", "3", "4", "end");
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void end_and_close_queue_up_behind_a_pause() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.send("1\n2\n"))) {
            task(() -> {
                var got = new ArrayList<String>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.pause();
                connection.onMessage(got::add, () -> got.add("end"));
                peer.finish();
                pass(Duration.ofMillis(20));
                assertThat(got).isEmpty();
                connection.resume();
                until(() -> got.contains("end"));
                assertThat(got).containsExactly("1", "2", "end");
                connection.finish().await();
            });
        }
    }

    @Test
    void a_reset_is_not_told_while_paused() throws Exception {
        var connected = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(connected);
            talk.reset();
        })) {
            task(() -> {
                var failures = new ArrayList<Throwable>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.onFailure(failure -> failures.add(failure.cause()));
                connection.onMessage(line -> {});
                connection.pause();
                connected.countDown();
                peer.finish();
                pass(Duration.ofMillis(20));
                assertThat(failures).isEmpty();
                connection.resume();
                connection.closed().await();
                assertThat(failures).hasSize(1);
            });
        }
    }

    @Test
    void nothing_is_decoded_before_somebody_wants_it() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("early\nlate\n");
            talk.readAll();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                pass(Duration.ofMillis(20));
                assertThat(connection.receive().await()).isEqualTo("early");
                pass(Duration.ofMillis(20));
                assertThat(connection.receive().await()).isEqualTo("late");
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_peer_that_sends_without_end_is_not_read_ahead_of_a_receiver_that_wants_nothing() throws Exception {
        var sent = new java.util.concurrent.atomic.AtomicLong();
        var blocked = new CountDownLatch(1);
        byte[] piece = "0123456789\n".repeat(1000).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        int pieces = 4000; // 44 MB: more than any socket buffers
        try (var peer = RawPeer.listening(talk -> {
            for (int i = 0; i < pieces; i++) {
                talk.send(piece);
                sent.addAndGet(piece.length);
            }
            blocked.countDown();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                assertThat(connection.receive().await()).isEqualTo("0123456789");
                long last = -1;
                while (last != sent.get()) { // until the peer makes no more progress
                    last = sent.get();
                    pass(Duration.ofMillis(50));
                }
                assertThat(sent.get()).isLessThan((long) piece.length * pieces);
                assertThat(blocked.getCount()).isEqualTo(1);
                connection.abort().await();
            });
        }
    }

    @Test
    void pause_and_resume_twice_are_as_good_as_once() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("1\n2\n");
            talk.readAll();
        })) {
            task(() -> {
                List<String> got = new ArrayList<>();
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                connection.pause();
                connection.pause();
                connection.onMessage(got::add);
                connection.resume();
                connection.resume();
                until(() -> got.size() == 2);
                assertThat(got).containsExactly("1", "2");
                connection.finish().await();
            });
            peer.finish();
        }
    }
}
