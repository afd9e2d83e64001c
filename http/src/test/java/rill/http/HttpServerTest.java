package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.DATE;
import static rill.http.Served.HOST;
import static rill.http.Served.text;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.Report;
import rill.Service;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** What clients are told, and what handlers see. */
@ExtendWith(Leaks.class)
class HttpServerTest {
    private static final String PLAIN = "Content-Type: text/plain; charset=utf-8\r\n";
    private static final String GET = "GET / HTTP/1.1\r\n" + HOST;
    private static final String LAST = "GET /last HTTP/1.1\r\nConnection: close\r\n" + HOST;

    private static Service<HttpRequest, HttpResponse> hello() {
        return request -> text("hello");
    }

    private static String ok(String text) {
        return "HTTP/1.1 200 OK\r\n" + PLAIN + DATE + "content-length: " + text.length() + "\r\n\r\n" + text;
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    private static HttpBody.Source source(String... pieces) {
        Iterator<String> left = List.of(pieces).iterator();
        return () -> Future.of(left.hasNext() ? bytes(left.next()) : null);
    }

    // ---- answers

    @Test
    void a_request_is_answered_and_the_connection_kept() throws IOException {
        try (var served = new Served(hello())) {
            var client = served.connect();
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
            assertThat(client.ended).isFalse();
        }
    }

    @Test
    void a_request_that_comes_byte_by_byte_is_answered() throws IOException {
        try (var served = new Served(hello())) {
            var client = served.connect();
            for (int i = 0; i < GET.length(); i++) {
                client.send(GET.substring(i, i + 1));
                served.transport.turns(3);
            }
            assertThat(client.until("hello")).isEqualTo(ok("hello"));
        }
    }

    @Test
    void the_last_request_is_answered_with_close() throws IOException {
        try (var served = new Served(hello())) {
            assertThat(served.ask(LAST + GET))
                    .isEqualTo(ok("hello").replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
        }
    }

    @Test
    void a_response_that_closes_is_the_last() throws IOException {
        var asked = new AtomicInteger();
        try (var served = new Served(request -> {
            asked.incrementAndGet();
            return Future.of(HttpResponse.text("bye").with("Connection", "close"));
        })) {
            assertThat(served.ask(GET + GET))
                    .containsOnlyOnce("HTTP/1.1")
                    .contains("Connection: close")
                    .endsWith("bye");
        }
    }

    @Test
    void answers_leave_in_the_order_of_the_requests() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(request -> {
            Promise<HttpResponse> promise = Loop.current().promise();
            promises.add(promise);
            return promise;
        })) {
            var client = served.connect().send(GET + GET + GET);
            served.drive(() -> promises.size() == 3);
            promises.get(2).complete(HttpResponse.text("3"));
            promises.get(1).complete(HttpResponse.text("2"));
            served.transport.turns(5);
            assertThat(client.take()).isEmpty();
            promises.get(0).complete(HttpResponse.text("1"));
            assertThat(client.until("3")).isEqualTo(ok("1") + ok("2") + ok("3"));
        }
    }

