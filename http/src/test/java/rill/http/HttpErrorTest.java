package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.LAST;
import static rill.http.ServedTexts.source;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Future;
import rill.Report;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;

/** Tests answers to errors that are not short texts, but what the user makes. */
@ExtendWith(Leaks.class)
class HttpErrorTest {
    private static final HttpResponse JSON = HttpResponse.json("{}");
    private static final String END = "\r\n\r\n{}";

    private final List<HttpError> errors = new ArrayList<>();

    private HttpServerOptions options(Function<HttpError, @Nullable HttpResponse> maker) {
        return Served.options().headTimeout(Duration.ofSeconds(1)).errorAnswers(error -> {
            errors.add(error);
            return maker.apply(error);
        });
    }

    private HttpServerOptions json() {
        return options(error -> JSON);
    }

    private static Future<HttpResponse> answer(HttpRequest request) throws Exception {
        return switch (request.path()) {
            case "/refuses" -> throw new HttpRefusedException(409, "not now");
            case "/throws" -> throw new IllegalStateException("secret");
            case "/null" -> Future.of(null);
            case "/cancelled" -> {
                Future<HttpResponse> future = request.loop().promise();
                future.cancel();
                yield future;
            }
            case "/wrong" -> Future.of(HttpResponse.text("a").with("Content-Length", "7"));
            case "/late" -> request.loop().promise();
            case "/whole" -> request.body().bytes(3).map(all -> HttpResponse.text("all"));
            case "/own" -> Future.of(HttpResponse.text("own").status(404));
            default -> text("hello");
        };
    }

