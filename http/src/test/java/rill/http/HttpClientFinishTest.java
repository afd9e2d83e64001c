package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.Promise;

/** Tests how a client ends: what it still waits for, and who is told. */
final class HttpClientFinishTest extends HttpClientRig {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void a_client_that_finishes_waits_for_its_responses_and_takes_no_more() throws IOException {
        var server = server((peer, request) -> loop.schedule(SECOND, () -> {
            peer.say("HTTP/1.1 200 OK\nContent-Length: 2\n\no");
            loop.schedule(SECOND, () -> peer.say("k"));
        }));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            assertThat(client.isOpen()).isTrue();
            Future<ClientResponse> first = client.get(server.uri());
            Future<ClientResponse> waits = client.get(server.uri());
            Future<@Nullable Void> finished = client.finish();
            assertThat(client.isOpen()).isFalse();
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "the client is closed");
            Future<String> text = first.await().text();
            assertThat(finished.isDone()).isFalse();
            assertThat(text.await()).isEqualTo("ok");
            assertThat(waits.await().text().await()).isEqualTo("ok");
            finished.await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
            assertThat(client.pools()).isZero();
            client.closed().await();
            client.finish().await();
        });
        assertThat(server.requests).hasSize(2);
    }

    @Test
    void a_client_that_finishes_closes_what_is_idle_at_once() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            Future<@Nullable Void> closed = client.closed();
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(closed.isDone()).isFalse();
            client.finish();
            closed.timeout(SECOND).await();
            assertThat(client().finish().isDone())
                    .as("of one that was never used")
                    .isTrue();
        });
    }

    @Test
    void a_client_that_finishes_follows_and_retries_what_it_was_asked() throws IOException {
        var server = server((peer, request) -> {
            if (request.startsWith("GET /from")) {
                peer.say("HTTP/1.1 302 Found\nLocation: /to\nContent-Length: 0\n\n");
            } else if (peer.number < 2) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(1).retries(5));
            Future<ClientResponse> response = client.get(server.uri() + "/from");
            Future<@Nullable Void> finished = client.finish();
            assertThat(response.await().text().await()).isEqualTo("ok");
            finished.timeout(SECOND).await();
        });
        assertThat(server.requests).hasSizeGreaterThan(2);
    }

    @Test
    void calls_that_fail_or_are_cancelled_hold_up_no_client_that_finishes() throws IOException {
        var server = server((peer, request) -> {});
        for (HttpClientOptions options : List.of(DEFAULTS, DEFAULTS.retries(3).redirects(3))) {
            loop.run(() -> {
                HttpClient client = HttpClient.on(loop, options);
                Future<ClientResponse> cancelled = client.get(server.uri());
                Future<ClientResponse> fails =
                        client.send(ClientRequest.get(server.uri()).deadline(SECOND));
                Future<ClientResponse> wrong =
                        client.send(ClientRequest.get(server.uri()).target("no target"));
                Future<@Nullable Void> finished = client.finish();
                assertThatThrownBy(wrong::await).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(fails::await).isInstanceOf(IOException.class);
                loop.delay(SECOND).await();
                assertThat(finished.isDone()).isFalse();
                cancelled.cancel();
                finished.timeout(SECOND).await();
            });
        }
    }

    @Test
    void a_pause_between_two_tries_that_is_cancelled_holds_up_no_client_that_finishes() throws IOException {
        loop.run(() -> {
            Duration hour = Duration.ofHours(1);
            HttpClient client = HttpClient.on(loop, DEFAULTS.retries(1).backOff(hour, hour));
            Future<ClientResponse> response = client.get("http://127.0.0.1:1/");
            loop.delay(SECOND).await();
            Future<@Nullable Void> finished = client.finish();
            assertThat(finished.isDone()).isFalse();
            response.cancel();
            finished.timeout(SECOND).await();
        });
    }

    @Test
    void what_is_in_progress_fails_when_a_client_that_finishes_is_closed() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = client();
            Future<ClientResponse> response = client.get(server.uri());
            loop.delay(SECOND).await();
            Future<@Nullable Void> finished = client.finish();
            client.close();
            assertFails(response, Fate.PERHAPS_CARRIED_OUT, "the client was closed");
            finished.timeout(SECOND).await();
        });
    }

    @Test
    void closed_is_done_when_the_loop_closes() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        HttpClient client = client();
        Future<@Nullable Void> before = client.closed();
        assertThat(loop.run(() -> text(client, server.uri()))).isEqualTo("ok");
        assertThat(before.isDone()).isFalse();
        loop.close();
        before.await();
        client.closed().await();
        client.finish().await();
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void a_body_without_an_end_ends_when_the_client_finishes() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            for (boolean begun : new boolean[] {true, false}) {
                HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
                var told = new ArrayList<String>();
                var source = new HttpBody.Source() {
                    private final Promise<@Nullable ByteBuf> last = loop.promise();

                    @Override
                    public Future<@Nullable ByteBuf> next() {
                        told.add("next");
                        return told.size() == 1
                                ? loop.done(Unpooled.copiedBuffer("x", StandardCharsets.US_ASCII))
                                : last;
                    }

                    @Override
                    public void finishing() {
                        told.add("finishing");
                        last.complete(null);
                    }
                };
                Future<ClientResponse> response =
                        client.send(ClientRequest.post(server.uri(), HttpBody.stream(source)));
                if (begun) {
                    loop.delay(SECOND).await();
                }
                Future<@Nullable Void> finished = client.finish();
                assertThat(response.await().text().await()).isEqualTo("ok");
                finished.timeout(SECOND).await();
                assertThat(told)
                        .containsExactlyElementsOf(
                                begun ? List.of("next", "next", "finishing") : List.of("finishing", "next"));
            }
        });
    }
}
