package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Codec;
import rill.ProtocolException;
import rill.codec.internal.Payloads;
import rill.testkit.CodecHarness;

final class LengthFieldTest {
    private static final String LONG_TEXT = "x".repeat(300);

    private static CodecHarness.Outcome decode(Codec<?, ?> codec, String bytes) {
        return CodecHarness.decode(codec, bytes);
    }

    private static ByteBuf frame(String bytes) {
        return Unpooled.wrappedBuffer(CodecHarness.ascii(bytes));
    }

    private static String write(LengthField framing, String... frames) {
        var harness = new CodecHarness<>(framing);
        var all = new StringBuilder();
        for (String each : frames) {
            all.append(harness.write(frame(each)));
        }
        return all.toString();
    }

    /** Writes frames through a codec that encodes their content in place. */
    private static String writeInPlace(LengthField framing, String... frames) {
        return new CodecHarness<>(framing.with(latin1())).write(frames);
    }

    private static Text latin1() {
        return Text.in(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void every_size_goes_there_and_back_in_both_byte_orders(int size) {
        String longest = size == 1 ? "y".repeat(255) : LONG_TEXT;
        for (LengthField framing :
                List.of(LengthField.ofBytes(size), LengthField.ofBytes(size).littleEndian())) {
            String bytes = write(framing, "a", "", longest);
            assertThat(bytes).hasSize(3 * size + 1 + longest.length());
            assertThat(decode(framing, bytes).messages()).containsExactly("a", "", longest);
            assertThat(writeInPlace(framing, "a", "", longest)).isEqualTo(bytes);
        }
    }

    @Test
    void the_bytes_are_as_the_name_of_the_field_says() {
        assertThat(write(LengthField.ofBytes(1), "ab")).isEqualTo("\2ab");
        assertThat(write(LengthField.ofBytes(2), "ab")).isEqualTo("\0\2ab");
        assertThat(write(LengthField.ofBytes(3), "ab")).isEqualTo("\0\0\2ab");
        assertThat(write(LengthField.ofBytes(4).littleEndian(), "ab")).isEqualTo("\2\0\0\0ab");
        assertThat(write(LengthField.ofBytes(8), "ab")).isEqualTo("\0\0\0\0\0\0\0\2ab");
        assertThat(write(LengthField.varint(), LONG_TEXT)).isEqualTo("\u00AC\2" + LONG_TEXT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 16_383, 16_384, 100_000})
    void varints_go_there_and_back_and_shift_what_was_written_in_place(int size) {
        LengthField framing = LengthField.varint();
        String content = "abc".repeat(size / 3 + 1).substring(0, size);
        String bytes = write(framing, content);
        assertThat(writeInPlace(framing, content, content)).isEqualTo(bytes + bytes);
        assertThat(new CodecHarness<>(framing)
                        .feed(bytes + bytes)
                        .endOfInput()
                        .outcome()
                        .messages())
                .containsExactly(content, content);
    }

    @Test
    void a_length_may_count_itself() {
        LengthField framing = LengthField.ofBytes(4).adjustment(-4);
        assertThat(write(framing, "abc")).isEqualTo("\0\0\0\7abc");
        assertThat(decode(framing, "\0\0\0\7abc\0\0\0\4").messages()).containsExactly("abc", "");
    }

    @Test
    void a_length_may_leave_something_out() {
        LengthField framing = LengthField.ofBytes(1).adjustment(2);
        assertThat(decode(framing, "\1abc\0de").messages()).containsExactly("abc", "de");
        assertThat(write(framing, "abc")).isEqualTo("\1abc");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> write(framing, "a"))
                .withMessageContaining("-1");
    }

    @Test
    void a_header_before_the_length_is_dropped_or_delivered() {
        assertThat(decode(LengthField.ofBytes(2).offset(3), "HDR\0\2ab").messages())
                .containsExactly("ab");
        assertThat(decode(LengthField.ofBytes(2).offset(3).withHeader(), "HDR\0\2ab")
                        .messages())
                .containsExactly("HDR\0\2ab");
        assertThat(decode(LengthField.varint().offset(1).withHeader(), "0\2abM\0")
                        .messages())
                .containsExactly("0\2ab", "M\0");
    }

    @Test
    void a_frame_that_is_written_with_its_header_gets_its_length() {
        LengthField framing = LengthField.ofBytes(2).offset(3).withHeader();
        assertThat(write(framing, "HDR??ab")).isEqualTo("HDR\0\2ab");
        assertThat(writeInPlace(framing, "HDR??ab")).isEqualTo("HDR\0\2ab");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> write(framing, "HDR?"))
                .withMessageContaining("length");
    }

    @Test
    void a_varint_within_a_header_is_replaced_and_may_change_its_size() {
        LengthField framing = LengthField.varint().offset(1).withHeader();
        String bytes = "M\u00AC\2" + LONG_TEXT;
        assertThat(write(framing, "M\0" + LONG_TEXT)).isEqualTo(bytes);
        assertThat(writeInPlace(framing, "M\0" + LONG_TEXT, "M\u0081\1ab")).isEqualTo(bytes + "M\2ab");
        assertThatIllegalArgumentException().isThrownBy(() -> write(framing, "M\u0080\0"));
        assertThatIllegalArgumentException().isThrownBy(() -> writeInPlace(framing, "M"));
    }

