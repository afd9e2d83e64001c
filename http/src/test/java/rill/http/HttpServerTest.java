package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static rill.http.Served.DATE;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.LAST;
import static rill.http.ServedTexts.hello;
import static rill.http.ServedTexts.ok;
import static rill.http.ServedTexts.promising;
import static rill.http.ServedTexts.source;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
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
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;

/** Tests how requests are answered, also when handlers fail, and what else handlers see. */
@ExtendWith(Leaks.class)
class HttpServerTest {
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
                    .isEqualTo(ok("hello").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
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
        try (var served = new Served(promising(promises))) {
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
        try (var served = new Served(Served.options().pipelined(3), promising(promises))) {
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

    /** Each answer is complete when its turn comes, and so is the next: together they must not take one stack. */
    @Test
    void thousands_of_pipelined_streams_that_are_complete_leave_in_order_once_the_first_is_answered()
            throws IOException {
        int others = 5_000;
        var first = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(
                Served.options().pipelined(others + 1),
                request -> request.path().equals("/first")
                        ? promising(first).answer(request)
                        : Future.of(
                                HttpResponse.of(HttpBody.stream(1, source(Integer.toString(first.size() % 10))))))) {
            var client = served.connect();
            client.send("GET /first HTTP/1.1\r\n" + HOST + GET.repeat(others) + LAST);
            served.transport.turns(2_000);
            assertThat(client.size()).isZero();
            first.getFirst().complete(HttpResponse.text("first"));
            String all = client.untilEnd();
            assertThat(all).startsWith(ok("first"));
            assertThat(all.split("HTTP/1.1 200 OK", -1)).hasSize(others + 3);
        }
    }

    /** Each answer makes room for one request more, not for as many as arrive in one read. */
    @Test
    void requests_that_wait_for_their_turn_are_not_read_further_ahead_with_each_answer() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(Served.options().pipelined(1), promising(promises))) {
            var client = served.connect();
            client.send(GET.repeat(30_000));
            served.transport.turns(200);
            long waited = client.connection.pending();
            assertThat(waited).isGreaterThan(400_000);
            for (int i = 0; i < 50; i++) {
                int asked = i;
                served.drive(() -> promises.size() > asked);
                promises.get(asked).complete(HttpResponse.text("x"));
                served.transport.turns(3);
            }
            served.drive(() -> promises.size() == 51);
            assertThat(waited - client.connection.pending())
                    .as("bytes read since then")
                    .isLessThan(100_000);
            client.connection.abort();
            served.drive(() -> {
                promises.getLast().complete(HttpResponse.text("x"));
                return served.server.connections() == 0;
            });
            served.reports.removeIf(Report.ConnectionFailed.class::isInstance); // for a write, if there was one
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
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "Transfer-Encoding: chunked\r\n\r\n");
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
                    .isEqualTo("HTTP/1.1 404 Not Found\r\n" + DATE + "Content-Length: 0\r\n\r\n");
        }
    }

    @Test
    void a_stream_is_sent_in_chunks_and_to_old_clients_until_the_connection_closes() throws IOException {
        try (var served =
                new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(source("hello, ", "", "world")))))) {
            var client = served.connect();
            assertThat(client.send(GET).until("0\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE
                            + "Transfer-Encoding: chunked\r\n\r\n7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n");
            assertThat(client.send(GET).until("0\r\n\r\n")).endsWith("5\r\nworld\r\n0\r\n\r\n");
            assertThat(served.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "Connection: close\r\n\r\nhello, world");
        }
    }

    @Test
    void a_stream_has_the_media_type_that_it_was_given() throws IOException {
        try (var served =
                new Served(request -> Future.of(HttpResponse.of("image/png", HttpBody.stream(3, source("abc")))))) {
            assertThat(served.ask(LAST))
                    .contains("\r\nContent-Type: image/png\r\n")
                    .endsWith("\r\n\r\nabc");
        }
        assertThat(HttpResponse.of(HttpBody.of("abc")).fields().isEmpty()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> HttpResponse.of("a\r\nb", HttpBody.empty()));
    }

    @Test
    void a_stream_of_a_known_length_says_so() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(3, source("a", "bc")))))) {
            var client = served.connect();
            assertThat(client.send(GET).until("abc"))
                    .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "Content-Length: 3\r\n\r\nabc");
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
    void a_length_that_is_right_may_be_set() throws IOException {
        try (var served =
                new Served(request -> Future.of(HttpResponse.text("hello").with("Content-Length", "5")))) {
            var client = served.connect();
            assertThat(client.send(GET).until("hello")).isEqualTo(ok("hello"));
            assertThat(client.send(GET.replace("GET", "HEAD")).until("\r\n\r\n"))
                    .isEqualTo(ok("hello").replaceFirst("hello$", ""));
        }
        try (var served =
                new Served(request -> Future.of(HttpResponse.text("hello").with("Content-Length", "6")))) {
            assertThat(served.connect().send(GET).until("\r\n\r\n5")).startsWith("HTTP/1.1 500");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessageContaining("a body that is missing");
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
            served.ask(LAST.replace("GET", "HEAD"));
            assertThat(log.getLast().method() + log.getLast().bytes()).isEqualTo("HEAD0");
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
