package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how relative references are resolved: all examples of RFC 3986, sections 5.4.1 and 5.4.2. */
final class ReferenceTest {
    private static String resolved(String base, String reference) {
        return Reference.of(base).resolve(Reference.of(reference)).toString();
    }

    @ParameterizedTest
    @CsvSource({
        "g:h, g:h",
        "g, http://a/b/c/g",
        "./g, http://a/b/c/g",
        "g/, http://a/b/c/g/",
        "/g, http://a/g",
        "//g, http://g",
        "?y, http://a/b/c/d;p?y",
        "g?y, http://a/b/c/g?y",
        "#s, http://a/b/c/d;p?q#s",
        "g#s, http://a/b/c/g#s",
        "g?y#s, http://a/b/c/g?y#s",
        ";x, http://a/b/c/;x",
        "g;x, http://a/b/c/g;x",
        "g;x?y#s, http://a/b/c/g;x?y#s",
        "'', http://a/b/c/d;p?q",
        "., http://a/b/c/",
        "./, http://a/b/c/",
        ".., http://a/b/",
        "../, http://a/b/",
        "../g, http://a/b/g",
        "../.., http://a/",
        "../../, http://a/",
        "../../g, http://a/g",
        "../../../g, http://a/g",
        "../../../../g, http://a/g",
        "/./g, http://a/g",
        "/../g, http://a/g",
        "g., http://a/b/c/g.",
        ".g, http://a/b/c/.g",
        "g.., http://a/b/c/g..",
        "..g, http://a/b/c/..g",
        "./../g, http://a/b/g",
        "./g/., http://a/b/c/g/",
        "g/./h, http://a/b/c/g/h",
        "g/../h, http://a/b/c/h",
        "g;x=1/./y, http://a/b/c/g;x=1/y",
        "g;x=1/../y, http://a/b/c/y",
        "g?y/./x, http://a/b/c/g?y/./x",
        "g?y/../x, http://a/b/c/g?y/../x",
        "g#s/./x, http://a/b/c/g#s/./x",
        "g#s/../x, http://a/b/c/g#s/../x",
        "http:g, http:g",
    })
    void the_examples_of_the_rfc(String reference, String meant) {
        assertThat(resolved("http://a/b/c/d;p?q", reference)).isEqualTo(meant);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://a", "http://a?q", "http://a/", "http://a/x"})
    void a_host_without_a_path_is_as_one_with_a_slash(String base) {
        assertThat(resolved(base, "login")).isEqualTo("http://a/login");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://a/b?c#d", "g:h", "//g", "?y", "#", "?", "", "a/b:c", "http://[::1]:8080/x"})
    void parts_that_are_put_together_again_are_what_they_were(String text) {
        assertThat(Reference.of(text)).hasToString(text);
    }

    @Test
    void bytes_of_a_location_that_are_not_ascii_are_encoded() {
        assertThat(Reference.of("http://a/b")
                        .location("/gr\u00c3\u00bcn?\u00c3\u0178")
                        .toString())
                .startsWith("http://a/gr%C3%BCn?%C3");
    }
}