    @Test
    void writing_without_the_header_that_precedes_the_length_is_refused() {
        LengthField framing = LengthField.ofBytes(1).offset(1);
        assertThatThrownBy(() -> write(framing, "ab")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writeInPlace(framing, "ab")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_large_frame_is_passed_on_and_not_copied() {
        for (LengthField framing : List.of(LengthField.ofBytes(4), LengthField.varint())) {
            var harness = new CodecHarness<>(framing);
            String large = "x".repeat(Payloads.WORTH_PASSING);
            assertThat(harness.write(frame(large))).endsWith(large).hasSizeLessThan(large.length() + 5);
            assertThat(harness.passed()).isEqualTo(1);
            assertThat(harness.write(frame(large.substring(1)))).hasSizeGreaterThan(large.length());
            assertThat(harness.passed()).isEqualTo(1);
        }
    }

    @Test
    void a_frame_at_the_limit_passes_and_one_above_it_does_not() {
        LengthField framing = LengthField.ofBytes(4).limit(5);
        assertThat(decode(framing, "\0\0\0\5abcde").messages()).containsExactly("abcde");
        var above = decode(framing, "\0\0\0\5abcde\0\0\0\6abcdef");
        assertThat(above.messages()).containsExactly("abcde");
        assertThat(above.violation()).isEqualTo("expected a frame of at most 5 bytes, found a length of 6");
        assertThat(above.offset()).isEqualTo(9);
        assertThat(write(framing, "abcde")).isEqualTo("\0\0\0\5abcde");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> write(framing, "abcdef"))
                .withMessageContaining("limit");
        assertThatIllegalArgumentException().isThrownBy(() -> writeInPlace(framing, "abcdef"));
    }

    @Test
    void the_limit_is_a_mebibyte_unless_said_otherwise() {
        assertThat(decode(LengthField.ofBytes(4), "\0\20\0\1").violation()).contains("at most 1048576 bytes");
        assertThat(decode(LengthField.ofBytes(4), "\0\20\0\0").violation()).contains("ended within a message");
        assertThat(decode(LengthField.ofBytes(4).unlimited(), "\0\20\0\1").violation())
                .contains("ended within a message");
    }

    @Test
    void negative_overflowing_and_maximal_lengths_are_refused() {
        String minusOne = "\u00FF".repeat(8);
        String maximal = "\u007F" + "\u00FF".repeat(7);
        LengthField eight = LengthField.ofBytes(8).unlimited();
        assertThat(decode(eight, minusOne).violation()).contains("found a length of 18446744073709551615");
        assertThat(decode(eight, maximal).violation()).contains("found a length of 9223372036854775807");
        assertThat(decode(eight.adjustment(Integer.MAX_VALUE), maximal).violation())
                .contains("at most 2147483639");
        assertThat(decode(eight.adjustment(Integer.MIN_VALUE), maximal).violation())
                .contains("at most 2147483639");
        assertThat(decode(LengthField.ofBytes(4).unlimited(), minusOne).violation())
                .contains("4294967295");
        assertThat(decode(LengthField.ofBytes(4).unlimited(), maximal).violation())
                .contains("2147483647");
        assertThat(decode(LengthField.ofBytes(1).adjustment(-2), "\1").violation())
                .isEqualTo("expected a length of at least 2, found 1");
    }

    @ParameterizedTest
    @CsvSource({
        "8080808080808080808001, 9, 64 bits",
        "ffffffffffffffffff02, 9, 64 bits",
        "ffffffffffffffffff01, 0, 18446744073709551615",
        "8000, 1, shortest form",
        "810000, 1, shortest form",
    })
    void a_varint_that_is_too_long_or_not_the_shortest_is_refused(String hex, long offset, String words) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        var outcome = CodecHarness.decode(LengthField.varint().unlimited(), bytes);
        assertThat(outcome.violation()).contains(words);
        assertThat(outcome.offset()).isEqualTo(offset);
    }

    @Test
    void a_content_that_the_field_cannot_express_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> write(LengthField.ofBytes(1), "x".repeat(256)))
                .withMessageContaining("256");
    }

    @Test
    void nonsense_is_refused_when_a_framing_is_made() {
        assertThatIllegalArgumentException().isThrownBy(() -> LengthField.ofBytes(5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LengthField.varint().littleEndian());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LengthField.varint().offset(-1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LengthField.varint().limit(-1));
    }

    @Test
    void a_violation_within_a_frame_is_placed_in_the_stream_its_header_counted() {
        var numbers = LengthField.ofBytes(2)
                .<Integer, Integer>with(
                        (frame, context) -> {
                            int value = frame.readUnsignedByte();
                            if (value > 9) {
                                throw new ProtocolException(0, "expected a digit, found " + value);
                            }
                            return value;
                        },
                        (value, out) -> out.writeByte(value));
        var noDigit = new CodecHarness<>(numbers).feed("\0\1\7\0\1c").outcome();
        assertThat(noDigit.messages()).containsExactly(7);
        assertThat(noDigit.violation()).contains("found 99");
        assertThat(noDigit.offset()).isEqualTo(5);
        var tooLong = new CodecHarness<>(numbers).feed("\0\1\7\0\2\3\3").outcome();
        assertThat(tooLong.violation()).contains("found 1 more bytes");
        assertThat(tooLong.offset()).isEqualTo(6);
    }

    @Test
    void garbage_after_an_error_is_not_decoded() {
        var outcome = decode(LengthField.ofBytes(1).limit(3), "\1a\4bcde\1f");
        assertThat(outcome.messages()).containsExactly("a");
        assertThat(outcome.offset()).isEqualTo(2);
        assertThat(outcome.ended()).isFalse();
    }

    @Test
    void an_end_between_frames_is_good_and_one_within_a_frame_is_not() {
        assertThat(decode(LengthField.ofBytes(1), "\1a").ended()).isTrue();
        assertThat(decode(LengthField.ofBytes(1), "\1a\2b").violation()).contains("ended within a message");
    }
}
