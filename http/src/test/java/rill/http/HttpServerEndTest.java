package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.echo;
import static rill.http.ServedTexts.hello;
import static rill.http.ServedTexts.ok;
import static rill.http.ServedTexts.promising;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.Promise;
import rill.Report;
import rill.http.websocket.WebSocket;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;

/** Tests when a server gives connections up, and how it ends them. */
@ExtendWith(Leaks.class)
class HttpServerEndTest {
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
            return promising(promises).answer(request);
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
        assertThat(waiting.take()).contains("Connection: close").endsWith("late");
        assertThat(sending.take()).contains("Connection: close").endsWith("hello");
    }

    @Test
    void when_the_server_closes_what_has_begun_is_answered() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
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
                    .contains("Connection: close")
                    .endsWith("late");
            assertThat(promises).hasSize(1);
        }
    }

    @Test
    void closed_is_done_when_the_last_connection_is_gone_and_belongs_to_its_caller() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            Future<@Nullable Void> closed = served.server.closed();
            Future<@Nullable Void> given = served.server.closed();
            given.cancel();
            var client = served.connect().send(GET);
            served.drive(() -> promises.size() == 1);
            assertThat(served.server.closed().isDone()).isFalse();
            served.server.close();
            served.pass(Duration.ofMinutes(1));
            assertThat(closed.isDone()).as("a request is in progress").isFalse();
            promises.getFirst().complete(HttpResponse.text("late"));
            closed.await();
            assertThat(served.server.connections()).isZero();
            assertThat(client.untilEnd()).endsWith("late");
            served.server.closed().await();
            served.server.finish().await();
        }
    }

    @Test
    void closed_is_done_when_the_loop_closes() throws IOException {
        for (boolean connected : new boolean[] {false, true}) {
            var served = new Served(hello());
            if (connected) {
                served.connect().send(GET).until("hello");
            }
            Future<@Nullable Void> before = served.server.closed();
            assertThat(before.isDone()).isFalse();
            served.close();
            before.await();
            served.server.closed().await();
            served.server.finish().await();
            assertThat(served.server.isOpen()).isFalse();
        }
    }

    @Test
    void a_server_without_connections_is_closed_at_once() throws IOException {
        try (var served = new Served(hello())) {
            assertThat(served.server.finish().isDone()).isTrue();
        }
    }

    // ---- streams without an end

    private static final Duration LONG =
            Duration.ofMinutes(2); // longer than a client is waited for that does not hang up

    /** A stream of two pieces at most, the second of which is the last words. */
    private static final class Endless implements HttpBody.Source {
        private final List<String> told = new ArrayList<>();
        private final Loop loop;
        private @Nullable Promise<@Nullable ByteBuf> asked;

        Endless(Loop loop) {
            this.loop = loop;
        }

        @Override
        public Future<@Nullable ByteBuf> next() {
            told.add("next");
            asked = loop.promise();
            if (told.contains("bye")) {
                asked.complete(null);
            } else if (told.contains("finishing")) {
                asked.complete(ServedTexts.bytes("bye"));
                told.add("bye");
            } else if (told.size() == 1) {
                asked.complete(ServedTexts.bytes("hello"));
            }
            return asked;
        }

        @Override
        public void finishing() {
            told.add("finishing");
            if (asked != null && asked.complete(ServedTexts.bytes("bye"))) {
                told.add("bye");
            }
        }

        @Override
        public void close() {
            told.add("close");
        }
    }

    @Test
    void a_stream_is_told_once_that_the_server_closes_and_may_end() throws IOException {
        var sources = new ArrayList<Endless>();
        try (var served = new Served(request -> {
            sources.add(new Endless(request.loop()));
            return Future.of(HttpResponse.of(HttpBody.stream(sources.getFirst())));
        })) {
            var client = served.connect().send(GET);
            client.until("hello\r\n");
            served.server.close();
            served.server.finish().timeout(LONG).await();
            assertThat(client.untilEnd()).isEqualTo("3\r\nbye\r\n0\r\n\r\n");
            assertThat(sources.getFirst().told).containsExactly("next", "next", "finishing", "bye", "next", "close");
        }
    }

    @Test
    void a_stream_that_begins_when_the_server_closes_is_told_before_it_is_asked() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        try (var served = new Served(promising(promises))) {
            var client = served.connect().send(GET);
            served.drive(() -> promises.size() == 1);
            Future<@Nullable Void> finished = served.server.finish();
            served.transport.turns(5);
            var source = new Endless(served.loop);
            promises.getFirst().complete(HttpResponse.of(HttpBody.stream(source)));
            finished.timeout(LONG).await();
            assertThat(client.untilEnd()).contains("Connection: close\r\n").endsWith("\r\n3\r\nbye\r\n0\r\n\r\n");
            assertThat(source.told).containsExactly("finishing", "next", "bye", "next", "close");
        }
    }

    @Test
    void a_client_that_only_ends_its_stream_ends_no_other() throws IOException {
        var sources = new ArrayList<Endless>();
        try (var served = new Served(request -> {
            sources.add(new Endless(request.loop()));
            return Future.of(HttpResponse.of(HttpBody.stream(sources.getFirst())));
        })) {
            var client = served.connect().send(GET);
            client.until("hello");
            client.connection.shutdownOutput();
            served.pass(Duration.ofSeconds(1));
            assertThat(sources.getFirst().told).containsExactly("next", "next");
        }
        assertThat(sources.getFirst().told).containsExactly("next", "next", "finishing", "bye", "next", "close");
    }

    @Test
    void a_source_that_throws_when_it_is_told_is_reported_and_sent_on() throws IOException {
        try (var served = new Served(request -> Future.of(HttpResponse.of(HttpBody.stream(new HttpBody.Source() {
            private int asked;

            @Override
            public Future<@Nullable ByteBuf> next() {
                boolean ends = asked++ > 0;
                return request.loop()
                        .delay(Duration.ofSeconds(1))
                        .map(nothing -> ends ? (ByteBuf) null : ServedTexts.bytes("late"));
            }

            @Override
            public void finishing() {
                throw new IllegalStateException("no");
            }
        }))))) {
            var client = served.connect().send(GET);
            client.until("\r\n\r\n");
            served.server.finish().timeout(LONG).await();
            assertThat(client.untilEnd()).isEqualTo("4\r\nlate\r\n0\r\n\r\n");
            assertThat(served.reported(Report.class).toString()).contains("its sender finishes");
        }
    }

    private static HttpResponse ticking(HttpRequest request) {
        return HttpResponse.events(
                () -> request.loop().delay(Duration.ofHours(1)).map(nothing -> ServedTexts.bytes("data: 1\n\n")));
    }

    @ParameterizedTest
    @CsvSource({"HTTP/1.1,''", "HTTP/1.0,''", "HTTP/1.1,gzip", "HTTP/1.0,gzip"})
    void events_end_at_once_when_the_loop_closes(String version, String coding) throws IOException {
        HttpServerOptions options = Served.options().compressFrom(0);
        var served = new Served(options, request -> Future.of(ticking(request)));
        var client = served.connect().send("GET / " + version + "\r\nAccept-Encoding: " + coding + "\r\n" + HOST);
        String head = client.until("\r\n\r\n");
        assertThat(head).contains("Content-Type: text/event-stream\r\n", "Cache-Control: no-store\r\n");
        served.close(); // which would report what survives
        assertThat(client.ended).isTrue();
        boolean chunked = version.equals("HTTP/1.1");
        String rest = client.take();
        assertThat(rest.endsWith("0\r\n\r\n")).isEqualTo(chunked);
        assertThat(rest.length() > 5).isEqualTo(coding.equals("gzip")); // its trailer
    }

    @Test
    void events_end_at_once_when_the_server_closes() throws IOException {
        try (var served = new Served(request -> Future.of(ticking(request)))) {
            var client = served.connect().send(GET);
            client.until("\r\n\r\n");
            var later = served.loop.delay(Duration.ofMinutes(1));
            served.server.finish().timeout(LONG).await();
            assertThat(client.untilEnd()).isEqualTo("0\r\n\r\n");
            assertThat(later.isDone()).isFalse();
        }
    }

    @Test
    void an_event_that_comes_when_its_stream_has_ended_is_not_sent() throws IOException {
        var promises = new ArrayList<Promise<ByteBuf>>();
        try (var served = new Served(request -> Future.of(HttpResponse.events(() -> {
            promises.add(request.loop().promise());
            return promises.getLast().copy();
        })))) {
            var client = served.connect().send(GET);
            served.drive(() -> promises.size() == 1);
            promises.getFirst().complete(ServedTexts.bytes("data: 1\n\n"));
            client.until("data: 1");
            served.drive(() -> promises.size() == 2);
            served.server.finish().timeout(LONG).await();
            ByteBuf late = ServedTexts.bytes("data: 2\n\n");
            promises.getLast().complete(late);
            assertThat(client.untilEnd()).endsWith("0\r\n\r\n").doesNotContain("data: 2");
            late.release(); // the copy was given up: nobody else has it
        }
    }

    private static final String UPGRADE = "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n" + HOST;

    private static Future<HttpResponse> upgrade(Consumer<Connection<ByteBuf, ByteBuf>> next) {
        return Future.of(HttpResponse.upgrade(
                101,
                HttpFields.of("Connection", "upgrade", "Upgrade", "x"),
                connection -> next.accept(connection.become(Pipeline.bytes()))));
    }

    @Test
    void when_the_loop_closes_whoever_waits_on_a_connection_that_was_upgraded_is_told() throws IOException {
        var told = new ArrayList<String>();
        var served =
                new Served(request -> upgrade(connection -> connection.receive().onDone((message, failure) -> {
                    told.add(message + " " + failure);
                    connection.close();
                })));
        var client = served.connect().send(UPGRADE);
        client.until("\r\n\r\n");
        served.close();
        assertThat(told).containsExactly("null null");
        assertThat(client.ended).isTrue();
    }

    @Test
    void when_the_loop_closes_an_upgraded_connection_to_which_messages_are_pushed_closes() throws IOException {
        var served = new Served(request -> upgrade(connection -> connection.onMessage(connection::write)));
        var client = served.connect().send(UPGRADE + "hello");
        client.until("\r\n\r\nhello");
        served.close();
        assertThat(client.ended).isTrue();
    }

    @Test
    void a_connection_that_is_upgraded_while_the_loop_closes_is_told_at_once() throws IOException {
        var told = new ArrayList<String>();
        var asked = new ArrayList<HttpRequest>();
        var served = new Served(request -> {
            asked.add(request);
            return Loop.current()
                    .delay(Duration.ofSeconds(1))
                    .flatMap(nothing ->
                            upgrade(connection -> connection.receive().onDone((message, failure) -> {
                                told.add(message + " " + failure);
                                connection.close();
                            })));
        });
        served.connect().send(UPGRADE);
        served.drive(() -> !asked.isEmpty());
        served.close();
        assertThat(told).containsExactly("null null");
    }

    @Test
    void when_the_loop_closes_a_websocket_says_close() throws IOException {
        var served = new Served(request -> Future.of(
                WebSocket.answer(request, socket -> socket.receive().onDone((message, failure) -> socket.close()))));
        var client = served.connect()
                .send("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + HOST);
        client.until("\r\n\r\n");
        served.close();
        assertThat(client.take()).startsWith("\u0088\2\3");
    }
}
