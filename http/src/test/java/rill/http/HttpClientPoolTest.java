package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.ConnectOptions;
import rill.Future;
import rill.codec.proxy.HttpConnect;

/** Tests which connection a request of a client uses, and when it is retried. */
final class HttpClientPoolTest extends HttpClientRig {
    // ---- the pool

    @Test
    void requests_side_by_side_have_a_connection_each_up_to_the_bound_and_then_wait() throws IOException {
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(1), () -> peer.say(OK)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(3).waiting(2));
            var calls = new ArrayList<Future<ClientResponse>>();
            for (int i = 0; i < 5; i++) {
                calls.add(client.get(server.uri()));
            }
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "2 requests wait for a connection already");
            for (Future<ClientResponse> each : calls) {
                assertThat(each.await().text().await()).isEqualTo("ok");
            }
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(3);
        });
        assertThat(server.peers).hasSize(3);
    }

    @Test
    void the_connection_used_last_is_taken_first() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            Future.all(client.get(server.uri()), client.get(server.uri()), client.get(server.uri()))
                    .await();
            loop.delay(Duration.ofSeconds(1)).await();
            List<Integer> before =
                    server.peers.stream().map(peer -> peer.requests).toList();
            for (int i = 0; i < 10; i++) {
                text(client, server.uri());
            }
            for (int i = 0; i < before.size(); i++) {
                assertThat(server.peers.get(i).requests - before.get(i)).isIn(0, 10);
            }
        });
    }

    @Test
    void an_idle_connection_that_the_server_closes_is_gone_at_once() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            server.peers.getFirst().close();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
            text(client, server.uri());
            server.peers.getLast().reset();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
        assertThat(server.peers).hasSize(2);
    }

    @Test
    void an_idle_connection_on_which_something_comes_unasked_is_closed() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            server.peers.getFirst().say("HTTP/1.1 408 Request Timeout\nContent-Length: 0\n\n");
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    @Test
    void an_idle_connection_is_closed_before_the_server_does() throws IOException {
        var server = server(
                (peer, request) -> peer.say("HTTP/1.1 200 OK\nKeep-Alive: timeout=5, max=100\nContent-Length: 0\n\n"));
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            client.get(uri).await();
            loop.delay(Duration.ofMillis(3900)).await();
            assertThat(client.connections(uri)).isEqualTo(1);
            loop.delay(Duration.ofMillis(200)).await();
            assertThat(client.connections(uri)).isZero();
        });
    }

    @Test
    void a_server_that_wants_to_close_is_not_asked_again_on_the_same_connection() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok"));
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(text(client, server.uri())).isEqualTo("ok");
        });
        assertThat(server.peers).hasSize(2).allMatch(peer -> peer.requests == 1);
    }

    @Test
    void a_proxy_is_asked_for_each_connection_whatever_the_scheme_and_for_nothing_else() throws IOException {
        var proxy = server((peer, request) -> peer.say(peer.requests == 1 ? "HTTP/1.1 200 Connected\n\n" : OK));
        loop.run(() -> {
            var connect = ConnectOptions.defaults()
                    .proxy(HttpConnect.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port)));
            HttpClient client = HttpClient.on(loop, DEFAULTS.connect(connect));
            assertThat(text(client, "http://example.test/a")).isEqualTo("ok");
            assertThat(text(client, "http://example.test/b")).isEqualTo("ok");
        });
        assertThat(proxy.requests).hasSize(3);
        assertThat(proxy.requests.get(0)).startsWith("CONNECT example.test:80 HTTP/1.1\r\n");
        assertThat(proxy.requests.get(1)).startsWith("GET /a HTTP/1.1\r\nHost: example.test\r\n");
        assertThat(proxy.requests.get(2)).startsWith("GET /b HTTP/1.1\r\n");
    }

    // ---- failures and retries

    @Test
    void a_get_on_a_connection_that_has_just_died_is_tried_once_more_on_a_new_one() throws IOException {
        var server = server((peer, request) -> {
            if (peer.requests == 1) {
                peer.say(OK);
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(client.connections(URI.create(server.uri())))
                    .as("the new one is kept")
                    .isEqualTo(1);
        });
        assertThat(server.peers).hasSize(2);
        assertThat(server.requests).hasSize(3);
    }

    @Test
    void it_is_tried_no_third_time() throws IOException {
        var server = server((peer, request) -> {
            if (peer.number == 0 && peer.requests == 1) {
                peer.say(OK);
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            assertFails(client.get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "GET http://127.0.0.1");
        });
        assertThat(server.requests).hasSize(3);
    }

    @Test
    void a_second_try_waits_for_a_new_connection_though_another_becomes_free() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/slow")) {
                loop.schedule(Duration.ofMillis(1), () -> peer.say(OK));
            } else if (request.contains("/stale") && peer.number < 2) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            for (int i = 0; i < 20; i++) {
                Future.all(client.get(server.uri() + "/slow"), client.get(server.uri() + "/slow"))
                        .await();
                loop.delay(Duration.ofSeconds(1)).await();
                Future<ClientResponse> stale = client.get(server.uri() + "/stale");
                Future<ClientResponse> slow = client.get(server.uri() + "/slow");
                assertThat(stale.await().status()).isEqualTo(200);
                assertThat(slow.await().status()).isEqualTo(200);
                loop.delay(Duration.ofSeconds(1)).await();
            }
        });
    }

    @Test
    void a_post_is_never_tried_again_nor_what_failed_on_a_new_connection_nor_what_was_answered_in_part()
            throws IOException {
        var server = server((peer, request) -> {
            if (peer.requests == 1 && !request.contains("/new")) {
                peer.say(OK);
            } else if (request.contains("/part")) {
                peer.say("HTTP/1.1 200").close();
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            assertFails(client.get(server.uri() + "/new"), Fate.PERHAPS_CARRIED_OUT, "");
            assertThat(server.requests).hasSize(1);
            text(client, server.uri());
            assertFails(client.post(uri, HttpBody.of("x")), Fate.PERHAPS_CARRIED_OUT, "POST");
            assertThat(server.requests).hasSize(3);
            text(client, server.uri());
            assertFails(client.get(server.uri() + "/part"), Fate.PERHAPS_CARRIED_OUT, "GET");
            assertThat(server.requests).hasSize(5);
            text(client, server.uri());
            assertFails(
                    client.send(ClientRequest.put(uri, HttpBody.stream(pieces("x")))), Fate.PERHAPS_CARRIED_OUT, "PUT");
            assertThat(server.requests).hasSize(7);
            text(client, server.uri());
            client.send(ClientRequest.put(uri, HttpBody.of("x"))).await().discard();
            assertThat(server.requests).as("this one can be sent again").hasSize(10);
        });
    }

    @Test
    void a_request_that_can_t_be_connected_was_never_sent() {
        assertFails(client().get("http://127.0.0.1:1/"), Fate.NEVER_SENT, "GET http://127.0.0.1:1/: ");
    }

    @Test
    void what_is_no_http_fails() throws IOException {
        var server = server((peer, request) -> peer.say("SSH-2.0-OpenSSH\n\n"));
        loop.run(() -> assertFails(client().get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "expected"));
    }
}
