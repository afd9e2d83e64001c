package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static rill.http.Served.HOST;
import static rill.http.Served.text;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Loop;
import rill.Report;
import rill.Service;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;

/** Tests what a request contains: its host, parameters, cookies, texts and forms. */
@ExtendWith(Leaks.class)
class HttpRequestTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Test
    void a_handler_knows_its_loop_also_in_a_test_of_it() throws IOException {
        try (var served = new Served(request -> request.loop().delay(SECOND).map(nothing -> {
            boolean same =
                    request.loop() == Loop.current() && request.with("A", "b").loop() == request.loop();
            return HttpResponse.text(same ? "the same" : "another");
        }))) {
            assertThat(served.ask(ServedTexts.LAST)).endsWith("the same");
            HttpRequest made = HttpRequest.of("GET", "/");
            assertThat(served.loop.run(made::loop)).isSameAs(served.loop);
            assertThatIllegalStateException().isThrownBy(made::loop).withMessageContaining("no loop is current");
        }
    }

    // ---- the host

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "GET /a?b=http://c/d host:1 /a?b=http://c/d",
                "GET http://target:2/a?b=c target:2 /a?b=c",
                "GET http://target?b=/c target /?b=/c",
                "GET http://target target /",
                "GET HTTP://[::1]:80/ [::1]:80 /",
                "OPTIONS * host:1 *",
                "CONNECT far:443 far:443 far:443"
            })
    void a_request_is_for_whom_its_target_names_and_else_for_its_host(
            String method, String target, String authority, String pathAndQuery) {
        HttpRequest request = HttpRequest.of(method, target).with("Host", "host:1");
        assertThat(request.authority()).isEqualTo(authority);
        assertThat(request.pathAndQuery()).isEqualTo(pathAndQuery);
        assertThat(HttpRequest.of("GET", "/").authority()).isNull();
    }

    @Test
    void an_absolute_target_counts_more_than_the_host_that_came_with_it() throws IOException {
        try (var served = new Served(request -> text(request.authority() + " " + request.path()))) {
            assertThat(served.ask("GET http://real/x HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .endsWith("\r\n\r\nreal /x");
            assertThat(served.ask("GET /x HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .endsWith("\r\n\r\na /x");
        }
    }

    // ---- other protocols

    @ParameterizedTest
    @CsvSource({
        "'GET / HTTP/1.1', 'upgrade, close', true true",
        "'GET / HTTP/1.1', close, false false",
        "'GET / HTTP/1.0', 'Upgrade', false false"
    })
    void only_a_request_of_http_1_1_asks_for_another_protocol(String line, String connection, String end)
            throws IOException {
        try (var served = new Served(request -> text(
                request.isUpgrade() + " " + request.fields(HttpFields.none()).isUpgrade()))) {
            assertThat(served.ask(line + "\r\nConnection: " + connection + "\r\nUpgrade: x\r\n" + HOST))
                    .endsWith(end);
        }
    }

    @Test
    void a_request_that_is_made_here_asks_for_another_protocol_by_its_fields() {
        HttpRequest request = HttpRequest.of("GET", "/").with("Upgrade", "x");
        assertThat(request.isUpgrade()).isFalse();
        assertThat(request.with("Connection", "close, Upgrade").isUpgrade()).isTrue();
    }

    // ---- parameters and cookies

    @Test
    void all_parameters_of_a_name_are_given_in_order() {
        HttpRequest request = HttpRequest.of("GET", "/?a=1&b=x&a=&a&%61=2+3&a=%zz");
        HttpParameters all = request.parameters();
        assertThat(all.all("a")).containsExactly("1", "", "", "2 3");
        assertThat(all.all("c")).isEmpty();
        assertThat(all.names()).containsExactly("a", "b");
        assertThat(all.get("b", "other")).isEqualTo("x");
        assertThat(all.get("c", "other")).isEqualTo("other");
        assertThat(request.parameter("a")).isEqualTo("1");
        assertThat(HttpRequest.of("GET", "/?a=%zz&a=2").parameter("a")).isEqualTo("2");
        for (String none : List.of("/", "/?")) {
            assertThat(HttpRequest.of("GET", none).parameters().names()).isEmpty();
            assertThat(HttpRequest.of("GET", none).parameter("")).isNull();
        }
    }

    @Test
    void with_replaces_a_field_and_add_adds_one() {
        HttpRequest request = HttpRequest.of("GET", "/").add("X", "1").add("x", "2");
        assertThat(request.fields().all("x")).containsExactly("1", "2");
        assertThat(request.with("X", "3").fields().all("x")).containsExactly("3");
    }

    @Test
    void a_cookie_is_found_among_others_and_in_any_of_the_fields() {
        HttpRequest request = HttpRequest.of("GET", "/")
                .with("Cookie", "a=1; session=x=y; empty=; quoted=\"q\"; a=2")
                .fields(HttpRequest.of("GET", "/")
                        .with("Cookie", "a=1; session=x=y; empty=; quoted=\"q\"; a=2")
                        .fields()
                        .add("Cookie", "other=3;tight=4"));
        assertThat(request.cookie("a")).isEqualTo("1");
        assertThat(request.cookie("session")).isEqualTo("x=y");
        assertThat(request.cookie("empty")).isEmpty();
        assertThat(request.cookie("quoted")).isEqualTo("q");
        assertThat(request.cookie("other")).isEqualTo("3");
        assertThat(request.cookie("tight")).isEqualTo("4");
        assertThat(request.cookie("A")).isNull();
        assertThat(request.cookie("sess")).isNull();
        assertThat(HttpRequest.of("GET", "/").cookie("a")).isNull();
    }

    // ---- texts

    private static String post(String type, byte[] body) {
        return "POST / HTTP/1.1\r\nConnection: close\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length
                + "\r\n" + HOST + new String(body, StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain; charset=iso-8859-1",
                "text/plain;charset=\"ISO-8859-1\"",
                "text/plain; x=\"charset=utf-8;\"; Charset = latin1 ; y=z"
            })
    void a_text_is_read_in_the_charset_that_its_request_says(String type) throws IOException {
        try (var served = new Served(
                request -> request.body().text().map(text -> HttpResponse.text(text.equals("\u00e4") + "")))) {
            assertThat(served.ask(post(type, "\u00e4".getBytes(StandardCharsets.ISO_8859_1))))
                    .endsWith("true");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"text/plain", "text/plain; charset=", "text/plain; charset=nonsense", "text/plain; charset=?"})
    void a_text_whose_charset_nobody_says_or_knows_is_utf_8(String type) throws IOException {
        try (var served = new Served(
                request -> request.body().text().map(text -> HttpResponse.text(text.equals("\u00e4") + "")))) {
            assertThat(served.ask(post(type, "\u00e4".getBytes(StandardCharsets.UTF_8))))
                    .endsWith("true");
        }
    }

    // ---- forms

    private static final String FORM = "application/x-www-form-urlencoded";

    private static Service<HttpRequest, HttpResponse> forms() {
        return request -> request.form()
                .map(form -> HttpResponse.text(
                        form.names() + " " + form.get("a") + " " + form.all("b") + " " + form.get("none")));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void a_form_is_read() throws IOException {
        try (var served = new Served(forms())) {
            assertThat(served.ask(post(FORM, bytes("a=1+%2B&b=x&b=&c")))).endsWith("\r\n\r\n[a, b, c] 1 + [x, ] null");
            assertThat(served.ask(post("Application/X-WWW-Form-Urlencoded; charset=UTF-8", bytes(""))))
                    .endsWith("\r\n\r\n[] null [] null");
        }
    }

    @Test
    void what_is_no_form_is_answered_with_415_and_what_is_a_bad_one_with_400() throws IOException {
        try (var served = new Served(forms())) {
            assertThat(served.ask(post("application/json", bytes("{}")))).startsWith("HTTP/1.1 415 ");
            assertThat(served.ask("POST / HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .startsWith("HTTP/1.1 415 ");
            assertThat(served.ask(post(FORM, bytes("a=%zz")))).startsWith("HTTP/1.1 400 ");
            assertThat(served.ask(post(FORM, bytes("a=%")))).startsWith("HTTP/1.1 400 ");
        }
    }

    @Test
    void a_form_of_too_much_is_answered_with_413() throws IOException {
        try (var served = new Served(forms())) {
            String most = "a&".repeat(HttpParameters.MOST - 1) + "a";
            assertThat(served.ask(post(FORM, bytes(most)))).startsWith("HTTP/1.1 200 ");
            assertThat(served.ask(post(FORM, bytes(most + "&")))).startsWith("HTTP/1.1 413 ");
        }
        try (var served = new Served(request -> request.form(10).map(form -> HttpResponse.text("read")))) {
            assertThat(served.ask(post(FORM, bytes("a=123456789")))).startsWith("HTTP/1.1 413 ");
        }
    }

    /** The least CPU time of several runs. */
    private static long nanosToRead(String form) throws HttpRefusedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 7; i++) {
            long before = THREADS.getCurrentThreadCpuTime();
            assertThat(HttpParameters.form(form).all("")).hasSizeLessThan(HttpParameters.MOST);
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - before);
        }
        return least;
    }

    /** By comparison: a search of the whole text for each value would take twenty times as long. */
    @Test
    @Tag("slow")
    void a_form_of_names_without_values_takes_no_longer_than_one_of_values() throws IOException {
        int others = HttpParameters.MOST - 1;
        String large = "a".repeat(4 * 1024 * 1024);
        assertThat(nanosToRead("&".repeat(others) + large)).isLessThan(5 * nanosToRead("=&".repeat(others) + large));
    }

    @Test
    void an_equals_sign_belongs_to_its_own_pair() throws IOException {
        HttpParameters form = HttpParameters.form("a&b=1&&c&=2&d=e=f");
        assertThat(form.names()).containsExactly("a", "b", "", "c", "d");
        assertThat(form.get("a")).isEmpty();
        assertThat(form.get("c")).isEmpty();
        assertThat(form.all("")).containsExactly("", "2");
        assertThat(form.get("d")).isEqualTo("e=f");
    }

    @Test
    void a_handler_may_refuse_by_a_failure_of_its_own_which_is_not_reported() throws IOException {
        try (var served = new Served(request -> {
            throw new HttpRefusedException(403, "not you");
        })) {
            assertThat(served.ask("GET / HTTP/1.1\r\nConnection: close\r\n" + HOST))
                    .startsWith("HTTP/1.1 403 ")
                    .endsWith("not you\n");
            assertThat(served.reports).doesNotHaveAnyElementsOfTypes(Report.Thrown.class);
        }
        assertThat(List.of(400, 599))
                .allSatisfy(status -> assertThat(new HttpRefusedException(status, "").status())
                        .isEqualTo(status));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 399, 600, 99})
    void a_refusal_has_the_status_of_an_error(int status) {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> new HttpRefusedException(status, ""))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
