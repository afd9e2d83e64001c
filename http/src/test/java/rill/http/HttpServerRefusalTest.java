package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.HOST;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.echo;
import static rill.http.ServedTexts.hello;
import static rill.http.ServedTexts.ok;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Loop;
import rill.Promise;
import rill.testkit.Leaks;

/** Tests what a server refuses, and how it answers. */
@ExtendWith(Leaks.class)
class HttpServerRefusalTest {
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
                    .contains("Connection: close");
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
                    ? given.getLast() // is never completed
                    : loop.delay(Duration.ofSeconds(1)).map(nothing -> HttpResponse.text("late"));
        })) {
            var client = served.connect().send(GET.repeat(4));
            served.drive(() -> given.size() == 2);
            client.connection.abort();
            served.pass(Duration.ofSeconds(10));
            assertThat(served.loop.connections()).isZero();
            assertThat(given.getLast().isCancelled()).isTrue();
            served.reports.clear(); // it may or may not have been reported
        }
    }
}
