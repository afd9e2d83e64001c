package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import rill.testkit.CodecHarness;

final class DelimitedTest {
    private static List<Object> decode(String delimiter, String bytes) {
        return CodecHarness.decode(Delimited.by(delimiter), bytes).messages();
    }

    private static String write(Delimited framing, String frame) {
        String whole = new CodecHarness<>(framing).write(Unpooled.wrappedBuffer(CodecHarness.ascii(frame)));
        assertThat(new CodecHarness<>(framing.with(Text.utf8())).write(frame)).isEqualTo(whole);
        return whole;
    }

    private static void refuses(Delimited framing, String frame) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CodecHarness<>(framing).write(Unpooled.wrappedBuffer(CodecHarness.ascii(frame))));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CodecHarness<>(framing.with(Text.utf8())).write(frame));
    }

    @Test
    void one_byte_or_many_delimit_and_may_be_split_across_reads() {
        assertThat(decode("\0", "ab\0\0c\0")).containsExactly("ab", "", "c");
        assertThat(decode("--end--", "ab--end----end--c--en--end--")).containsExactly("ab", "", "c--en");
    }

    @Test
    void a_delimiter_that_overlaps_with_itself_is_found() {
        assertThat(decode("aab", "aaab")).containsExactly("a");
        assertThat(decode("abab", "abaabab" + "xababab")).containsExactly("aba", "x");
        assertThat(decode("aa", "aaaxaa")).containsExactly("", "ax");
    }

    @Test
    void it_agrees_with_a_plain_search_on_random_input() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            String delimiter = letters(random, 1 + random.nextInt(5));
            String bytes = letters(random, random.nextInt(60));
            List<Object> expected = new ArrayList<>();
            int at = 0;
            for (int next = bytes.indexOf(delimiter); next >= 0; next = bytes.indexOf(delimiter, at)) {
                expected.add(bytes.substring(at, next));
                at = next + delimiter.length();
            }
            var outcome =
                    CodecHarness.decodeAtRandom(Delimited.by(delimiter), CodecHarness.ascii(bytes + "c"), seed + i);
            assertThat(outcome.messages()).as("seed %d, round %d", seed, i).isEqualTo(expected);
        }
    }

    private static String letters(Random random, int size) {
        var text = new StringBuilder();
        for (int i = 0; i < size; i++) {
            text.append(random.nextInt(3) == 0 ? 'b' : 'a');
        }
        return text.toString();
    }

    @Test
    void a_frame_at_the_limit_passes_and_one_above_it_does_not() {
        Delimited framing = Delimited.by("##").limit(5);
        assertThat(CodecHarness.decode(framing, "12345##").messages()).containsExactly("12345");
        assertThat(CodecHarness.decode(framing, "1234###").violation()).contains("ended within");
        var above = CodecHarness.decode(framing, "1##123456##");
        assertThat(above.messages()).containsExactly("1");
        assertThat(above.violation()).isEqualTo("expected a frame of at most 5 bytes");
        assertThat(above.offset()).isEqualTo(8);
    }

    @Test
    void a_delimiter_that_never_comes_is_noticed_at_the_limit() {
        assertThat(CodecHarness.decode(Delimited.by("##").limit(10), "#x".repeat(50))
                        .violation())
                .contains("at most 10 bytes");
        assertThat(new CodecHarness<>(Delimited.by("##").unlimited())
                        .feed("x".repeat(100_000))
                        .outcome()
                        .violation())
                .isNull();
    }

    @Test
    void frames_are_written_with_their_delimiter() {
        assertThat(write(Delimited.by("--"), "a-b")).isEqualTo("a-b--");
        assertThat(write(Delimited.by((byte) 0), "")).isEqualTo("\0");
        var harness = new CodecHarness<>(Delimited.by("--").unlimited());
        String large = "x".repeat(10_000);
        assertThat(harness.write(Unpooled.wrappedBuffer(CodecHarness.ascii(large))))
                .isEqualTo(large + "--");
        assertThat(harness.passed()).isEqualTo(1);
    }

    @Test
    void a_frame_that_would_be_cut_elsewhere_is_not_written() {
        refuses(Delimited.by("--"), "a--b");
        refuses(Delimited.by("--"), "a-");
        refuses(Delimited.by("abab"), "xab");
        refuses(Delimited.by("--").limit(3), "abcd");
        assertThat(write(Delimited.by("aab"), "a")).isEqualTo("aaab");
        assertThatIllegalArgumentException().isThrownBy(Delimited::by);
    }

    @Test
    void fixed_lengths_need_no_delimiter() {
        var framing = FixedLength.of(3);
        var outcome = CodecHarness.decode(framing, "abcdefg");
        assertThat(outcome.messages()).containsExactly("abc", "def");
        assertThat(outcome.violation()).contains("ended within a message, after 1 bytes");
        assertThat(new CodecHarness<>(framing.with(Text.utf8())).write("abc", "def"))
                .isEqualTo("abcdef");
        assertThat(new CodecHarness<>(framing).write(Unpooled.wrappedBuffer(new byte[] {'a', 'b', 'c'})))
                .isEqualTo("abc");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CodecHarness<>(framing.with(Text.utf8())).write("ab"));
        assertThatIllegalArgumentException().isThrownBy(() -> FixedLength.of(0));
        assertThat(framing).hasToString("fixed length 3");
        var large = new CodecHarness<>(FixedLength.of(10_000));
        assertThat(large.write(Unpooled.wrappedBuffer(new byte[10_000]))).hasSize(10_000);
        assertThat(large.passed()).isEqualTo(1);
    }
}