    // ---- which

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400|GET  / HTTP/1.1~Host: a~~|expected|no",
                "501|POST / HTTP/1.1~Host: a~Transfer-Encoding: gzip, chunked~~|expected|no",
                "417|GET / HTTP/1.1~Host: a~Expect: more~~|expected no other Expect|no",
                "408|GET / HTTP/1.1~|expected the rest|no",
                "409|GET /refuses HTTP/1.1~Connection: close~Host: a~~|not now|HttpRefused",
                "413|POST /whole HTTP/1.1~Connection: close~Content-Length: 4~Host: a~~body|more than 3 bytes|TooLarge",
                "503|GET /cancelled HTTP/1.1~Connection: close~Host: a~~|''|Cancelled",
                "503|GET /late HTTP/1.1~Connection: close~Host: a~~|''|Cancelled"
            })
    void each_answer_of_the_server_itself_is_made_by_the_user(int status, String request, String why, String cause)
            throws IOException {
        try (var served = new Served(json().answerDeadline(Duration.ofSeconds(2)), HttpErrorTest::answer)) {
            assertThat(served.ask(request.replace("~", "\r\n")))
                    .startsWith("HTTP/1.1 " + status + " ")
                    .contains("Content-Type: application/json\r\n", "Connection: close\r\n", "Content-Length: 2\r\n")
                    .endsWith(END);
            assertThat(errors).hasSize(1);
            HttpError error = errors.getFirst();
            assertThat(error.status()).isEqualTo(status);
            assertThat(error.why()).contains(why).doesNotContain("\n");
            assertThat(error.cause() == null ? "no" : error.cause().getClass().getName())
                    .contains(cause);
            assertThat(error.toString()).startsWith(status + "");
        }
    }

    @ParameterizedTest
    @CsvSource({"/throws", "/null", "/wrong"})
    void a_failure_of_this_side_is_answered_by_the_user_and_reported_as_ever(String path) throws IOException {
        try (var served = new Served(json(), HttpErrorTest::answer)) {
            var client = served.connect();
            assertThat(client.send("GET " + path + " HTTP/1.1\r\n" + HOST).until(END))
                    .startsWith("HTTP/1.1 500 ")
                    .doesNotContain("Connection: close");
            assertThat(client.send(GET).until("hello"))
                    .as("the same connection")
                    .contains("200 OK");
            assertThat(errors).singleElement().satisfies(error -> {
                assertThat(error.request().path()).isEqualTo(path);
                assertThat(error.cause()).isNotNull();
                assertThat(error.why()).isEmpty();
            });
            assertThat(served.reported(Report.Thrown.class)).isNotNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"/none", "/../none", "/%2e%2e/none"})
    void a_missing_file_is_answered_alike_whatever_its_path(String path, @TempDir Path folder) throws IOException {
        try (var served = new Served(json(), request -> Future.of(HttpResponse.fileBelow(folder, request.path())))) {
            assertThat(served.ask("GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .startsWith("HTTP/1.1 404 ")
                    .endsWith(END);
            assertThat(errors).hasSize(1);
        }
    }

    @Test
    void answers_of_the_handler_are_its_own() throws IOException {
        try (var served = new Served(json(), HttpErrorTest::answer)) {
            assertThat(served.ask("GET /own HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .endsWith("own");
            assertThat(errors).isEmpty();
        }
    }

    @Test
    void an_invalid_request_has_no_request_and_a_refused_body_has_one() throws IOException {
        try (var served = new Served(json(), request -> request.body().text().map(HttpResponse::text))) {
            served.ask("GET  / HTTP/1.1\r\n" + HOST);
            served.ask("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + "5\r\nhello!");
            assertThat(errors.getFirst().request()).isNull();
            assertThat(errors.getLast().request().target()).isEqualTo("/a");
        }
    }

    // ---- what stays the server's

    @Test
    void the_status_the_framing_and_the_end_of_the_connection_are_not_the_users() throws IOException {
        HttpServerOptions options = options(error -> HttpResponse.json("{}")
                .status(200)
                .with("Connection", "keep-alive")
                .with("Date", "then"));
        try (var served = new Served(options, HttpErrorTest::answer)) {
            assertThat(served.ask(GET + "GET  / HTTP/1.1\r\n" + HOST + GET))
                    .contains("hello")
                    .contains("HTTP/1.1 400 Bad Request\r\n", "Connection: close\r\n", "Content-Length: 2\r\n")
                    .endsWith(END);
        }
    }

    @Test
    void the_answer_to_head_has_no_body() throws IOException {
        try (var served = new Served(json(), HttpErrorTest::answer)) {
            assertThat(served.ask("HEAD /refuses HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .startsWith("HTTP/1.1 409 ")
                    .contains("Content-Length: 2\r\n")
                    .endsWith("\r\n\r\n");
        }
    }

    @ParameterizedTest
    @CsvSource({"throws", "null", "stream", "upgrade", "length"})
    void an_answer_that_can_not_be_sent_is_reported_and_replaced(String how) throws IOException {
        var closed = new AtomicInteger();
        HttpServerOptions options = options(error -> switch (how) {
            case "throws" -> throw new IllegalStateException("mine");
            case "null" -> null;
            case "stream" ->
                HttpResponse.of(HttpBody.stream(new HttpBody.Source() {
                    private final HttpBody.Source pieces = source("a");

                    @Override
                    public Future<io.netty.buffer.@Nullable ByteBuf> next() throws IOException {
                        return pieces.next();
                    }

                    @Override
                    public void close() {
                        closed.incrementAndGet();
                    }
                }));
            case "upgrade" -> HttpResponse.upgrade(101, HttpFields.none(), connection -> {});
            default -> HttpResponse.text("a").with("Content-Length", "7");
        });
        try (var served = new Served(options, HttpErrorTest::answer)) {
            assertThat(served.ask("GET /refuses HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .startsWith("HTTP/1.1 409 Conflict\r\n")
                    .contains("409 Conflict\n");
            assertThat(errors).hasSize(1);
            assertThat(served.reported(Report.Thrown.class).toString()).contains("/refuses");
            assertThat(closed).hasValue(how.equals("stream") ? 1 : 0);
        }
    }

    @Test
    void without_a_maker_errors_are_short_texts() throws IOException {
        assertThat(HttpServerOptions.defaults().errorAnswers()).isNull();
        try (var served = new Served(HttpErrorTest::answer)) {
            assertThat(served.ask("GET /refuses HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .contains("Content-Type: text/plain")
                    .endsWith("\r\n\r\n409 Conflict\nnot now\n");
            assertThat(served.ask(LAST)).endsWith("hello");
        }
    }
}
