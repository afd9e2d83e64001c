package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.Future;

/** Tests which bytes of a server a client takes for the answer to which request. */
final class HttpClientPairingTest extends HttpClientRig {
    private static String ok(String body) {
        return "HTTP/1.1 200 OK\nContent-Length: " + body.length() + "\n\n" + body;
    }

    @Test
    void what_a_server_has_said_before_a_request_was_sent_is_never_its_answer() throws IOException {
        var server = server((peer, request) ->
                peer.say(request.contains("/first") ? ok("first") + ok("planted") : ok("asked for")));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            Future<String> first = client.get(server.uri() + "/first").flatMap(ClientResponse::text);
            Future<String> second = client.get(server.uri() + "/second").flatMap(ClientResponse::text);
            assertThat(first.await()).isEqualTo("first");
            assertThat(second.await()).isEqualTo("asked for");
        });
        assertThat(server.peers).as("the first is of no use any more").hasSize(2);
    }

    @Test
    void a_connection_that_becomes_free_is_handed_on_to_whoever_waits() throws IOException {
        var server = server((peer, request) -> peer.say(ok("n" + peer.requests)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            Future<String> first = client.get(server.uri()).flatMap(ClientResponse::text);
            Future<String> second = client.get(server.uri()).flatMap(ClientResponse::text);
            Future<String> third = client.get(server.uri()).flatMap(ClientResponse::text);
            assertThat(Future.all(first, second, third).await()).containsExactly("n1", "n2", "n3");
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(1);
        });
        assertThat(server.peers).hasSize(1);
    }

    // ---- interim responses

    @Test
    void interim_responses_do_not_put_off_the_time_for_the_head() throws IOException {
        var server = server((peer, request) -> every(Duration.ofSeconds(10), () -> {
            peer.say("HTTP/1.1 102 Processing\n\n");
        }));
        loop.run(() -> {
            long before = loop.nanoTime();
            assertFails(client().get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "no response within 30000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(31));
        });
    }

    @Test
    void early_hints_do_not_put_off_the_patience_for_100() throws IOException {
        var server = server((peer, request) -> {
            if (request.startsWith("PUT")) {
                every(Duration.ofMillis(300), () -> peer.say("HTTP/1.1 103 Early Hints\n\n"));
            } else {
                peer.say(OK); // this request is really the body
            }
        });
        loop.run(() -> {
            long before = loop.nanoTime();
            client().send(ClientRequest.put(URI.create(server.uri()), HttpBody.of("GET /body HTTP/1.1\r\n\r\n"))
                            .expectContinue(Duration.ofSeconds(1)))
                    .await()
                    .discard();
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofSeconds(1), Duration.ofMillis(1300));
        });
    }

    @Test
    void a_body_is_sent_once_however_often_a_server_says_100() throws IOException {
        var server = server((peer, request) ->
                peer.say(request.startsWith("PUT") ? "HTTP/1.1 100 Continue\n\n".repeat(3) : OK)); // GET: the body
        loop.run(() -> {
            for (HttpBody body : new HttpBody[] {
                HttpBody.of("GET /body HTTP/1.1\r\n\r\n"), HttpBody.stream(22, pieces("GET /body HTTP/1.1\r\n\r\n"))
            }) {
                ClientRequest request =
                        ClientRequest.put(URI.create(server.uri()), body).expectContinue(Duration.ofSeconds(1));
                assertThat(client().send(request).await().text().await()).isEqualTo("ok");
                loop.delay(Duration.ofSeconds(1)).await();
            }
        });
        assertThat(server.requests).hasSize(4);
    }

    @Test
    void interim_responses_without_end_are_given_up() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 102 Processing\n\n".repeat(101) + OK));
        loop.run(() -> {
            HttpClient client = client();
            assertFails(client.get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "more than 100 interim responses");
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    private void every(Duration time, Runnable action) {
        loop.schedule(time, () -> {
            if (loop.connections() > 1) {
                action.run();
                every(time, action);
            }
        });
    }
}
