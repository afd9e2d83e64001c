package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', true",
        "'', a, false",
        "*, '', true",
        "*, abc, true",
        "a*, abc, true",
        "a*, bc, false",
        "*c, abc, true",
        "a*c*e, abcde, true",
        "a*c*e, abcd, false",
        "?, a, true",
        "?, '', false",
        "a?c, abc, true",
        "[ab]c, bc, true",
        "[ab]c, cc, false",
        "[^ab]c, cc, true",
        "[^ab]c, ac, false",
        "[a-c]x, bx, true",
        "[c-a]x, bx, true",
        "[a-c]x, dx, false",
        "\\*, *, true",
        "\\*, a, false",
        "[\\]], ], true",
        "[a, a, true",
        "a\\, a\\, true",
        "**a**, bab, true",
        "news.*, news.a.b, true"
    })
    void a_pattern_matches_as_in_redis(String pattern, String text, boolean matches) {
        assertThat(Glob.matches(bytes(pattern), bytes(text))).isEqualTo(matches);
    }

    @Test
    void many_stars_take_no_time_to_speak_of() {
        assertThat(Glob.matches(bytes("*a".repeat(64) + "b"), bytes("a".repeat(10_000))))
                .isFalse();
    }
}
