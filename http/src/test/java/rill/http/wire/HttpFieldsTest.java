package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpFieldsTest {
    private final HttpFields fields =
            HttpFields.of("Host", "a", "X-Own-Name-Of-Ours", "1", "accept", "x", "ACCEPT", "y");

    @Test
    void names_are_found_in_whatever_letters() {
        assertThat(fields.get("hOsT")).isEqualTo("a");
        assertThat(fields.get("x-own-name-of-ours")).isEqualTo("1");
        assertThat(fields.all("Accept")).containsExactly("x", "y");
        assertThat(fields.contains("cookie")).isFalse();
        assertThat(fields.get("cookie")).isNull();
        assertThat(fields.get("hos")).isNull();
        assertThat(HttpFields.of("a@b".replace('@', '`'), "1").contains("a@b")).isFalse();
    }

    @Test
    void names_are_small_and_common_ones_are_always_the_same_object() {
        var names = new ArrayList<String>();
        fields.forEach((name, value) -> names.add(name));
        assertThat(names).containsExactly("host", "x-own-name-of-ours", "accept", "accept");
        assertThat(fields.name(2)).isSameAs(fields.name(3));
    }

    @Test
    void a_name_that_looks_like_a_common_one_by_its_bits_is_another() {
        byte[] bytes = "content\rlength".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(KnownFields.find(bytes, 0, bytes.length)).isNull();
        byte[] proper = "CONTENT-lengTH".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(KnownFields.find(proper, 0, proper.length).name).isEqualTo("content-length");
        byte[] middle = "access-control\rallow-credentials".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(KnownFields.find(middle, 0, middle.length)).isNull();
    }

    @Test
    void changes_give_copies() {
        assertThat(fields.with("Accept", "z"))
                .isEqualTo(HttpFields.of("host", "a", "x-own-name-of-ours", "1", "accept", "z"));
        assertThat(fields.without("accept").size()).isEqualTo(2);
        assertThat(fields.without("cookie")).isSameAs(fields);
        assertThat(fields.size()).isEqualTo(4);
        assertThat(HttpFields.none().addAll(fields)).isEqualTo(fields).hasSameHashCodeAs(fields);
        assertThat(HttpFields.of("a", "b").addAll(fields).size()).isEqualTo(5);
        assertThat(fields).isNotEqualTo(fields.with("host", "A"));
    }

    @Test
    void lists_have_elements() {
        HttpFields lists =
                HttpFields.of("Connection", "keep-alive,\tClose , x", "a", "b").without("a");
        assertThat(lists.hasToken("connection", "close")).isTrue();
        assertThat(lists.hasToken("connection", "Keep-Alive")).isTrue();
        assertThat(lists.hasToken("connection", "clos")).isFalse();
        assertThat(HttpFields.of("connection", ", ,x").hasToken("connection", "x"))
                .isTrue();
    }

    @Test
    void what_is_nobodys_business_is_not_printed() {
        assertThat(HttpFields.of("Cookie", "secret", "a", "b")).hasToString("[cookie: …, a: b]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r", "a\n", "a\0", "ä", "a\u0100", "(a)"})
    void a_name_that_is_no_token_is_refused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> HttpFields.of(name, "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb", "a\nb", "a\r\nb: c", "\0", "\u007F", "\u0100", " a", "a\t", "\u010A"})
    void a_value_that_can_not_be_sent_is_refused(String value) {
        assertThatIllegalArgumentException().isThrownBy(() -> HttpFields.of("a", value));
    }

    @Test
    void values_are_latin_1_and_may_be_empty() {
        HttpFields odd = HttpFields.of("a", "", "b", "gr\u00FCn\tx");
        assertThat(odd.get("a")).isEmpty();
        assertThat(odd.get("b")).isEqualTo("gr\u00FCn\tx");
    }

    @Test
    void more_than_fits_is_refused() {
        HttpFields most = HttpFields.of("a", "x".repeat(HttpFields.LARGEST - 5));
        assertThat(most.get("a")).hasSize(HttpFields.LARGEST - 5);
        assertThatIllegalArgumentException().isThrownBy(() -> most.add("b", ""));
    }
}