    @Test
    void no_more_requests_are_taken_than_may_be_in_progress() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(Served.options().pipelined(3), request -> {
            Promise<HttpResponse> promise = Loop.current().promise();
            promises.add(promise);
            return promise;
        })) {
            var client = served.connect().send(GET.repeat(10));
            served.drive(() -> promises.size() == 3);
            served.transport.turns(20);
            assertThat(promises).hasSize(3);
            promises.get(0).complete(HttpResponse.text("1"));
            served.drive(() -> promises.size() == 4);
            served.transport.turns(20);
            assertThat(promises).hasSize(4);
            assertThat(client.until("1")).isEqualTo(ok("1"));
            promises.forEach(each -> each.complete(HttpResponse.text("x")));
            served.drive(() -> promises.size() == 7);
            promises.forEach(each -> each.complete(HttpResponse.text("x")));
            served.drive(() -> promises.size() == 10);
            promises.forEach(each -> each.complete(HttpResponse.text("x")));
            served.transport.turns(20);
        }
    }

    @Test
    void head_is_answered_without_the_body() throws IOException {
        try (var served = new Served(request -> Future.of(
                request.path().equals("/stream")
                        ? HttpResponse.of(HttpBody.stream(source("a")))
                        : HttpResponse.text("hello")))) {
            var client = served.connect();
            assertThat(client.send("HEAD / HTTP/1.1\r\n" + HOST).until("\r\n\r\n"))
                    .isEqualTo(ok("hello").replace("\r\nhello", "\r\n"));
            assertThat(client.send("HEAD /stream HTTP/1.1\r\n" + HOST).until("\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "transfer-encoding: chunked\r\n\r\n");
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
        }
    }

    @Test
    void a_status_without_a_body_has_none() throws IOException {
        try (var served = new Served(request ->
                Future.of(HttpResponse.of(Integer.parseInt(request.path().substring(1)))))) {
            var client = served.connect();
            assertThat(client.send("GET /204 HTTP/1.1\r\n" + HOST).until("\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 204 No Content\r\n" + DATE + "\r\n");
            assertThat(client.send("GET /304 HTTP/1.1\r\n" + HOST).until("\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 304 Not Modified\r\n" + DATE + "\r\n");
            assertThat(client.send("GET /404 HTTP/1.1\r\n" + HOST).until("\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 404 Not Found\r\n" + DATE + "content-length: 0\r\n\r\n");
        }
    }

    @Test
    void a_stream_is_sent_in_chunks_and_to_old_clients_until_the_connection_closes() throws IOException {
        try (var served =
                new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(source("hello, ", "", "world")))))) {
            var client = served.connect();
            assertThat(client.send(GET).until("0\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE
                            + "transfer-encoding: chunked\r\n\r\n7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n");
            assertThat(client.send(GET).until("0\r\n\r\n")).endsWith("5\r\nworld\r\n0\r\n\r\n");
            assertThat(served.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "connection: close\r\n\r\nhello, world");
        }
    }

    @Test
    void a_stream_of_a_known_length_says_so() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(3, source("a", "bc")))))) {
            var client = served.connect();
            assertThat(client.send(GET).until("abc"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "content-length: 3\r\n\r\nabc");
            assertThat(client.send(GET).until("abc")).endsWith("abc");
        }
    }

    @ParameterizedTest
    @CsvSource({"a", "abcd"})
    void a_stream_that_is_shorter_or_longer_than_it_says_fails_the_connection(String piece) throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(3, source(piece)))))) {
            var client = served.connect().send(GET);
            served.drive(() -> client.ended);
            assertThat(client.take()).doesNotContain("abc");
            assertThat(served.reported(Report.ConnectionFailed.class).cause()).hasMessageContaining("than declared");
        }
    }

    @Test
    void a_stream_that_fails_resets_the_connection() throws IOException {
        var closed = new AtomicInteger();
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return Future.failed(new IOException("no more"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        }))))) {
            var client = served.connect().send(GET);
            served.drive(() -> client.ended);
            assertThat(client.take()).doesNotContain("0\r\n\r\n");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessage("no more");
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void a_stream_is_asked_no_faster_than_its_client_reads() throws IOException {
        var asked = new AtomicInteger();
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(() ->
                Future.of(asked.incrementAndGet() > 200 ? null : Unpooled.wrappedBuffer(new byte[64 * 1024]))))))) {
            var client = served.connect();
            client.connection.pause();
            client.send(LAST);
            served.transport.turns(2000);
            assertThat(asked.get()).isBetween(3, 12);
            client.connection.resume();
            assertThat(client.untilEnd()).hasSizeGreaterThan(200 * 64 * 1024).endsWith("0\r\n\r\n");
        }
    }

    @Test
    void a_client_that_takes_nothing_is_given_up() throws IOException {
        var closed = new AtomicInteger();
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return Future.of(Unpooled.wrappedBuffer(new byte[64 * 1024]));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        }))))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET);
            served.pass(Duration.ofSeconds(59));
            assertThat(closed).hasValue(0);
            served.pass(Duration.ofSeconds(20));
            assertThat(closed).hasValue(1);
            assertThat(served.server.connections()).isZero();
        }
    }

    @Test
    void a_response_that_says_when_it_was_made_is_not_dated_again() throws IOException {
        try (var served =
                new Served(request -> Future.of(HttpResponse.text("old").with("Date", "long ago")))) {
            assertThat(served.connect().send(GET).until("old"))
                    .containsOnlyOnce("Date: ")
                    .contains("Date: long ago");
        }
    }

    // ---- failures of handlers

    @Test
    void a_handler_that_fails_is_answered_for_and_reported() throws IOException {
        try (var served = new Served(request -> switch (request.path()) {
            case "/throw" -> throw new IllegalStateException("oops");
            case "/fail" -> Future.failed(new IOException("oops"));
            case "/null" -> Future.of(null);
            default -> text("hello");
        })) {
            var client = served.connect();
            for (String path : List.of("/throw", "/fail", "/null")) {
                assertThat(client.send("GET " + path + " HTTP/1.1\r\n" + HOST).until("\r\n\r\n5"))
                        .startsWith("HTTP/1.1 500 Internal Server Error");
                assertThat(served.reported(Report.Thrown.class).what()).isEqualTo("the handler of GET " + path);
            }
            served.transport.turns(5);
            client.take();
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
        }
    }

    @Test
    void an_answer_that_can_not_be_sent_is_answered_for() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(200).with("Content-Length", "5")))) {
            assertThat(served.connect().send(GET).until("\r\n\r\n5")).startsWith("HTTP/1.1 500");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessageContaining("a body that is missing");
        }
    }

    @Test
    void the_handler_of_a_client_that_has_gone_is_cancelled() throws IOException {
        var promise = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(request -> {
            promise.add(Loop.current().promise());
            return promise.getFirst();
        })) {
            var client = served.connect().send(GET);
            served.drive(() -> !promise.isEmpty());
            client.connection.abort();
            served.drive(() -> promise.getFirst().isDone());
            assertThat(promise.getFirst().isCancelled()).isTrue();
            served.reported(Report.ConnectionFailed.class);
        }
    }

    // ---- bodies of requests

    private static Service<HttpRequest, HttpResponse> echo() {
        return request -> request.body().text().map(HttpResponse::text);
    }

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
        try (var served = new Served(request -> request.body().bytes(4).map(bytes -> HttpResponse.text("taken")))) {
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
            assertThat(client.untilEnd()).contains("connection: close");
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
        try (var served = new Served(hello())) { // which does not want it
            assertThat(served.connect().send(expecting).untilEnd())
                    .startsWith("HTTP/1.1 200")
                    .contains("connection: close");
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
            served.pass(
                    Duration.ofSeconds(30)); // which is longer than a body may take, and shorter than the client may
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
    void another_expectation_is_answered_with_417() throws IOException {
        try (var served = new Served(hello())) {
            assertThat(served.ask("GET / HTTP/1.1\r\nExpect: the-unexpected\r\n" + HOST))
                    .startsWith("HTTP/1.1 417");
        }
    }

    // ---- what is refused

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400|GET / HTTP/1.1~~",
                "400|GET / HTTP/1.1~Host: a~Content-Length: +1~~",
                "501|POST / HTTP/1.1~Host: a~Transfer-Encoding: gzip, chunked~~",
                "505|PRI * HTTP/2.0~~"
            })
    void what_breaks_the_protocol_is_answered_after_what_came_before(int status, String request) throws IOException {
        try (var served = new Served(hello())) {
            String told = served.ask(GET + request.replace("~", "\r\n") + GET);
            assertThat(told)
                    .startsWith(ok("hello"))
                    .contains("HTTP/1.1 " + status + " ")
                    .contains("connection: close");
            assertThat(told.split("HTTP/1.1 ")).hasSize(3);
        }
    }

    @Test
    void too_much_is_answered_with_414_and_431() throws IOException {
        try (var served = new Served(hello())) {
            assertThat(served.ask("GET /" + "x".repeat(9000))).startsWith("HTTP/1.1 414 ");
            assertThat(served.ask("GET / HTTP/1.1\r\na: " + "x".repeat(20_000))).startsWith("HTTP/1.1 431 ");
        }
    }

    @Test
    void a_body_that_breaks_the_protocol_fails_its_reader_and_is_answered() throws IOException {
        try (var served = new Served(echo())) {
            assertThat(served.ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + "5\r\nhello!"))
                    .startsWith("HTTP/1.1 400 ")
                    .contains("CR LF after a chunk");
        }
    }

    @Test
    void a_body_that_ends_early_fails_its_reader() throws IOException {
        try (var served = new Served(echo())) {
            var client = served.connect().send("POST / HTTP/1.1\r\nContent-Length: 6\r\n" + HOST + "hello");
            client.connection.shutdownOutput();
            assertThat(client.untilEnd()).startsWith("HTTP/1.1 400 ").contains("of which 1 bytes are missing");
        }
    }

    @Test
    void a_client_that_has_ended_its_stream_is_still_answered() throws IOException {
        var promise = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(request -> {
            promise.add(Loop.current().promise());
            return promise.getFirst();
        })) {
            var client = served.connect().send(GET);
            client.connection.shutdownOutput();
            served.drive(() -> !promise.isEmpty());
            served.transport.turns(20);
            promise.getFirst().complete(HttpResponse.text("late"));
            assertThat(client.untilEnd()).endsWith("late");
        }
    }

    @Test
    void nothing_is_kept_of_a_client_that_has_reset_with_requests_unread() throws IOException {
        var given = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(Served.options().pipelined(2), request -> {
            Loop loop = Loop.current();
            given.add(loop.promise());
            return given.size() > 1
                    ? given.getLast() // which nobody completes
                    : loop.delay(Duration.ofSeconds(1)).map(nothing -> HttpResponse.text("late"));
        })) {
            var client = served.connect().send(GET.repeat(4));
            served.drive(() -> given.size() == 2);
            client.connection.abort();
            served.pass(Duration.ofSeconds(10));
            assertThat(served.loop.connections()).isZero();
            assertThat(given.getLast().isCancelled()).isTrue();
            served.reports.clear(); // perhaps told of
        }
    }

    // ---- time

    @Test
    void a_slow_head_is_answered_with_408() throws IOException {
        try (var served = new Served(hello())) {
            var client = served.connect().send("GET / HTTP/1.1\r\n");
            served.pass(Duration.ofSeconds(9));
            client.send("Host: a\r\n");
            served.pass(Duration.ofMillis(500));
            assertThat(client.ended).isFalse();
            served.pass(Duration.ofSeconds(1));
            assertThat(client.untilEnd()).startsWith("HTTP/1.1 408 ");
        }
    }

    @Test
    void an_idle_connection_closes() throws IOException {
        try (var served = new Served(hello())) {
            var client = served.connect();
            served.pass(Duration.ofSeconds(55));
            assertThat(client.send(GET).until("hello")).isNotEmpty();
            served.pass(Duration.ofSeconds(55));
            assertThat(client.ended).isFalse();
            served.pass(Duration.ofSeconds(10));
            assertThat(client.ended).isTrue();
            assertThat(client.take()).isEmpty();
            client.connection.close();
        }
    }

    @Test
    void a_handler_may_take_its_time() throws IOException {
        try (var served = new Served(
                request -> Loop.current().delay(Duration.ofMinutes(10)).map(nothing -> HttpResponse.text("late")))) {
            assertThat(served.connect().send(GET).until("late")).isEqualTo(ok("late"));
        }
    }

    @Test
    void a_slow_body_is_answered_with_408() throws IOException {
        try (var served = new Served(echo())) {
            var client = served.connect().send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n" + HOST);
            for (int i = 0; i < 5; i++) {
                client.send("x".repeat(1100));
                served.pass(Duration.ofSeconds(9));
            }
            assertThat(client.ended).isFalse();
            client.send("x");
            assertThat(client.untilEnd()).startsWith("HTTP/1.1 408 ");
        }
    }

    // ---- closing

    @Test
    void when_the_loop_closes_what_has_begun_is_answered() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        var served = new Served(request -> {
            if (request.path().equals("/now")) {
                return text("now");
            }
            if (request.method().equals("POST")) {
                return request.body().text().map(HttpResponse::text);
            }
            Promise<HttpResponse> promise = Loop.current().promise();
            promises.add(promise);
            return promise;
        });
        var idle = served.connect();
        assertThat(idle.send("GET /now HTTP/1.1\r\n" + HOST).until("now")).isEqualTo(ok("now"));
        var waiting = served.connect().send(GET);
        var sending = served.connect().send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "he");
        served.drive(() -> promises.size() == 1);
        served.transport.turns(5);
        served.loop.schedule(Duration.ofSeconds(1), () -> {
            sending.send("llo");
            promises.getFirst().complete(HttpResponse.text("late"));
        });
        served.close();
        assertThat(idle.take()).isEmpty();
        assertThat(waiting.take()).contains("connection: close").endsWith("late");
        assertThat(sending.take()).contains("connection: close").endsWith("hello");
    }

    @Test
    void when_the_server_closes_what_has_begun_is_answered() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(request -> {
            Promise<HttpResponse> promise = Loop.current().promise();
            promises.add(promise);
            return promise;
        })) {
            var client = served.connect().send(GET);
            served.drive(() -> promises.size() == 1);
            Future<@Nullable Void> finished = served.server.finish();
            client.send(GET);
            served.transport.turns(20);
            assertThat(finished.isDone()).isFalse();
            assertThat(served.server.isOpen()).isFalse();
            promises.getFirst().complete(HttpResponse.text("late"));
            finished.await();
            assertThat(client.take())
                    .containsOnlyOnce("HTTP/1.1")
                    .contains("connection: close")
                    .endsWith("late");
            assertThat(promises).hasSize(1);
        }
    }

    // ---- other

    @Test
    void the_log_is_told_of_each_request() throws IOException {
        var log = new ArrayList<HttpAccess>();
        try (var served = new Served(
                Served.options().accessLog(log::add),
                request -> Loop.current().delay(Duration.ofSeconds(2)).map(nothing -> HttpResponse.text("hello")))) {
            served.ask(LAST.replace("/last", "/a?b"));
            served.ask("nonsense\r\n\r\n");
            assertThat(log).hasSize(2);
            HttpAccess first = log.getFirst();
            assertThat(first.method() + first.target() + first.status() + first.bytes() + first.complete())
                    .isEqualTo("GET/a?b2005true");
            assertThat(first.time()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(3));
            assertThat(log.getLast().status()).isEqualTo(400);
        }
    }

    @Test
    void a_log_that_fails_harms_nobody() throws IOException {
        try (var served = new Served(
                Served.options().accessLog(access -> {
                    throw new IllegalStateException("disk full");
                }),
                hello())) {
            var client = served.connect();
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
            Report.Thrown told = served.reported(Report.Thrown.class);
            assertThat(told.what()).isEqualTo("the access log");
            assertThat(told.cause()).hasMessage("disk full");
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
            served.reported(Report.Thrown.class);
        }
    }

    @Test
    void a_task_answers_with_sequential_code() throws IOException {
        try (var served = new Served(request -> Loop.current().task(() -> {
            String text = request.body().text().await();
            Loop.current().delay(Duration.ofSeconds(1)).await();
            return HttpResponse.text(text + "!");
        }))) {
            assertThat(served.connect()
                            .send("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST + "hello")
                            .until("!"))
                    .isEqualTo(ok("hello!"));
        }
    }

    @Test
    void what_follows_an_upgrade_is_another_protocol() throws IOException {
        HttpFields agreed = HttpFields.of("Connection", "upgrade", "Upgrade", "echo");
        try (var served = new Served(request -> "echo".equals(request.field("upgrade"))
                ? Future.of(HttpResponse.upgrade(101, agreed, connection -> {
                    var echo = connection.become(rill.Pipeline.bytes());
                    echo.onMessage(echo::write);
                }))
                : text("plain"))) {
            var client = served.connect();
            String asks = "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: ";
            assertThat(client.send(asks + "other\r\n" + HOST).until("plain")).isEqualTo(ok("plain"));
            assertThat(client.send(GET).until("plain")).isEqualTo(ok("plain"));
            client.send(asks + "echo\r\n" + HOST + "early ");
            assertThat(client.until("early "))
                    .startsWith("HTTP/1.1 101 Switching Protocols")
                    .endsWith("\r\n\r\nearly ");
            assertThat(client.send("hello").until("hello")).isEqualTo("hello");
            client.connection.shutdownOutput();
            assertThat(client.untilEnd()).isEmpty();
        }
    }

    @Test
    void a_request_knows_its_path_and_its_parameters() {
        HttpRequest request =
                HttpRequest.of("GET", "/a%20b?c=d+e&f=%C3%BC&g&h=%").with("X", "y");
        assertThat(request.path()).isEqualTo("/a%20b");
        assertThat(request.query()).isEqualTo("c=d+e&f=%C3%BC&g&h=%");
        assertThat(request.parameter("c")).isEqualTo("d e");
        assertThat(request.parameter("f")).isEqualTo("\u00fc");
        assertThat(request.parameter("g")).isEmpty();
        assertThat(request.parameter("h")).isNull();
        assertThat(request.parameter("i")).isNull();
        assertThat(HttpRequest.of("GET", "http://a/b?c").path()).isEqualTo("/b");
        assertThat(HttpRequest.of("GET", "http://a").path()).isEqualTo("/");
        assertThat(request.field("x")).isEqualTo("y");
    }
}
