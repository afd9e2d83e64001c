package rill.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Codec;
import rill.ProtocolException;

/** Tests the laws of codecs: each planted fault of a codec is caught by its own law. */
@Tag("slow")
class FaultyCodecsTest {
    private static final int LIMIT = 20;

    /** Decodes a length in one byte, then that many letters: the correct decoder, from which the faults vary. */
    private static String decode(ByteBuf in) throws ProtocolException {
        if (!in.isReadable()) {
            return null;
        }
        int length = in.readUnsignedByte();
        if (length > LIMIT) {
            throw new ProtocolException("expected a length of at most " + LIMIT + ", found " + length);
        }
        return in.readableBytes() < length ? null : in.readString(length, StandardCharsets.ISO_8859_1);
    }

    private static void encode(String text, ByteBuf out) {
        out.writeByte(text.length()).writeCharSequence(text, StandardCharsets.ISO_8859_1);
    }

    private static String deeper(String text) {
        return text.isEmpty() ? text : deeper(text) + text;
    }

    private record Faulty(String name, Codec.Decoder<String> decoder, String law, String finding) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Faulty> faults() {
        var lent = new ArrayList<ByteBuf>();
        return Stream.of(
                new Faulty(
                        "takes what is there for all of it",
                        (in, context) -> in.isReadable()
                                ? in.skipBytes(1).readString(in.readableBytes(), StandardCharsets.ISO_8859_1)
                                : null,
                        "same at every split",
                        "split at 1 gives"),
                new Faulty(
                        "looks at the byte after the message",
                        (in, context) -> {
                            String text = decode(in);
                            return text == null || in.writerIndex() == in.capacity()
                                    ? text
                                    : text + in.getByte(in.writerIndex());
                        },
                        "same at every split",
                        "gives"),
                new Faulty(
                        "reads past the end",
                        (in, context) -> in.isReadable()
                                ? in.readString(in.readUnsignedByte(), StandardCharsets.ISO_8859_1)
                                : null,
                        "same at every split",
                        "IndexOutOfBounds"),
                new Faulty(
                        "has no limit",
                        (in, context) -> {
                            if (!in.isReadable()) {
                                return null;
                            }
                            int length = in.readUnsignedByte();
                            return in.readableBytes() < length
                                    ? null
                                    : in.readString(length, StandardCharsets.ISO_8859_1);
                        },
                        "violation, at the same place",
                        "accepted although it is forbidden"),
                new Faulty(
                        "waits for ever for what it has to refuse",
                        (in, context) ->
                                in.isReadable() && in.getUnsignedByte(in.readerIndex()) > LIMIT ? null : decode(in),
                        "what is forbidden",
                        "refused only because the input ends there"),
                new Faulty(
                        "believes a length",
                        (in, context) -> {
                            byte[] space =
                                    new byte[in.isReadable() ? in.getUnsignedByte(in.readerIndex()) * 10_000 : 0];
                            return space.length < 0 ? "" : decode(in);
                        },
                        "costs no memory",
                        "allocated"),
                new Faulty(
                        "throws what is no ProtocolException",
                        (in, context) -> {
                            String text = decode(in);
                            if (text != null && text.contains("\u00ff")) {
                                throw new IllegalStateException("cannot happen");
                            }
                            return text;
                        },
                        "mutations",
                        "cannot happen"),
                new Faulty(
                        "looks at a message and leaves it where it is",
                        (in, context) -> in.isReadable() ? "the same" : null,
                        "same at every split",
                        "consumes nothing, at offset 0"),
                new Faulty(
                        "calls itself for each level",
                        (in, context) -> {
                            String text = decode(in);
                            return text != null && text.contains("\u00ff") ? deeper(text) : text;
                        },
                        "mutations",
                        "mutation with seed"),
                new Faulty(
                        "keeps the buffer that it was lent",
                        (in, context) -> {
                            String text = decode(in);
                            if (text != null) {
                                lent.add(in.retain());
                            }
                            return text;
                        },
                        "same at every split",
                        "still holds the buffer"),
                new Faulty(
                        "reads other than was written",
                        (in, context) -> {
                            String text = decode(in);
                            return text == null ? null : text.toUpperCase(java.util.Locale.ROOT);
                        },
                        "as it was written",
                        "written hello, read"));
    }

    private static List<DynamicTest> laws(Codec.Decoder<String> decoder) {
        Codec<String, String> codec = Codec.of(decoder, FaultyCodecsTest::encode);
        return CodecLaws.of(codec)
                .understands("\5hello\0", "\2ab\u0003xyz")
                .writes(codec, "hello", "")
                .refuses("\u0015abcdefghijklmnopqrstu")
                .waits("\24abc")
                .tests()
                .toList();
    }

    private static Throwable failureOf(DynamicTest law) {
        try {
            law.getExecutable().execute();
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void is_caught_by_the_law_that_is_there_for_it(Faulty fault) {
        DynamicTest law = laws(fault.decoder).stream()
                .filter(each -> each.getDisplayName().contains(fault.law))
                .findFirst()
                .orElseThrow();
        assertThat(failureOf(law)).as(law.getDisplayName()).isNotNull();
        assertThat(String.valueOf(failureOf(law))).contains(fault.finding);
    }

    @Test
    void the_bound_on_memory_is_left_out_on_demand() {
        var allocated = new ArrayList<byte[]>();
        Codec<String, String> codec = Codec.of(
                (in, context) -> {
                    allocated.add(new byte[1024 * 1024]);
                    return decode(in);
                },
                FaultyCodecsTest::encode);
        byte[] bytes = CodecHarness.ascii("\5hello");
        assertThatThrownBy(() -> CodecLaws.of(codec).check(bytes)).hasMessageContaining("allocated");
        assertThat(CodecLaws.of(codec).withoutMemoryLaw().check(bytes).messages())
                .containsExactly("hello");
    }

    @Test
    void without_a_fault_every_law_holds() {
        for (DynamicTest law : laws((in, context) -> decode(in))) {
            assertThat(failureOf(law)).as(law.getDisplayName()).isNull();
        }
    }
}
