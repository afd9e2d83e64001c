package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.http.wire.HttpFields;

/** Tests how requests are made, before they are sent. */
final class ClientRequestTest extends HttpClientRig {
    private static final String A = "http://a/";
    private static final URI URI_A = URI.create(A);

    @Test
    void each_method_has_a_maker() {
        assertThat(ClientRequest.get(URI_A).method()).isEqualTo("GET");
        assertThat(ClientRequest.head(URI_A).method()).isEqualTo("HEAD");
        assertThat(ClientRequest.delete(URI_A).method()).isEqualTo("DELETE");
        assertThat(ClientRequest.get(A).toString()).isEqualTo("GET http://a/");
        assertThat(ClientRequest.head(A).toString()).isEqualTo("HEAD http://a/");
        assertThat(ClientRequest.delete(A).toString()).isEqualTo("DELETE http://a/");
        assertThat(ClientRequest.of("OPTIONS", A).toString()).isEqualTo("OPTIONS http://a/");
        for (ClientRequest each : new ClientRequest[] {
            ClientRequest.post(URI_A, HttpBody.of("x")),
            ClientRequest.put(URI_A, HttpBody.of("x")),
            ClientRequest.patch(URI_A, HttpBody.of("x")),
            ClientRequest.post(A, HttpBody.of("x")),
            ClientRequest.put(A, HttpBody.of("x")),
            ClientRequest.patch(A, HttpBody.of("x")),
            ClientRequest.post(URI_A).json("1"),
            ClientRequest.put(URI_A).json("1"),
            ClientRequest.patch(URI_A).json("1"),
            ClientRequest.post(A).json("1"),
            ClientRequest.put(A).json("1"),
            ClientRequest.patch(A).json("1")
        }) {
            assertThat(each.body().length()).isEqualTo(1);
            assertThat(each.toString()).isEqualTo(each.method() + " http://a/").matches("(POST|PUT|PATCH) .*");
        }
    }

    @Test
    void with_replaces_and_add_adds() {
        ClientRequest request = ClientRequest.get(URI_A)
                .add("X", "1")
                .add("x", "2")
                .with("Y", "3")
                .with("y", "4");
        assertThat(request.fields()).isEqualTo(HttpFields.of("X", "1", "x", "2", "y", "4"));
        assertThat(request.field("x")).isEqualTo("1");
        assertThat(request.with("X", "5").fields().all("x")).containsExactly("5");
        assertThat(request.field("z")).isNull();
    }

    @Test
    void credentials_are_written_as_they_are_on_the_wire_and_shown_to_nobody() {
        ClientRequest basic = ClientRequest.get(URI_A).basicAuth("Aladdin", "open sesame");
        assertThat(basic.field("authorization")).isEqualTo("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assertThat(ClientRequest.get(URI_A).basicAuth("test", "123\u00a3").field("authorization"))
                .isEqualTo("Basic dGVzdDoxMjPCow==");
        assertThat(basic.bearer("mF_9.B5f-4.1JqM").fields().all("authorization"))
                .containsExactly("Bearer mF_9.B5f-4.1JqM");
        assertThat(basic.fields().toString()).doesNotContain("QWxh");
        assertThatThrownBy(() -> basic.basicAuth("a:b", "c")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> basic.basicAuth("a", "c\n")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> basic.bearer("x\r\ny: z")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void parameters_go_to_the_end_of_the_query() {
        assertThat(ClientRequest.get(URI.create("http://a"))
                        .parameter("a b", "c&d=\u00fc")
                        .target())
                .isEqualTo("/?a+b=c%26d%3D%C3%BC");
        ClientRequest request =
                ClientRequest.get(URI.create("http://a:81/b%20c?d=%26#e")).parameter("f", "");
        assertThat(request.uri()).hasToString("http://a:81/b%20c?d=%26&f=#e");
        assertThatThrownBy(() -> request.target("/x").parameter("a", "b")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_form_is_a_body_with_its_type() throws IOException {
        var values = new LinkedHashMap<String, String>();
        values.put("name", "Zo\u00eb & co");
        values.put("empty", "");
        ClientRequest request = ClientRequest.of("POST", URI_A).form(values);
        assertThat(request.field("content-type")).isEqualTo("application/x-www-form-urlencoded");
        assertThat(loop.run(() -> request.body().text().await())).isEqualTo("name=Zo%C3%AB+%26+co&empty=");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host",
                "content-length",
                "Transfer-Encoding",
                "Connection",
                "Upgrade",
                "Expect",
                "TE",
                "Trailer",
                "Keep-Alive"
            })
    void what_the_client_says_itself_is_refused_among_the_fields_of_all_requests_as_well(String name) {
        assertThatThrownBy(() -> DEFAULTS.fields(HttpFields.of(name, "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(name.toLowerCase(java.util.Locale.ROOT));
        assertThatThrownBy(() -> ClientRequest.get(URI_A).with(name, "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void all_fields_of_the_options_are_sent_unless_the_request_has_one_of_that_name() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client =
                    HttpClient.on(loop, DEFAULTS.fields(HttpFields.of("X-Twice", "1", "X-Own", "no", "X-Twice", "2")));
            client.send(ClientRequest.get(URI.create(server.uri())).with("x-own", "yes"))
                    .await()
                    .text()
                    .await();
        });
        assertThat(server.requests.getFirst())
                .contains("X-Twice: 1\r\n", "X-Twice: 2\r\n", "x-own: yes\r\n")
                .doesNotContain("X-Own: no");
    }
}
