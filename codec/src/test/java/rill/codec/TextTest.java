package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.ProtocolException;
import rill.testkit.CodecHarness;

final class TextTest {
    private static String decode(Text text, byte[] bytes) throws IOException {
        var frame = Unpooled.wrappedBuffer(new byte[] {1, 2, 3}, bytes).skipBytes(3);
        String decoded = text.decode(frame, QuietContext.CONTEXT);
        assertThat(frame.isReadable()).isFalse();
        return decoded;
    }

    private static byte[] encode(Text text, String message) {
        var out = Unpooled.directBuffer(1);
        try {
            text.encode(message, out);
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes);
            return bytes;
        } finally {
            assertThat(out.release()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "seven77",
                "eightchr",
                "twelve chars",
                "exactly 16 chars",
                "twenty-three characters",
                "grün",
                "12345678ü",
                "1234ü",
                "日本語",
                "😀",
                "a😀b",
                "\0\u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFF"
            })
    void text_goes_there_and_back(String message) throws IOException {
        assertThat(encode(Text.utf8(), message)).isEqualTo(message.getBytes(StandardCharsets.UTF_8));
        assertThat(decode(Text.utf8(), message.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(message);
        Text utf16 = Text.in(StandardCharsets.UTF_16LE);
        assertThat(encode(utf16, message)).isEqualTo(message.getBytes(StandardCharsets.UTF_16LE));
        assertThat(decode(utf16, encode(utf16, message))).isEqualTo(message);
        assertThat(utf16).hasToString("text in UTF-16LE");
    }

    @Test
    @Tag("slow")
    void malformed_utf8_is_a_violation_where_the_jdk_finds_it() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        int[] interesting = {
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0,
            0xF1, 0xF4, 0xF5, 0xFF
        };
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) (random.nextInt(3) == 0 ? 'a' : interesting[random.nextInt(interesting.length)]);
            }
            ByteBuffer read = ByteBuffer.wrap(bytes);
            try {
                String expected =
                        StandardCharsets.UTF_8.newDecoder().decode(read).toString();
                assertThat(decode(Text.utf8(), bytes)).as("seed %d", seed).isEqualTo(expected);
            } catch (CharacterCodingException e) {
                assertThatThrownBy(() -> decode(Text.utf8(), bytes))
                        .as("seed %d", seed)
                        .isInstanceOfSatisfying(
                                ProtocolException.class,
                                violation -> assertThat(violation.offset()).isEqualTo(read.position()));
            }
        }
    }

    @Test
    void other_charsets_are_as_strict() {
        assertThatThrownBy(() -> decode(Text.in(StandardCharsets.US_ASCII), new byte[] {'a', (byte) 0xE4}))
                .isInstanceOfSatisfying(
                        ProtocolException.class, e -> assertThat(e.offset()).isEqualTo(1))
                .hasMessageContaining("expected text in US-ASCII, found 0xE4");
        assertThatIllegalArgumentException().isThrownBy(() -> encode(Text.in(StandardCharsets.US_ASCII), "ä"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\uD800", "a\uDC00", "12345678\uD800a", "\uD83D\uD83D\uDE00", "ü\uDE00\uD83D"})
    void an_unpaired_surrogate_is_refused(String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encode(Text.utf8(), message))
                .withMessageContaining("surrogate");
    }

    @Test
    void lines_of_text_are_a_codec() {
        var codec = Lines.of().with(Text.utf8());
        assertThat(new CodecHarness<>(codec).write("grün")).isEqualTo("gr\u00C3\u00BCn\n");
        var outcome = CodecHarness.decode(codec, "gr\u00C3\u00BCn\r\nab\u00FF\n");
        assertThat(outcome.messages()).containsExactly("grün");
        assertThat(outcome.violation()).isEqualTo("expected text in UTF-8, found 0xFF");
        assertThat(outcome.offset()).isEqualTo(9);
        assertThat(Text.lines()).isNotNull();
    }
}
