package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.LAST;
import static rill.http.ServedTexts.promising;
import static rill.http.ServedTexts.source;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Future;
import rill.Promise;
import rill.Report;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;

/** Each request receives its own answer, whatever handlers answer with. */
@ExtendWith(Leaks.class)
class HttpPairingTest {
    /** A body that delivers its pieces, and throws when it is closed. */
    private static HttpBody failingToClose(String... pieces) {
        HttpBody.Source given = source(pieces);
        return HttpBody.stream(new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() throws IOException {
                return given.next();
            }

            @Override
            public void close() {
                throw new IllegalStateException("closed badly");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 101, 102, 103, 199})
    void an_answer_that_is_no_last_one_can_not_be_made(int status) {
        assertThatThrownBy(() -> HttpResponse.of(status))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("final");
        assertThatThrownBy(() -> HttpResponse.text("x").status(status)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 103, 304, 404})
    void what_is_no_end_of_http_can_not_be_an_upgrade(int status) {
        assertThatThrownBy(() -> HttpResponse.upgrade(status, HttpFields.none(), connection -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HttpResponse.upgrade(101, HttpFields.none(), connection -> {})
                        .status(status))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {101, 103})
    void a_handler_that_answers_with_1xx_is_answered_for_and_the_next_request_gets_its_own_answer(int status)
            throws IOException {
        try (var served = new Served(
                request -> request.path().equals("/a") ? Future.of(HttpResponse.of(status)) : text(request.path()))) {
            String told = served.ask("GET /a HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n" + HOST + LAST);
            assertThat(told).startsWith("HTTP/1.1 500 ").endsWith("/last");
            served.reported(Report.Thrown.class);
        }
    }

    @Test
    void a_source_that_fails_to_close_is_reported_and_what_comes_after_it_is_answered() throws IOException {
        try (var served = new Served(request ->
                request.path().equals("/last") ? text("last") : Future.of(HttpResponse.of(failingToClose("a"))))) {
            assertThat(served.ask(GET + "HEAD / HTTP/1.1\r\n" + HOST + LAST))
                    .contains("1\r\na\r\n0\r\n\r\n")
                    .endsWith("last");
            for (int i = 0; i < 2; i++) {
                assertThat(served.reported(Report.Thrown.class).cause()).hasMessage("closed badly");
            }
        }
    }

    @Test
    void a_source_that_fails_to_close_does_not_keep_others_from_being_dropped() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET + GET + GET);
            served.drive(() -> promises.size() == 3);
            promises.get(1).complete(HttpResponse.of(failingToClose()));
            client.connection.abort();
            served.drive(() -> promises.get(2).isDone());
            assertThat(promises.get(0).isCancelled()).isTrue();
            assertThat(promises.get(2).isCancelled()).isTrue();
            served.reported(Report.ConnectionFailed.class);
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessage("closed badly");
        }
    }

    @Test
    void an_answer_that_can_not_be_sent_and_fails_to_close_is_answered_for() throws IOException {
        try (var served = new Served(request -> request.path().equals("/last")
                ? text("last")
                : Future.of(HttpResponse.upgrade(101, HttpFields.none(), connection -> {})
                        .body(failingToClose())))) {
            assertThat(served.ask(GET + LAST)).startsWith("HTTP/1.1 500 ").endsWith("last");
            served.reported(Report.Thrown.class);
            served.reported(Report.Thrown.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/pieces", "/known", "/empty", "/file", "/bytes"})
    void an_answer_that_is_no_tunnel_does_not_agree_to_one(String path) throws IOException {
        try (var served = new Served(request -> Future.of(
                switch (request.field("x-path")) {
                    case "/pieces" -> HttpResponse.of(HttpBody.stream(source("event")));
                    case "/known" -> HttpResponse.of(HttpBody.stream(5, source("event")));
                    case "/empty" -> HttpResponse.of(HttpBody.stream(0, source()));
                    case "/file" -> HttpResponse.file(Path.of("pom.xml").toAbsolutePath());
                    case null, default -> HttpResponse.text("event");
                }))) {
            assertThat(served.ask("CONNECT a:1 HTTP/1.1\r\nX-Path: " + path + "\r\n" + HOST + GET))
                    .startsWith("HTTP/1.1 500 ")
                    .contains("Connection: close")
                    .containsOnlyOnce("HTTP/1.1");
            assertThat(served.reported(Report.Thrown.class).cause()).hasMessageContaining("CONNECT");
        }
    }

    @Test
    void what_follows_a_refused_tunnel_is_not_read_as_a_request() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(405)))) {
            assertThat(served.ask("CONNECT a:1 HTTP/1.1\r\n" + HOST + GET))
                    .startsWith("HTTP/1.1 405 ")
                    .contains("Connection: close")
                    .containsOnlyOnce("HTTP/1.1");
        }
    }
}
