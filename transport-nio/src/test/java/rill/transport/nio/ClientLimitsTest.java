package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.ClientProtocol.WhenFull;
import rill.ConnectOptions;
import rill.ConnectionLimits;
import rill.Future;
import rill.ProtocolException;
import rill.Report;
import rill.testing.RawPeer;

/** What a client does when it is full, and with unsolicited messages. */
class ClientLimitsTest extends OnNio {
    @Test
    void at_the_bound_calls_wait_for_their_turn() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            for (String line : List.of("a", "b", "c", "d")) {
                talk.expectLine(line);
                if (line.equals("b") && talk.socket().getInputStream().available() > 0) {
                    throw new AssertionError("more than two calls are in flight");
                }
                if (!line.equals("a")) {
                    talk.send((line.equals("b") ? "a!\n" : "") + line + "!\n");
                }
            }
        })) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(2, WhenFull.WAIT);
                var client = loop.connect(peer.address(), protocol).await();
                var calls = List.of(client.call("a"), client.call("b"), client.call("c"), client.call("d"));
                assertThat(client.unanswered()).isEqualTo(4);
                assertThat(Future.all(calls).await()).containsExactly("a!", "b!", "c!", "d!");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void at_the_bound_calls_fail_if_that_was_chosen() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.send("A\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(1, WhenFull.FAIL);
                var client = loop.connect(peer.address(), protocol).await();
                var first = client.call("a");
                assertThat(failureOf(client.call("b")))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(peer.address().toString())
                        .hasMessageContaining("full: 1 calls in flight");
                assertThat(first.await()).isEqualTo("A");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void the_waiting_are_bounded_too_and_one_that_gives_up_makes_room() throws Exception {
        var answer = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.waitFor(answer);
            talk.send("A\n");
            talk.expectLine("c");
            talk.send("C\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().inFlight(1, WhenFull.WAIT).waiting(1);
                var client = loop.connect(peer.address(), protocol).await();
                var first = client.call("a");
                var second = client.call("b");
                assertThat(failureOf(client.call("too many"))).hasMessageContaining("1 waiting");
                second.cancel();
                var third = client.call("c");
                answer.countDown();
                assertThat(first.await()).isEqualTo("A");
                assertThat(third.await()).isEqualTo("C");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void calls_wait_at_the_high_water_mark_instead_of_failing_at_the_hard_limit() throws Exception {
        int calls = 60;
        String text = "x".repeat(10_000);
        var read = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.waitFor(read);
            for (int i = 0; i < calls; i++) {
                talk.expectLine(text);
                talk.send(i + "\n");
            }
            talk.expectEnd();
        })) {
            task(() -> {
                var options = ConnectOptions.defaults()
                        .option(java.net.StandardSocketOptions.SO_SNDBUF, 16 * 1024)
                        .limits(ConnectionLimits.defaults().waterMarks(32 * 1024, 64 * 1024, 128 * 1024));
                var client =
                        loop.connect(peer.address(), Lines.inOrder(), options).await();
                var answers = new ArrayList<Future<String>>();
                for (int i = 0; i < calls; i++) {
                    answers.add(client.call(text));
                }
                assertThat(answers).allMatch(each -> each.failure() == null);
                read.countDown();
                assertThat(Future.all(answers).await()).hasSize(calls).endsWith((calls - 1) + "");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void what_answers_nothing_goes_to_its_handler() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("news 1\n");
            talk.expectLine("a");
            talk.send("push 2\nA\npush 3\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var pushed = new ArrayList<String>();
                var protocol = Lines.inOrder().unsolicited(line -> line.startsWith("push"), pushed::add);
                var client = loop.connect(peer.address(), protocol).await();
                until(() -> pushed.size() == 1);
                assertThat(client.call("a").await()).isEqualTo("A");
                until(() -> pushed.size() == 3);
                assertThat(pushed).containsExactly("news 1", "push 2", "push 3");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void without_a_handler_what_answers_nothing_breaks_the_protocol() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.send("who asked?\n");
            talk.readAll();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                client.closed().await();
                assertThat(failureOf(client.call("a"))).hasMessageContaining("closed");
                var failed = reports.take(Report.ConnectionFailed.class);
                assertThat(failed).hasSize(1);
                assertThat(failed.getFirst().cause()).isInstanceOf(ProtocolException.class);
            });
            peer.finish();
        }
    }

    @Test
    void an_unknown_key_breaks_the_protocol_and_fails_what_is_pending() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("1:a");
            talk.send("7:who?\n");
            talk.readAll();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.byKey()).await();
                assertThat(failureOf(client.call("1:a"))).hasCauseInstanceOf(ProtocolException.class);
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_handler_of_pushes_that_throws_fails_the_client_once() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("a");
            talk.send("push\n");
            talk.readAll();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().unsolicited(line -> line.startsWith("push"), line -> {
                    throw new IllegalStateException("thrown by a handler");
                });
                var client = loop.connect(peer.address(), protocol).await();
                assertThat(failureOf(client.call("a")))
                        .hasMessageContaining("thrown by a handler")
                        .hasCauseInstanceOf(IllegalStateException.class);
                client.closed().await();
                expectTheLoopGoesOn();
            });
            peer.finish();
        }
    }
}
