package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.CallFailedException.Fate;
import rill.Future;

/** Requests of a client that wait for a connection, and the time that they have. */
final class HttpClientWaitingTest extends HttpClientRig {
    @Test
    void a_request_waits_for_a_connection_no_longer_than_it_may() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/quick")) {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(
                    loop, DEFAULTS.connections(1).waitTimeout(Duration.ofSeconds(5)).headTimeout(Duration.ofSeconds(8)));
            Future<ClientResponse> slow = client.get(server.uri());
            long before = loop.nanoTime();
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "no connection within 5000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
            Future<ClientResponse> soon = client.get(server.uri() + "/quick");
            assertFails(slow, Fate.PERHAPS_CARRIED_OUT, "no response within 8000 ms");
            assertThat(soon.await().text().await()).isEqualTo("ok");
            loop.delay(Duration.ofSeconds(10)).await();
            assertThat(client.connections(URI.create(server.uri())))
                    .as("its time to wait is over with the wait")
                    .isEqualTo(1);
        });
    }

    @Test
    void a_second_try_is_given_a_new_connection_though_there_may_be_no_more(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the file");
        var server = server((peer, request) -> {
            if (peer.number == 0 && request.startsWith("PUT")) {
                peer.reset();
            } else {
                loop.schedule(Duration.ofMillis(500), () -> peer.say(OK));
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            text(client, server.uri());
            Future<String> again = client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.file(file)))
                    .flatMap(ClientResponse::text);
            Future<String> other = client.get(server.uri()).flatMap(ClientResponse::text); // is given the one that there may be
            assertThat(Future.all(again, other).timeout(Duration.ofSeconds(10)).await())
                    .containsExactly("ok", "ok");
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(1);
        });
    }

    @Test
    void an_idle_connection_makes_room_for_a_second_try(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the file");
        var server = server((peer, request) -> {
            if (request.startsWith("PUT") && peer.requests > 1) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            text(client, server.uri());
            Future<String> again = client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.file(file)))
                    .flatMap(ClientResponse::text);
            assertThat(client.get(server.uri()).await().text().await()).isEqualTo("ok");
            assertThat(again.timeout(Duration.ofSeconds(10)).await()).isEqualTo("ok");
        });
    }

    @Test
    void the_end_of_an_origins_last_connection_harms_not_those_made_since() throws IOException {
        var server = server((peer, request) -> {
            if (!request.contains("/never")) {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            OriginPool old = client.pool(ClientRequest.get(uri));
            client.forget(Origin.of(uri), old);
            text(client, server.uri());
            client.forget(Origin.of(uri), old);
            assertThat(client.connections(uri)).isEqualTo(1);
        });
    }

    @Test
    void a_time_of_ages_is_no_time_limit() throws IOException {
        Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(1), () -> peer.say(OK)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(
                    loop,
                    DEFAULTS.within(ages)
                            .headTimeout(ages)
                            .idleTimeout(ages)
                            .keep(ages)
                            .waitTimeout(ages)
                            .redirects(1));
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.of("x"))
                                    .within(ages)
                                    .expectContinue(ages))
                            .await()
                            .status())
                    .isEqualTo(200);
        });
    }
}
