package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Codec;

/**
 * Broken input: whatever comes, the outcome is messages or a {@link rill.ProtocolException}, and the same at every
 * split.
 */
@Tag("slow")
final class MutationTest {
    private static final int ROUNDS = 20_000;

    private static final RespLimits LIMITS = RespLimits.DEFAULT
            .bulkBytes(50)
            .contentBytes(80)
            .elements(12)
            .depth(3)
            .lineBytes(20);

    /** A codec and something that it understands. */
    private record Sample(Codec<?, ?> codec, String bytes) {}

    private static final List<Sample> SAMPLES = List.of(
            new Sample(LengthField.ofBytes(1).limit(100), "\3abc\0\5hello"),
            new Sample(LengthField.ofBytes(2).offset(1).withHeader().adjustment(-3), "H\0\6abcI\0\3"),
            new Sample(LengthField.ofBytes(4).littleEndian().limit(9), "\3\0\0\0abc\0\0\0\0"),
            new Sample(LengthField.ofBytes(8).unlimited(), "\0\0\0\0\0\0\0\3abc"),
            new Sample(LengthField.varint().limit(300), "\3abc\u0082\1" + "x".repeat(130)),
            new Sample(Lines.of().limit(10), "a\nbc\r\n\nlonger\r\n"),
            new Sample(Lines.of(Lines.Ending.CRLF).limit(10).with(Text.utf8()), "a\r\ngr\u00C3\u00BCn\r\n"),
            new Sample(Delimited.by("aab").limit(10), "xaaabyaabaab"),
            new Sample(FixedLength.of(5).with(Text.in(StandardCharsets.US_ASCII)), "hellohello"),
            new Sample(
                    new RespClientCodec(LIMITS),
                    "+OK\r\n-ERR a\r\n:-12\r\n$3\r\nabc\r\n*3\r\n:1\r\n*2\r\n$0\r\n\r\n$-1\r\n*-1\r\n+PONG\r\n"),
            new Sample(
                    new RespServerCodec(LIMITS),
                    "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nset \"a\\x41\" 'b'\r\n*1\r\n$4\r\nPING\r\n"));

    @Test
    void twenty_thousand_mutations_give_nothing_but_messages_or_violations() {
        long seed = new Random().nextLong();
        for (int i = 0; i < ROUNDS; i++) {
            var random = new Random(seed + i);
            Sample sample = SAMPLES.get(random.nextInt(SAMPLES.size()));
            byte[] bytes = mutated(CodecHarness.ascii(sample.bytes), random);
            try {
                var whole = new CodecHarness<>(sample.codec)
                        .feed(bytes)
                        .endOfInput()
                        .outcome();
                assertThat(whole.ended()).isEqualTo(whole.violation() == null);
                assertThat(CodecHarness.decodeAtRandom(sample.codec, bytes, random.nextLong()))
                        .isEqualTo(whole);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + (seed + i) + ", " + sample.codec + ", bytes " + Arrays.toString(bytes), e);
            }
        }
    }

    private static byte[] mutated(byte[] sample, Random random) {
        byte[] bytes = sample;
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            bytes = mutatedOnce(bytes, random);
        }
        return bytes;
    }

    private static byte[] mutatedOnce(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(bytes.length);
        byte[] changed = bytes.clone();
        return switch (random.nextInt(6)) {
            case 0 -> { // another byte
                changed[at] = (byte) random.nextInt(256);
                yield changed;
            }
            case 1 -> { // another byte that means something
                String telling = "\r\n+-:$*0159 \0\"'\\";
                changed[at] = (byte) telling.charAt(random.nextInt(telling.length()));
                yield changed;
            }
            case 2 -> { // one bit
                changed[at] = (byte) (changed[at] ^ (1 << random.nextInt(8)));
                yield changed;
            }
            case 3 -> Arrays.copyOf(bytes, at); // the end is missing
            case 4 ->
                joined(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length)); // a byte is missing
            default -> { // a piece comes twice
                int to = at + random.nextInt(bytes.length - at) + 1;
                yield joined(Arrays.copyOf(bytes, to), Arrays.copyOfRange(bytes, at, bytes.length));
            }
        };
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
