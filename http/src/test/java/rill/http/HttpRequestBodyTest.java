package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.LAST;
import static rill.http.ServedTexts.echo;
import static rill.http.ServedTexts.hello;
import static rill.http.ServedTexts.ok;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.Report;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests bodies of requests that handlers read, or do not read. */
@ExtendWith(Leaks.class)
class HttpRequestBodyTest {
    @Test
    void a_body_is_read_whole() throws IOException {
        try (var served = new Served(echo())) {
            var client = served.connect();
            assertThat(client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hel")
                            .send("lo")
                            .until("hello"))
                    .isEqualTo(ok("hello"));
            assertThat(client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
                                    + "5\r\nhello\r\n0\r\n\r\n")
                            .until("hello"))
                    .isEqualTo(ok("hello"));
            assertThat(client.send(GET).until("0\r\n\r\n")).isEqualTo(ok(""));
        }
    }

    @Test
    void trailers_are_there_after_the_body() throws IOException {
        try (var served = new Served(request -> request.body()
                .text()
                .map(text -> HttpResponse.text(text + request.body().trailers().get("x-sum"))))) {
            assertThat(served.connect()
                            .send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
                                    + "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n")
                            .until("a1"))
                    .isEqualTo(ok("a1"));
        }
    }

    @Test
    void a_body_is_read_no_faster_than_its_handler_wants_it() throws IOException {
        var bodies = new ArrayList<HttpBody>();
        try (var served = new Served(request -> {
            bodies.add(request.body());
            return Loop.current().promise();
        })) {
            var client = served.connect();
            client.send("POST / HTTP/1.1\r\nContent-Length: 4000000\r\n" + HOST);
            var body = "x".repeat(100_000);
            for (int i = 0; i < 10; i++) {
                client.send(body);
                served.transport.turns(20);
            }
            served.drive(() -> !bodies.isEmpty());
            long received = ((IncomingBody) bodies.getFirst()).received();
            assertThat(received).isBetween(60_000L, 256 * 1024L);
            var read = new AtomicInteger();
            while (read.get() < 1_000_000) {
                bodies.getFirst().next().onDone((piece, failure) -> {
                    read.addAndGet(piece.readableBytes());
                    piece.release();
                });
                int before = read.get();
                served.drive(() -> read.get() > before);
            }
            assertThat(read).hasValue(1_000_000);
            client.connection.abort();
            served.reported(Report.ConnectionFailed.class);
        }
    }

    @Test
    void a_body_above_the_limit_is_answered_with_413() throws IOException {
        try (var served = new Served(request -> request.body().text(4).map(HttpResponse::text))) {
            assertThat(served.connect()
                            .send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hello")
                            .until("413 Content"))
                    .startsWith("HTTP/1.1 413 Content Too Large");
            assertThat(served.connect()
                            .send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
                                    + "5\r\nhello\r\n0\r\n\r\n")
                            .until("413 Content"))
                    .startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void what_a_handler_does_not_read_is_thrown_away_up_to_a_bound() throws IOException {
        try (var served = new Served(Served.options().drainBytes(1000), hello())) {
            var client = served.connect();
            client.send("POST / HTTP/1.1\r\nContent-Length: 1000\r\n" + HOST);
            assertThat(client.until("hello")).isEqualTo(ok("hello"));
            assertThat(client.send("x".repeat(1000) + GET).until("hello")).isEqualTo(ok("hello"));
            client.send("POST / HTTP/1.1\r\nContent-Length: 1001\r\n" + HOST);
            assertThat(client.untilEnd()).contains("Connection: close");
            var chunked = served.connect();
            chunked.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST);
            assertThat(chunked.until("hello")).isEqualTo(ok("hello"));
            chunked.send("3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n" + GET);
            assertThat(chunked.untilEnd()).isEmpty();
        }
    }

    @Test
    void continue_is_sent_when_the_handler_wants_the_body() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        try (var served = new Served(echo())) {
            var client = served.connect();
            assertThat(client.send(expecting).until("\r\n\r\n")).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(client.send("hello").until("hello")).isEqualTo(ok("hello"));
        }
        try (var served = new Served(hello())) { // a handler that does not want it
            assertThat(served.connect().send(expecting).untilEnd())
                    .startsWith("HTTP/1.1 200")
                    .contains("Connection: close");
        }
    }

    @Test
    void the_time_of_a_body_does_not_begin_before_continue_has_left() throws IOException {
        String expecting = "POST /w HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        String large = "x".repeat(30_000);
        try (var served = new Served(
                MemoryTransport.calm().capacity(1000),
                Served.options(),
                request -> request.path().equals("/w")
                        ? request.body().text().map(HttpResponse::text)
                        : Served.text(large))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET + expecting);
            served.pass(Duration.ofSeconds(30)); // longer than the time for a body; a client that takes nothing has 60
            client.connection.resume();
            assertThat(client.until("100 Continue\r\n\r\n")).contains(large);
            assertThat(client.send("hello").until("hello")).isEqualTo(ok("hello"));
        }
    }

    @Test
    void continue_is_sent_before_a_body_that_comes_back() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        try (var served = new Served(request -> Future.of(HttpResponse.of(request.body())))) {
            var client = served.connect();
            assertThat(client.send(expecting).until("\r\n\r\n")).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(client.send("hello").until("hello"))
                    .startsWith("HTTP/1.1 200 ")
                    .doesNotContain("close")
                    .endsWith("hello");
            assertThat(client.send(expecting).until("\r\n\r\n")).startsWith("HTTP/1.1 100 ");
            served.pass(Duration.ofSeconds(30));
            assertThat(client.untilEnd()).startsWith("HTTP/1.1 408 ");
        }
    }

    @Test
    void continue_is_sent_before_a_stream_that_is_made_of_the_body() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        try (var served = new Served(request ->
                Future.of(HttpResponse.of(HttpBody.stream(() -> request.body().next()))))) {
            var client = served.connect();
            assertThat(client.send(expecting).until("\r\n\r\n")).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(client.send("hello").until("0\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("5\r\nhello\r\n");
            assertThat(client.send(LAST).untilEnd()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void a_body_that_is_asked_for_when_its_answer_has_begun_is_not_waited_for_without_end() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        var given = new AtomicInteger();
        try (var served =
                new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(() -> given.getAndIncrement() == 0
                        ? Future.<@Nullable ByteBuf>of(ServedTexts.bytes("first"))
                        : request.body().next()))))) {
            var client = served.connect();
            assertThat(client.send(expecting).until("first")).startsWith("HTTP/1.1 200 ");
            served.pass(Duration.ofSeconds(30));
            assertThat(client.ended).isTrue();
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessageContaining("expected the body");
        }
    }

    @Test
    void a_stream_that_has_nothing_to_do_with_a_body_that_is_held_back_is_sent() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        try (var served = new Served(request -> Future.of(HttpResponse.of(
                request.path().equals("/")
                        ? HttpBody.stream(ServedTexts.source())
                        : HttpBody.stream(2, ServedTexts.source("a", "b")))))) {
            assertThat(served.ask(expecting)).startsWith("HTTP/1.1 200 ").endsWith("0\r\n\r\n");
            assertThat(served.ask(expecting.replace("POST /", "POST /ab")))
                    .contains("Connection: close")
                    .endsWith("\r\n\r\nab");
        }
    }

    @Test
    void a_stream_that_fails_before_its_first_piece_is_closed_and_answered_for() throws IOException {
        String expecting = "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" + HOST;
        var closed = new AtomicInteger();
        var failing = new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return Loop.current().failed(new IOException("nothing to be had"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(failing))))) {
            assertThat(served.ask(expecting)).startsWith("HTTP/1.1 500 ");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessage("nothing to be had");
        }
        assertThat(closed).hasValue(1);
    }

    @Test
    void another_expectation_is_answered_with_417() throws IOException {
        try (var served = new Served(hello())) {
            assertThat(served.ask("GET / HTTP/1.1\r\nExpect: the-unexpected\r\n" + HOST))
                    .startsWith("HTTP/1.1 417");
        }
    }

    @Test
    void a_body_in_chunks_that_goes_on_after_its_handler_has_closed_it_ends_the_connection() throws IOException {
        try (var served = new Served(Served.options().drainBytes(1000), request -> {
            request.body().close();
            return Loop.current().delay(Duration.ofSeconds(1)).map(nothing -> HttpResponse.text("enough"));
        })) {
            String chunk = "1f4\r\n" + "x".repeat(500) + "\r\n";
            var client = served.connect()
                    .send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + chunk.repeat(10));
            assertThat(client.until("enough")).startsWith("HTTP/1.1 200 ").contains("Connection: close");
            client.connection.close();
        }
    }

    @Test
    void a_piece_that_was_given_up_comes_before_those_behind_it() throws IOException {
        try (var served = new Served(request -> Loop.current()
                .delay(Duration.ofSeconds(1))
                .flatMap(nothing -> {
                    request.body().next().map(piece -> piece).cancel(); // before its callback has seen the piece
                    return request.body().text();
                })
                .map(HttpResponse::text))) {
            var client = served.connect()
                    .send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
                            + "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
            assertThat(client.until("two")).endsWith("onetwo");
        }
    }

    @Test
    void what_came_after_a_body_that_comes_back_comes_back_as_well() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(request.body())))) {
            var client = served.connect()
                    .send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
                            + "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
            assertThat(client.until("X-Sum: 1\r\n\r\n")).endsWith("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
        }
    }

    /** A handler that answers at once, and reads the body afterwards. */
    private static final class ReadsTooLate {
        private final List<Future<byte[]>> wholes = new ArrayList<>();
        private final List<HttpBody> bodies = new ArrayList<>();

        Future<HttpResponse> answer(HttpRequest request) {
            bodies.add(request.body());
            Loop.current()
                    .schedule(
                            Duration.ofSeconds(1),
                            () -> wholes.add(request.body().bytes().onDone((bytes, failure) -> {})));
            return text("taken");
        }

        Throwable failure(Served served) {
            served.drive(() -> !wholes.isEmpty() && wholes.getLast().isDone());
            return wholes.getLast().failure();
        }
    }

    @Test
    void a_body_that_is_read_after_its_answer_is_never_taken_for_whole() throws IOException {
        var late = new ReadsTooLate();
        try (var served = new Served(late::answer)) {
            var client = served.connect();
            client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hello");
            assertThat(client.until("taken")).isEqualTo(ok("taken"));
            assertThat(late.failure(served)).isInstanceOf(IOException.class).hasMessageContaining("was answered");
            client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "he");
            client.until("taken");
            client.send("llo"); // when it is no longer wanted
            assertThat(late.failure(served)).isInstanceOf(IOException.class).hasMessageContaining("was answered");
        }
    }

    @Test
    void a_body_that_is_read_to_its_end_before_its_answer_has_ended_ever_after() throws IOException {
        var bodies = new ArrayList<HttpBody>();
        try (var served = new Served(request -> {
            bodies.add(request.body());
            return request.body().text().map(HttpResponse::text);
        })) {
            served.connect()
                    .send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hello")
                    .until("\r\n\r\nhello");
            Future<@Nullable ByteBuf> after =
                    served.loop.submit(() -> bodies.getFirst().next()).flatMap(piece -> piece);
            served.drive(after::isDone);
            assertThat(after.result()).isNull();
        }
    }

    @Test
    void a_piece_that_comes_back_when_the_body_is_closed_is_missed() throws IOException {
        var late = new ArrayList<Future<byte[]>>();
        try (var served = new Served(request -> Loop.current()
                .delay(Duration.ofSeconds(1))
                .map(nothing -> {
                    Future<?> untold = request.body().next().map(piece -> piece);
                    request.body().close();
                    untold.cancel();
                    Loop.current()
                            .schedule(
                                    Duration.ofSeconds(1),
                                    () -> late.add(request.body().bytes()));
                    return HttpResponse.text("closed");
                }))) {
            served.connect()
                    .send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hello")
                    .until("closed");
            served.drive(() -> !late.isEmpty() && late.getFirst().isDone());
            assertThat(late.getFirst().failure()).isInstanceOf(IOException.class);
        }
    }
}
