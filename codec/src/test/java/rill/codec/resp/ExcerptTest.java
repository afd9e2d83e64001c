package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Tests how replies are shown in messages. */
class ExcerptTest {
    @Test
    void what_is_short_is_shown() {
        assertThat(Excerpt.of(Reply.OK)).isEqualTo("Simple[OK]");
        assertThat(Excerpt.of(new Reply.Failed("ERR no"))).isEqualTo("Failed[ERR no]");
        assertThat(Excerpt.of(Reply.bulk("gr\u00fcn"))).isEqualTo("Bulk[gr\u00fcn]");
        assertThat(Excerpt.of(new Reply.Verbatim("txt", Reply.bulk("text")))).isEqualTo("Verbatim[text]");
        assertThat(Excerpt.of(Reply.of(7))).isEqualTo("Int[number=7]");
        assertThat(Excerpt.of(Reply.NULL)).isEqualTo("Null[BULK]");
        assertThat(Excerpt.of(new Reply.Attributed(Reply.map(), Reply.of(true))))
                .isEqualTo("TRUE");
    }

    @Test
    void of_others_the_kind_and_the_size() {
        assertThat(Excerpt.of(Reply.EMPTY)).isEqualTo("Array[0 elements]");
        assertThat(Excerpt.of(Reply.set(Reply.of(7)))).isEqualTo("Set[1 element, the first Int[number=7]]");
        assertThat(Excerpt.of(Reply.push("message", Reply.bulk("a"))))
                .isEqualTo("Push[2 elements, the first Bulk[message]]");
        assertThat(Excerpt.of(Reply.map(Reply.of(1), Reply.of(2)))).isEqualTo("Map[1 keys]");
        assertThat(Excerpt.of(Reply.array(Reply.array(Reply.of(1)), Reply.of(2))))
                .isEqualTo("Array[2 elements, the first Array[1]]");
        assertThat(Excerpt.of(new Reply.BigNumber(BigInteger.TWO.pow(100_000)))).isEqualTo("BigNumber[100001 bits]");
        var buffer = new Reply.BulkBuffer(Unpooled.buffer().writeZero(70_000));
        assertThat(Excerpt.of(buffer)).isEqualTo("BulkBuffer[70000 bytes]");
        buffer.release();
    }

    @Test
    void what_is_long_is_shown_in_part() {
        String whole = "x".repeat(100);
        assertThat(Excerpt.of(Reply.bulk(whole))).isEqualTo("Bulk[" + whole + "]");
        assertThat(Excerpt.of(Reply.bulk(whole + "y"))).isEqualTo("Bulk[" + whole + "… (of 101)]");
        assertThat(Excerpt.of(new Reply.Simple(whole + "y"))).isEqualTo("Simple[" + whole + "… (of 101)]");
    }

    @Test
    void it_is_one_line_and_moves_no_cursor() {
        var bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        for (int from = 0; from < bytes.length; from += 64) {
            assertThat(Excerpt.of(Reply.bulk(Arrays.copyOfRange(bytes, from, from + 64))))
                    .matches("[ -~\\p{L}]+");
        }
        assertThat(Excerpt.of(Reply.bulk("a\r\nb"))).isEqualTo("Bulk[a\\u000d\\u000ab]");
    }
}
