package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.bytes;
import static rill.http.ServedTexts.ok;
import static rill.http.ServedTexts.promising;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.Report;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests what becomes of requests whose clients have left, and of answers that nobody waits for any more. */
@ExtendWith(Leaks.class)
class HttpServerLeavingTest {
    private static final Duration LONGER_THAN_IDLE = Duration.ofSeconds(80);

    // ---- clients that end their stream

    @Test
    void a_client_that_has_ended_its_stream_is_still_answered() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET);
            client.connection.shutdownOutput();
            served.pass(Duration.ofSeconds(59));
            promises.getFirst().complete(HttpResponse.text("late"));
            assertThat(client.untilEnd()).contains("Connection: close").endsWith("late");
        }
    }

    @Test
    void the_handler_of_a_client_that_has_ended_its_stream_and_to_which_nothing_is_written_is_cancelled()
            throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET);
            served.drive(() -> !promises.isEmpty());
            client.connection.shutdownOutput();
            served.pass(LONGER_THAN_IDLE);
            assertThat(promises.getFirst().isCancelled()).isTrue();
            assertThat(served.server.connections()).isZero();
        }
    }

    @Test
    void without_half_closes_the_handler_of_a_client_that_has_ended_its_stream_is_cancelled_at_once()
            throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(
                Served.options().halfClose(false),
                request -> request.path().equals("/last")
                        ? text("last")
                        : promising(promises).answer(request))) {
            var client = served.connect().send(GET);
            served.drive(() -> !promises.isEmpty());
            client.connection.shutdownOutput();
            served.pass(Duration.ofSeconds(1));
            assertThat(promises.getFirst().isCancelled()).isTrue();
            assertThat(client.ended).isTrue();

            var answered = served.connect().send("GET /last HTTP/1.1\r\n" + HOST);
            answered.until("last");
            answered.connection.shutdownOutput();
            assertThat(answered.untilEnd()).isEmpty();
        }
    }

    /** A piece after each pause, without end. */
    private static HttpBody events(Duration pause, AtomicInteger closed) {
        return HttpBody.stream(new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return Loop.current().delay(pause).map(nothing -> bytes("event"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        });
    }

    @Test
    void a_stream_to_a_client_that_has_ended_its_own_goes_on_while_something_is_written() throws IOException {
        var closed = new AtomicInteger();
        try (var served = new Served(request -> Future.of(
                HttpResponse.of(events(Duration.ofSeconds(request.path().length()), closed))))) {
            var often = served.connect().send("GET /" + "x".repeat(39) + " HTTP/1.1\r\n" + HOST);
            often.connection.shutdownOutput();
            served.pass(Duration.ofMinutes(10));
            assertThat(often.ended).isFalse();
            assertThat(often.take().split("event", -1)).hasSize(16);
            assertThat(closed).hasValue(0);

            var seldom = served.connect().send("GET /" + "x".repeat(200) + " HTTP/1.1\r\n" + HOST);
            seldom.connection.shutdownOutput();
            served.pass(LONGER_THAN_IDLE);
            assertThat(closed).hasValue(1);
            often.connection.abort();
            served.drive(() -> served.server.connections() == 0);
            served.reports.clear(); // of the reset
        }
    }

    // ---- clients that take nothing

    @Test
    void a_client_that_takes_nothing_of_what_stands_before_continue_is_given_up() throws IOException {
        String expecting = "POST /w HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        var failed = new ArrayList<Throwable>();
        try (var served = new Served(
                MemoryTransport.calm().capacity(1000),
                Served.options(),
                request -> request.path().equals("/w")
                        ? request.body().text().map(HttpResponse::text).onDone((text, failure) -> failed.add(failure))
                        : text("x".repeat(30_000)))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET + expecting);
            served.pass(LONGER_THAN_IDLE);
            assertThat(served.server.connections()).isZero();
            assertThat(failed).singleElement().isNotNull();
        }
    }

    @Test
    void a_client_that_takes_nothing_of_an_answer_is_given_up_although_the_next_takes_its_time() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(
                MemoryTransport.calm().capacity(1000),
                Served.options(),
                request -> request.path().equals("/slow")
                        ? promising(promises).answer(request)
                        : text("x".repeat(30_000)))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET + "GET /slow HTTP/1.1\r\n" + HOST);
            served.pass(LONGER_THAN_IDLE);
            assertThat(promises.getFirst().isCancelled()).isTrue();
            assertThat(served.server.connections()).isZero();
        }
    }

    // ---- Futures of several requests

    /** Answers all requests with the same Future, which is made for the first. */
    private static Served loadingOnce(List<Promise<HttpResponse>> loading, AtomicInteger asked) throws IOException {
        return new Served(request -> {
            asked.incrementAndGet();
            if (loading.isEmpty()) {
                loading.add(Loop.current().promise());
            }
            return loading.getFirst();
        });
    }

    @Test
    void a_client_that_goes_harms_no_other_that_waits_for_the_same() throws IOException {
        var loading = new ArrayList<Promise<HttpResponse>>();
        var asked = new AtomicInteger();
        try (var served = loadingOnce(loading, asked)) {
            var first = served.connect().send(GET);
            var second = served.connect().send(GET);
            served.drive(() -> asked.get() == 2);
            first.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            served.drive(() -> served.server.connections() == 1);
            loading.getFirst().complete(HttpResponse.text("loaded"));
            assertThat(second.until("loaded")).isEqualTo(ok("loaded"));
        }
    }

    @Test
    void when_all_have_gone_what_they_have_waited_for_is_cancelled() throws IOException {
        var loading = new ArrayList<Promise<HttpResponse>>();
        var asked = new AtomicInteger();
        try (var served = loadingOnce(loading, asked)) {
            var first = served.connect().send(GET);
            var second = served.connect().send(GET);
            served.drive(() -> asked.get() == 2);
            first.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            served.drive(() -> served.server.connections() == 1);
            assertThat(loading.getFirst().isDone()).isFalse();
            second.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            served.drive(() -> served.server.connections() == 0);
            assertThat(loading.getFirst().isCancelled()).isTrue();
        }
    }

    @Test
    void a_deadline_of_one_request_does_not_end_what_another_waits_for() throws IOException {
        var loading = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(Served.options().answerDeadline(Duration.ofSeconds(10)), request -> {
            if (loading.isEmpty()) {
                loading.add(Loop.current().promise());
            }
            return loading.getFirst();
        })) {
            var early = served.connect().send(GET);
            served.pass(Duration.ofSeconds(8));
            var late = served.connect().send(GET);
            assertThat(early.until("Unavailable\n")).startsWith("HTTP/1.1 503 ");
            loading.getFirst().complete(HttpResponse.text("loaded"));
            assertThat(late.until("loaded")).isEqualTo(ok("loaded"));
        }
    }

    // ---- handlers that go on

    @Test
    void the_deadline_of_an_answer_holds_for_a_task_that_goes_on_when_it_is_cancelled() throws IOException {
        var ended = new ArrayList<String>();
        try (var served = new Served(
                Served.options().answerDeadline(Duration.ofSeconds(2)),
                request -> Loop.current().task(() -> {
                    for (int tries = 1; ; tries++) {
                        try {
                            return Loop.current()
                                    .<HttpResponse>promise()
                                    .timeout(Duration.ofHours(1))
                                    .await();
                        } catch (CancellationException e) {
                            Loop.current().delay(Duration.ofSeconds(20)).await();
                            ended.add("try " + tries);
                            return HttpResponse.text("too late");
                        }
                    }
                }))) {
            var client = served.connect().send(GET);
            served.pass(Duration.ofSeconds(3));
            assertThat(client.take()).startsWith("HTTP/1.1 503 ");
            served.drive(() -> !ended.isEmpty());
            served.transport.turns(5);
            assertThat(client.take()).isEmpty();
        }
    }

    @Test
    void the_body_of_a_response_that_comes_when_its_client_has_gone_is_closed() throws IOException {
        var closed = new AtomicInteger();
        var asked = new AtomicInteger();
        try (var served = new Served(new HttpServer.WithTask(request -> {
            asked.incrementAndGet();
            try {
                Loop.current().promise().await();
            } catch (CancellationException e) {
                Loop.current().delay(Duration.ofSeconds(1)).await(); // puts things in order, and answers all the same
            }
            return HttpResponse.of(events(Duration.ofSeconds(1), closed));
        }))) {
            var client = served.connect().send(GET);
            served.drive(() -> asked.get() == 1);
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            served.drive(() -> closed.get() > 0);
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void the_body_of_a_response_that_comes_in_the_moment_in_which_its_client_goes_is_closed() throws IOException {
        var closed = new AtomicInteger();
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET);
            served.drive(() -> !promises.isEmpty());
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class); // before the rest of this tick
            promises.getFirst().complete(HttpResponse.of(events(Duration.ofSeconds(1), closed)));
            served.drive(() -> served.server.connections() == 0);
            served.transport.turns(5);
            assertThat(promises.getFirst().isCancelled() || closed.get() == 1).isTrue();
        }
    }

    // ---- failures

    @Test
    void a_handler_that_has_failed_before_its_turn_is_reported_though_its_client_has_gone() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET.repeat(3));
            served.drive(() -> promises.size() == 3);
            promises.get(1).fail(new IllegalStateException("a bug"));
            promises.get(2).fail(new IOException("an upstream that is gone"));
            served.transport.turns(5);
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            Report.Thrown told = served.reported(Report.Thrown.class);
            assertThat(told.what()).isEqualTo("the handler of GET /");
            assertThat(told.cause()).hasMessage("a bug");
        }
    }

    @Test
    void a_handler_that_fails_when_it_is_cancelled_is_reported() throws IOException {
        var asked = new AtomicInteger();
        List<RuntimeException> failures = List.of(new IllegalStateException("a bug"), new CancellationException());
        try (var served = new Served(new HttpServer.WithTask(request -> {
            RuntimeException failure = failures.get(asked.getAndIncrement());
            try {
                return Loop.current().<HttpResponse>promise().await();
            } catch (CancellationException e) {
                throw failure;
            }
        }))) {
            var client = served.connect().send(GET.repeat(2));
            served.drive(() -> asked.get() == 2);
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class);
            Report.Thrown told = served.reported(Report.Thrown.class);
            assertThat(told.what()).isEqualTo("the handler of GET /");
            assertThat(told.cause()).hasMessage("a bug");
        }
    }
}
