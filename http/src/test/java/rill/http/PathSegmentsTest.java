package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests paths and hosts. */
class PathSegmentsTest {
    @Test
    void segments_are_decoded_one_by_one() throws HttpRefusedException {
        assertThat(HttpRequest.of("GET", "/users/j%C3%B6rg+x?y=/z").segments()).containsExactly("users", "jörg+x");
        assertThat(HttpRequest.of("GET", "/").segments()).isEmpty();
        assertThat(HttpRequest.of("GET", "/a/").segments()).containsExactly("a");
        assertThat(HttpRequest.of("GET", "http://h/a/b").segments()).containsExactly("a", "b");
        assertThat(HttpRequest.of("GET", "/%41").segments()).containsExactly("A");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//",
                "/a//b",
                "/.",
                "/a/..",
                "/%2e%2E/a",
                "/a%2fb",
                "/a%5Cb",
                "/%00",
                "/%",
                "/%4",
                "/%zz",
                "/%ff",
                "*"
            })
    void what_may_be_taken_for_another_path_is_refused(String target) {
        assertThatThrownBy(() -> HttpRequest.of("GET", target).segments())
                .isInstanceOfSatisfying(
                        HttpRefusedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(400));
    }

    @Test
    void a_host_may_have_an_underscore() {
        Origin origin = Origin.of(URI.create("http://My_app.web_1:8080/x"));
        assertThat(origin.authority()).isEqualTo("my_app.web_1:8080");
        assertThat(Origin.of(URI.create("https://h_x/")).authority()).isEqualTo("h_x");
        assertThatThrownBy(() -> Origin.of(URI.create("http://u@h_x/"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Origin.of(URI.create("http://h_x:70000/")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
