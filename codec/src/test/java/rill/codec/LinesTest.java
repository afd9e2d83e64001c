package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import rill.codec.Lines.Ending;
import rill.testkit.CodecHarness;

final class LinesTest {
    private static CodecHarness.Outcome decode(Lines lines, String bytes) {
        return CodecHarness.decode(lines, bytes);
    }

    private static String write(Lines lines, String line) {
        String whole = new CodecHarness<>(lines).write(Unpooled.wrappedBuffer(CodecHarness.ascii(line)));
        assertThat(new CodecHarness<>(lines.with(Text.utf8())).write(line)).isEqualTo(whole);
        return whole;
    }

    private static void refuses(Lines lines, String line) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CodecHarness<>(lines).write(Unpooled.wrappedBuffer(CodecHarness.ascii(line))));
        assertThatIllegalArgumentException().isThrownBy(() -> new CodecHarness<>(lines.with(Text.utf8())).write(line));
    }

    @Test
    void either_ending_is_accepted_unless_said_otherwise() {
        assertThat(decode(Lines.of(), "a\nbc\r\n\n\r\nd\re\r\r\n").messages())
                .containsExactly("a", "bc", "", "", "d\re\r");
    }

    @Test
    void with_lf_a_cr_is_content() {
        assertThat(decode(Lines.of(Ending.LF), "a\r\n\rb\n").messages()).containsExactly("a\r", "\rb");
    }

    @Test
    void with_crlf_nothing_else_ends_a_line_or_stands_in_it() {
        assertThat(decode(Lines.of(Ending.CRLF), "a\r\n\r\n").messages()).containsExactly("a", "");
        var bareLf = decode(Lines.of(Ending.CRLF), "a\r\nbc\n");
        assertThat(bareLf.violation()).isEqualTo("expected CR before LF");
        assertThat(bareLf.offset()).isEqualTo(5);
        var bareCr = decode(Lines.of(Ending.CRLF), "a\r\nb\rc\r\n");
        assertThat(bareCr.violation()).isEqualTo("expected LF after CR");
        assertThat(bareCr.offset()).isEqualTo(5);
        assertThat(decode(Lines.of(Ending.CRLF), "\n").offset()).isZero();
        assertThat(decode(Lines.of(Ending.CRLF), "a\r\r\n").violation()).isEqualTo("expected LF after CR");
        var first = decode(Lines.of(Ending.CRLF), "\ra\r\n");
        assertThat(first.violation()).isEqualTo("expected LF after CR");
        assertThat(first.offset()).isEqualTo(1);
    }

    @Test
    void a_line_at_the_limit_passes_and_one_above_it_does_not() {
        for (Ending ending : Ending.values()) {
            Lines lines = Lines.of(ending).limit(5);
            String end = ending == Ending.LF ? "\n" : "\r\n";
            assertThat(decode(lines, "12345" + end).messages()).containsExactly("12345");
            var above = decode(lines, "1" + end + "123456" + end);
            assertThat(above.messages()).containsExactly("1");
            assertThat(above.violation()).isEqualTo("expected a line of at most 5 bytes");
            assertThat(above.offset()).isEqualTo(6 + end.length());
        }
    }

    @Test
    void a_delimiter_that_never_comes_is_noticed_at_the_limit() {
        var endless = decode(Lines.of().limit(10), "x".repeat(100));
        assertThat(endless.violation()).contains("at most 10 bytes");
        assertThat(decode(Lines.of().limit(10), "x".repeat(10) + "\rx").violation())
                .contains("at most 10 bytes");
        var harness = new CodecHarness<>(Lines.of());
        assertThat(harness.feed("x".repeat(Lines.DEFAULT_LIMIT)).outcome().violation())
                .isNull();
        assertThat(harness.feed("x").outcome().violation()).contains("at most 8192 bytes");
    }

    @Test
    void without_a_limit_a_line_may_be_long() {
        String line = "x".repeat(100_000);
        assertThat(new CodecHarness<>(Lines.of().unlimited())
                        .feed(line)
                        .feed("\n")
                        .outcome()
                        .messages())
                .containsExactly(line);
    }

    @Test
    void the_ending_is_written_as_configured() {
        assertThat(write(Lines.of(), "a")).isEqualTo("a\n");
        assertThat(write(Lines.of(Ending.CRLF), "a")).isEqualTo("a\r\n");
        assertThat(write(Lines.of().writing(Ending.CRLF), "a\rb\r")).isEqualTo("a\rb\r\r\n");
        assertThat(write(Lines.of(Ending.LF), "a\r")).isEqualTo("a\r\n");
        assertThat(write(Lines.of(), "")).isEqualTo("\n");
        assertThatIllegalArgumentException().isThrownBy(() -> Lines.of().writing(Ending.EITHER));
    }

    @Test
    void a_line_that_would_be_read_otherwise_is_not_written() {
        for (Ending ending : Ending.values()) {
            refuses(Lines.of(ending), "a\nb");
            refuses(Lines.of(ending), "a\n");
        }
        refuses(Lines.of(Ending.CRLF), "a\rb");
        refuses(Lines.of(), "a\r");
        refuses(Lines.of().limit(3), "abcd");
        assertThat(write(Lines.of().limit(3), "abc")).isEqualTo("abc\n");
    }

    @Test
    void a_large_line_is_passed_on_and_not_copied() {
        var harness = new CodecHarness<>(Lines.of().unlimited());
        String line = "x".repeat(20_000);
        assertThat(harness.write(Unpooled.wrappedBuffer(CodecHarness.ascii(line))))
                .isEqualTo(line + "\n");
        assertThat(harness.passed()).isEqualTo(1);
    }

    @Test
    void an_end_within_a_line_is_a_violation() {
        assertThat(decode(Lines.of(), "a\n").ended()).isTrue();
        assertThat(decode(Lines.of(), "a\nb").violation()).contains("ended within a message");
    }
}
