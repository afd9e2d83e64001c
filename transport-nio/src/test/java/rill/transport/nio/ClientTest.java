package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import rill.CancelledException;
import rill.DeadlineException;
import rill.Future;
import rill.testing.RawPeer;
import rill.testing.Talk;

/** Calls and their answers, in order and by key. */
class ClientTest extends OnNio {
    private static void expect(Talk talk, String... lines) throws IOException {
        for (String line : lines) {
            talk.expectLine(line);
        }
    }

    @Test
    void answers_in_order_find_their_calls() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "a", "b", "c");
            talk.dribble("A\nB\nC\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var calls = List.of(client.call("a"), client.call("b"), client.call("c"));
                assertThat(Future.all(calls).await()).containsExactly("A", "B", "C");
                assertThat(client.unanswered()).isZero();
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void answers_by_key_may_come_in_any_order() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "1:a", "2:b", "3:c");
            talk.send("3:C\n1:A\n2:B\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.byKey()).await();
                var calls = List.of(client.call("1:a"), client.call("2:b"), client.call("3:c"));
                assertThat(Future.all(calls).await()).containsExactly("1:A", "2:B", "3:C");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_key_in_use_is_refused_and_the_call_that_has_it_goes_on() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "1:a");
            talk.send("1:A\n");
            expect(talk, "1:again");
            talk.send("1:AGAIN\n");
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.byKey()).await();
                var first = client.call("1:a");
                assertThat(failureOf(client.call("1:b")))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("key 1 is in use");
                assertThat(first.await()).isEqualTo("1:A");
                assertThat(client.call("1:again").await()).isEqualTo("1:AGAIN");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void the_answer_of_a_cancelled_call_never_reaches_another_one() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "a", "b");
            talk.send("A\nB\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var first = client.call("a");
                first.cancel();
                var second = client.call("b");
                assertThat(client.unanswered()).as("with its tombstone").isEqualTo(2);
                assertThat(second.await()).isEqualTo("B");
                assertThat(failureOf(first)).isInstanceOf(CancelledException.class);
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void the_late_answer_of_a_call_past_its_deadline_never_reaches_another_one() throws Exception {
        for (boolean byKey : new boolean[] {false, true}) {
            var tooLate = new CountDownLatch(1);
            try (var peer = RawPeer.listening(talk -> {
                expect(talk, "1:a");
                talk.waitFor(tooLate);
                talk.send("1:A\n");
                expect(talk, "2:b");
                talk.send("2:B\n");
                talk.expectEnd();
            })) {
                task(() -> {
                    var protocol = byKey ? Lines.byKey() : Lines.inOrder();
                    var client = loop.connect(peer.address(), protocol).await();
                    var late = client.call("1:a", Duration.ofMillis(10));
                    assertThatThrownBy(late::await)
                            .hasCauseInstanceOf(DeadlineException.class)
                            .hasMessageContaining(peer.address().toString())
                            .hasMessageContaining("10 ms");
                    assertThat(client.unanswered()).isEqualTo(1);
                    tooLate.countDown();
                    assertThat(client.call("2:b").await()).isEqualTo("2:B");
                    assertThat(client.unanswered()).isZero();
                    client.close();
                    client.closed().await();
                });
                peer.finish();
            }
        }
    }

    @Test
    void the_protocols_deadline_goes_for_calls_that_name_none() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            task(() -> {
                var protocol = Lines.inOrder().deadline(Duration.ofMillis(15)).dropAfter(Duration.ofMinutes(1));
                var client = loop.connect(peer.address(), protocol).await();
                var calls = new ArrayList<Future<String>>();
                for (int i = 0; i < 40; i++) {
                    calls.add(client.call("x"));
                }
                for (Future<String> call : calls) {
                    assertThat(failureOf(call)).hasCauseInstanceOf(DeadlineException.class);
                }
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void a_deadline_in_the_past_or_of_zero_fails_the_call_unsent_and_one_of_centuries_does_not() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "c");
            talk.send("C\n");
            expect(talk, "d");
            talk.send("D\n");
            talk.expectEnd();
        })) {
            task(() -> {
                var protocol = Lines.inOrder().deadline(Duration.ofSeconds(Long.MAX_VALUE));
                var client = loop.connect(peer.address(), protocol).await();
                assertThat(failureOf(client.call("a", Duration.ZERO))).hasCauseInstanceOf(DeadlineException.class);
                assertThat(failureOf(client.call("b", Duration.ofSeconds(-1))))
                        .hasCauseInstanceOf(DeadlineException.class);
                assertThat(client.call("c", Duration.ofDays(293 * 365)).await()).isEqualTo("C");
                assertThat(client.call("d").await()).isEqualTo("D");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }

    @Test
    void calls_from_many_threads_get_their_own_answers() throws Exception {
        int threads = 8;
        int each = 300;
        try (var peer = RawPeer.listening(talk -> {
            for (String line = talk.readLine(); line != null; line = talk.readLine()) {
                talk.send(line + "!\n");
            }
        })) {
            loop.start();
            var client = loop.connect(peer.address(), Lines.inOrder()).await();
            var wrong = new AtomicInteger();
            var callers = new ArrayList<Thread>();
            for (int t = 0; t < threads; t++) {
                int caller = t;
                callers.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < each; i++) {
                            String request = caller + "/" + i;
                            if (!client.call(request).await().equals(request + "!")) {
                                wrong.incrementAndGet();
                            }
                        }
                    } catch (IOException e) {
                        wrong.incrementAndGet();
                    }
                }));
            }
            for (Thread caller : callers) {
                caller.join();
            }
            client.finish().await();
            peer.finish();
            assertThat(wrong).hasValue(0);
        }
    }

    @Test
    void a_call_whose_request_can_not_be_encoded_fails_alone() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            expect(talk, "a", "b");
            talk.send("A\nB\n");
        })) {
            task(() -> {
                var client = loop.connect(peer.address(), Lines.inOrder()).await();
                var before = client.call("a");
                var bad = client.call(Lines.UNENCODABLE);
                var after = client.call("b");
                assertThat(failureOf(bad)).isInstanceOf(IllegalArgumentException.class);
                assertThat(before.await()).isEqualTo("A");
                assertThat(after.await()).isEqualTo("B");
                client.close();
                client.closed().await();
            });
            peer.finish();
        }
    }
}
