package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CallFailedException.Fate;
import rill.http.wire.HttpFields;

/** Tests which redirections a client follows, and what it sends along. */
final class HttpClientRedirectTest extends HttpClientRig {
    private static String found(String location) {
        return "HTTP/1.1 302 Found\nLocation: " + location + "\nContent-Length: 0\n\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h:99999/",
                "http://h:65536/",
                "http://h:-1/",
                "http:///x",
                "http:x",
                "mailto:somebody@example.org",
                "http://user:secret@127.0.0.1/",
                "http://a_b:c/",
                "/with a space",
                "/%zz",
                "//",
                "/<script>"
            })
    void what_can_t_be_followed_is_given_as_it_is(String location) throws IOException {
        var server = server((peer, request) -> peer.say(found(location)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3));
            assertThat(client.get(server.uri()).await().status()).isEqualTo(302);
            assertThat(client.pools()).as("origins that are kept").isEqualTo(1);
        });
    }

    @Test
    void a_port_that_there_is_not_is_refused() throws IOException {
        loop.run(() -> {
            HttpClient client = client();
            assertThatThrownBy(() -> client.get("http://h:99999/")).isInstanceOf(IllegalArgumentException.class);
            assertThat(client.pools()).isZero();
        });
    }

    @ParameterizedTest
    @CsvSource({
        "/a/b, ?q=1, GET /a/b?q=1 HTTP/1.1",
        "/a/b?c, d, GET /a/d HTTP/1.1",
        "/a/b, ../../../d, GET /d HTTP/1.1",
        "'', login, GET /login HTTP/1.1",
        "?q, login, GET /login HTTP/1.1",
        "/a, /gr\u00c3\u00bcn?\u00c3\u00bc, GET /gr%C3%BCn?%C3%BC HTTP/1.1",
        "/a, /b#fragment, GET /b HTTP/1.1"
    })
    void a_location_is_relative_to_what_was_asked_for(String path, String location, String asked) throws IOException {
        var server = server((peer, request) -> peer.say(peer.requests == 1 ? found(location) : OK));
        loop.run(() -> assertThat(text(HttpClient.on(loop, DEFAULTS.redirects(1)), server.uri() + path))
                .isEqualTo("ok"));
        assertThat(server.requests.getLast()).startsWith(asked + "\r\n");
    }

    @Test
    void a_location_is_relative_to_the_target_if_that_is_another_than_the_uri_has() throws IOException {
        var server = server((peer, request) -> peer.say(peer.requests == 1 ? found("there") : OK));
        loop.run(() -> HttpClient.on(loop, DEFAULTS.redirects(1))
                .send(ClientRequest.get(URI.create(server.uri())).target("/deep/down/here?x"))
                .await()
                .discard());
        assertThat(server.requests.getLast()).startsWith("GET /deep/down/there HTTP/1.1\r\n");
    }

    @Test
    void a_fragment_stays_where_the_location_has_none() throws IOException {
        var server = server((peer, request) -> peer.say(
                switch (peer.requests) {
                    case 1, 3 -> found(peer.requests == 1 ? "/b" : "/b#own");
                    default -> OK;
                }));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(1));
            assertThat(client.get(server.uri() + "/a#part").await().uri().getFragment())
                    .isEqualTo("part");
            assertThat(client.get(server.uri() + "/a#part").await().uri().getFragment())
                    .isEqualTo("own");
        });
    }

    @Test
    void credentials_of_the_client_are_not_carried_to_another_origin_nor_back() throws IOException {
        var servers = new ScriptedServer[2];
        servers[1] = server((peer, request) -> peer.say(found(servers[0].uri() + "/end")));
        servers[0] = server((peer, request) -> peer.say(
                request.contains(" /end ") ? OK : found(request.contains("/same") ? "/end" : servers[1].uri())));
        HttpFields secrets = HttpFields.of(
                "Authorization", "Basic x", "Cookie", "id=1", "Proxy-Authorization", "Basic y", "X-Other", "kept");
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3).fields(secrets));
            text(client, servers[0].uri() + "/same");
            text(client, servers[0].uri() + "/away");
        });
        assertThat(servers[0].requests.subList(0, 3))
                .allSatisfy(request -> assertThat(request).containsIgnoringCase("\r\nCookie: id=1\r\n"));
        assertThat(servers[1].requests.getLast())
                .contains("X-Other: kept")
                .doesNotContainIgnoringCase("authorization", "cookie");
        assertThat(servers[0].requests.getLast())
                .contains("X-Other: kept")
                .doesNotContainIgnoringCase("authorization", "cookie");
    }

    @ParameterizedTest
    @CsvSource({"303, 0, ', and an earlier'", "307, 0, ', and an earlier'", "303, 1, '; that was try 2, and an earlier'"
    })
    void what_was_redirected_is_perhaps_carried_out_if_it_ends_where_nobody_listens(
            String status, int retries, String words) throws IOException {
        String nowhere = "http://127.0.0.1:1/";
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 " + status + " There\nLocation: " + nowhere + "\nContent-Length: 0\n\n"));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3).retries(retries));
            assertFails(
                    client.post(server.uri(), HttpBody.of("an order")),
                    Fate.PERHAPS_CARRIED_OUT,
                    words + " request was answered by a redirection (perhaps carried out)");
            assertFails(client.post(nowhere, HttpBody.of("an order")), Fate.NEVER_SENT, "127.0.0.1:1");
        });
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void the_time_of_a_request_goes_on_while_redirections_are_followed() throws IOException {
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(1), () -> peer.say(found("/again"))));
        loop.run(() -> {
            long before = loop.nanoTime();
            assertFails(
                    HttpClient.on(loop, DEFAULTS.redirects(10).deadline(Duration.ofMillis(2500)))
                            .get(server.uri()),
                    Fate.PERHAPS_CARRIED_OUT,
                    "not done within its time");
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofMillis(2500), Duration.ofMillis(2600));
        });
    }
}
