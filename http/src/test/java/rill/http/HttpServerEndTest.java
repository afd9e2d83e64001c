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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.Promise;
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
