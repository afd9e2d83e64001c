package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Promise;
import rill.Report;
import rill.testing.RawPeer;

/** The short form of a server, and how it stops. */
class ServeTest extends OnNio {
    private final List<Promise<String>> answers = new ArrayList<>();

    /** A server that answers nothing by itself. */
    private Listener silent(ListenOptions options) throws Exception {
        return within(() -> loop.serve(ANY_PORT, Lines.PIPELINE, options, line -> {
                    Promise<String> answer = loop.promise();
                    answers.add(answer);
                    return answer;
                })
                .await());
    }

    @Test
    void answers_leave_in_the_order_of_the_requests() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\nb\nc\n");
            talk.expectLine("A");
            talk.expectLine("B");
            talk.expectLine("C");
        })) {
            task(() -> {
                until(() -> answers.size() == 3);
                answers.get(2).complete("C");
                answers.get(0).complete("A");
                pass(Duration.ofMillis(5));
                answers.get(1).complete("B");
                until(() -> loop.connections() == 0);
            });
            peer.finish();
        }
    }

    @Test
    void requests_in_progress_are_bounded_and_the_rest_waits() throws Exception {
        Listener server = silent(ListenOptions.defaults().requestsInFlight(2));
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\nb\nc\nd\n");
            for (int i = 0; i < 4; i++) {
                talk.expectLine("ok");
            }
        })) {
            task(() -> {
                until(() -> answers.size() == 2);
                pass(Duration.ofMillis(10));
                assertThat(answers).hasSize(2);
                answers.get(0).complete("ok");
                until(() -> answers.size() == 3);
                answers.get(1).complete("ok");
                answers.get(2).complete("ok");
                until(() -> answers.size() == 4);
                answers.get(3).complete("ok");
                until(() -> loop.connections() == 0);
            });
            peer.finish();
        }
    }

    @Test
    void a_request_before_the_peers_end_is_still_answered() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\n");
            talk.halfClose();
            talk.expectLine("A");
            talk.expectEnd();
        })) {
            task(() -> {
                until(() -> answers.size() == 1);
                pass(Duration.ofMillis(10));
                answers.getFirst().complete("A");
                until(() -> loop.connections() == 0);
            });
            peer.finish();
        }
    }

    @Test
    void a_graceful_stop_finishes_what_is_in_flight_and_accepts_nobody_new() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\n");
            talk.expectLine("A");
            talk.expectEnd();
        })) {
            task(() -> until(() -> answers.size() == 1));
            var closedTooSoon = new AtomicBoolean();
            Thread meanwhile = Thread.ofPlatform().start(() -> {
                waitFor(() -> RawPeer.isRefused(server.address()));
                closedTooSoon.set(loop.isClosed());
                answers.getFirst().complete("A");
            });
            loop.close(PATIENCE);
            meanwhile.join();
            assertThat(closedTooSoon).isFalse();
            peer.finish();
        }
    }

    @Test
    void at_the_deadline_of_a_graceful_stop_survivors_are_aborted_and_named_once() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var one = RawPeer.connecting(server.address(), talk -> {
                    talk.send("a\nb\n");
                    talk.expectReset();
                });
                var two = RawPeer.connecting(server.address(), talk -> {
                    talk.send("c\n");
                    talk.expectReset();
                })) {
            task(() -> until(() -> answers.size() == 3));
            loop.close(Duration.ofMillis(50));
            assertThat(loop.isClosed()).isTrue();
            var survivors = reports.take(Report.Survivors.class);
            assertThat(survivors).hasSize(1);
            assertThat(survivors.getFirst().names())
                    .hasSize(2)
                    .anyMatch(name -> name.contains("2 requests unanswered"))
                    .anyMatch(name -> name.contains("1 requests unanswered"))
                    .allMatch(name -> name.contains("connection to /127.0.0.1:"));
            one.finish();
            two.finish();
        }
    }

    @Test
    void an_idle_connection_does_not_hold_up_a_graceful_stop() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var peer = RawPeer.connecting(server.address(), talk -> talk.expectEnd())) {
            task(() -> until(() -> loop.connections() == 1));
            loop.close(PATIENCE);
            peer.finish();
        }
    }

    @Test
    void a_handler_that_throws_or_answers_nothing_or_fails_ends_its_connection_only() throws Exception {
        Listener server = within(() -> loop.serve(ANY_PORT, Lines.PIPELINE, line -> switch (line) {
                    case "throw" -> throw new IllegalStateException("thrown");
                    case "no future" -> null;
                    case "nothing" -> Future.of((String) null);
                    case "fail" -> Future.failed(new java.io.IOException("failed"));
                    default -> Future.of("fine");
                })
                .await());
        for (String line : List.of("throw", "no future", "nothing", "fail")) {
            try (var good = RawPeer.connecting(server.address(), talk -> {
                        talk.send("hello\n");
                        talk.expectLine("fine");
                    });
                    var bad = RawPeer.connecting(server.address(), talk -> {
                        talk.send("hello\n" + line + "\nhello\n");
                        talk.expectLine("fine");
                        talk.expectEnd();
                    })) {
                task(() -> until(() -> loop.connections() == 0
                        && good.connections() + bad.connections() == 2
                        && !reports.reports().isEmpty()));
                good.finish();
                bad.finish();
                assertThat(reports.take(Report.ConnectionFailed.class)).as(line).hasSize(1);
            }
        }
    }

    @Test
    void an_answer_of_null_that_comes_later_ends_the_connection_as_well() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\nb\n");
            talk.expectEnd();
        })) {
            task(() -> {
                until(() -> answers.size() == 2);
                answers.getFirst().complete(null);
                until(() -> loop.connections() == 0);
                assertThat(reports.take(Report.ConnectionFailed.class)).hasSize(1);
            });
            peer.finish();
        }
    }

    @Test
    void unanswered_requests_are_cancelled_when_their_connection_goes() throws Exception {
        Listener server = silent(ListenOptions.defaults());
        var asked = new CountDownLatch(1);
        try (var peer = RawPeer.connecting(server.address(), talk -> {
            talk.send("a\n");
            talk.waitFor(asked);
            talk.reset();
        })) {
            task(() -> {
                until(() -> answers.size() == 1);
                asked.countDown();
                until(() -> loop.connections() == 0);
                assertThat(answers.getFirst().isCancelled()).isTrue();
            });
            reports.take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void listening_on_a_loop_that_closes_is_refused() throws Exception {
        loop.close();
        assertThat(loop.connect(ANY_PORT, Lines.PIPELINE).failure())
                .isInstanceOf(rill.CancelledException.class)
                .hasMessageContaining("loop-1 is closed");
        assertThat(loop.listen(ANY_PORT, Lines.PIPELINE, each -> {}).failure())
                .isInstanceOf(rill.CancelledException.class)
                .hasMessageContaining("loop-1 is closed");
    }
}
