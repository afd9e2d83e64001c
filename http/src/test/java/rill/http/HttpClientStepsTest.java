package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import rill.Future;
import rill.http.wire.HttpFields;

/** Tests requests of a client that take several steps: Expect, and redirections. */
final class HttpClientStepsTest extends HttpClientRig {
    // ---- Expect

    @Test
    void a_body_waits_for_100_or_for_the_patience_and_is_not_sent_to_a_server_that_refuses() throws IOException {
        var server = server((peer, request) -> {
            if (request.startsWith("PUT /yes")) {
                peer.say("HTTP/1.1 100 Continue\n\n");
            } else if (request.startsWith("PUT /no")) {
                peer.say("HTTP/1.1 417 Expectation Failed\nContent-Length: 0\n\n");
            } else if (request.startsWith("PUT /unknown")) {
                return;
            } else {
                peer.say(OK); // this request is really the body
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            String body = "GET /body HTTP/1.1\r\n\r\n"; // the script takes it for a request
            for (String path : new String[] {"/yes", "/no", "/unknown"}) {
                long before = loop.nanoTime();
                ClientResponse response = client.send(
                                ClientRequest.put(URI.create(server.uri() + path), HttpBody.of(body))
                                        .expectContinue(Duration.ofSeconds(2)))
                        .await();
                Duration took = Duration.ofNanos(loop.nanoTime() - before);
                assertThat(response.status()).isEqualTo(path.equals("/no") ? 417 : 200);
                if (path.equals("/unknown")) {
                    assertThat(took).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
                } else {
                    assertThat(took).isLessThan(Duration.ofSeconds(2));
                }
                response.discard();
            }
        });
        assertThat(server.requests).hasSize(5);
        assertThat(server.peers)
                .as("after a body that was not sent the connection is of no use")
                .hasSize(2);
    }

    @Test
    void a_body_is_not_sent_on_once_an_error_was_answered() throws IOException {
        var server = server((peer, request) -> {});
        var asked = new AtomicInteger();
        HttpBody.Source slow = () -> {
            asked.incrementAndGet();
            return loop.delay(Duration.ofSeconds(1)).map(nothing -> Unpooled.wrappedBuffer(new byte[10]));
        };
        loop.run(() -> {
            Future<ClientResponse> call =
                    client().send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(slow)));
            loop.delay(Duration.ofMillis(3500)).await();
            server.peers.getFirst().say("HTTP/1.1 413 Content Too Large\nContent-Length: 3\n\nno!");
            ClientResponse response = call.await();
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text().await()).isEqualTo("no!");
            int before = asked.get();
            loop.delay(Duration.ofSeconds(5)).await();
            assertThat(asked.get()).isEqualTo(before);
        });
    }

    // ---- redirections

    @Test
    void redirections_are_followed_if_asked_for() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains(" /end ")) {
                peer.say(OK);
            } else {
                peer.say("HTTP/1.1 " + request.substring(request.indexOf(" /") + 2, request.indexOf(" /") + 5)
                        + " Elsewhere\nLocation: /end\nContent-Length: 5\n\nmoved");
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(5));
            for (int status : new int[] {301, 302, 303, 307, 308}) {
                ClientResponse got = client.get(server.uri() + "/" + status).await();
                assertThat(got.text().await()).isEqualTo("ok");
                assertThat(got.uri().getPath()).isEqualTo("/end");
                client.post(URI.create(server.uri() + "/" + status), HttpBody.of("body"))
                        .await()
                        .discard();
                assertThat(server.requests.getLast()).startsWith(status < 304 ? "GET /end" : "POST /end");
                assertThat(server.requests.getLast().endsWith("body")).isEqualTo(status > 304);
                ClientResponse once = client.send(ClientRequest.put(
                                URI.create(server.uri() + "/" + status), HttpBody.stream(pieces("x"))))
                        .await();
                assertThat(once.status()).as("what can't be sent again").isEqualTo(status == 303 ? 200 : status);
                once.discard();
            }
            ClientResponse plain = client().get(server.uri() + "/302").await();
            assertThat(plain.status()).isEqualTo(302);
            assertThat(plain.text().await()).isEqualTo("moved");
        });
    }

    @Test
    void redirections_end_with_the_last_one() throws IOException {
        var server =
                server((peer, request) -> peer.say("HTTP/1.1 302 Found\nLocation: /again\nContent-Length: 4\n\nhere"));
        loop.run(() -> {
            ClientResponse last =
                    HttpClient.on(loop, DEFAULTS.redirects(3)).get(server.uri()).await();
            assertThat(last.status()).isEqualTo(302);
            assertThat(last.text().await()).isEqualTo("here");
        });
        assertThat(server.requests).hasSize(4);
    }

    @Test
    void credentials_are_not_carried_to_another_origin() throws IOException {
        var other = server((peer, request) -> peer.say(OK));
        var first = server((peer, request) -> peer.say(
                request.contains(" /here ")
                        ? OK
                        : "HTTP/1.1 302 Found\nLocation: "
                                + (request.contains("/same") ? "/here" : other.uri() + "/there")
                                + "\nContent-Length: 0\n\n"));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3));
            HttpFields secrets = HttpFields.of("Authorization", "Basic x", "Cookie", "id=1", "X-Other", "kept");
            text(client, first.uri());
            client.send(ClientRequest.get(URI.create(first.uri() + "/same")).fields(secrets))
                    .await()
                    .discard();
            client.send(ClientRequest.get(URI.create(first.uri() + "/away")).fields(secrets))
                    .await()
                    .discard();
        });
        assertThat(first.requests.get(2)).contains("/here", "Authorization: Basic x", "Cookie: id=1");
        assertThat(other.requests.getLast()).contains("X-Other: kept").doesNotContain("Authorization", "Cookie");
    }
}
