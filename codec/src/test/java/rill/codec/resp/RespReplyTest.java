package rill.codec.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.codec.QuietContext;
import rill.testkit.CodecHarness;

/** Tests how a client reads replies. */
final class RespReplyTest {
    private static CodecHarness.Outcome decode(String bytes) {
        return decode(RespOptions.defaults(), bytes);
    }

    private static CodecHarness.Outcome decode(RespOptions limits, String bytes) {
        return CodecHarness.decode(RespCodecs.paired(limits), bytes);
    }

    @Test
    void every_type_is_read_at_every_split() {
        var outcome = decode("+OK\r\n+PONG\r\n+QUEUED\r\n+\r\n+hello world\r\n-ERR no\r\n:0\r\n:-7\r\n:100000\r\n"
                + "$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n$1\r\na\r\n");
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.messages())
                .containsExactly(
                        Reply.OK,
                        Reply.PONG,
                        Reply.QUEUED,
                        new Reply.Simple(""),
                        new Reply.Simple("hello world"),
                        new Reply.Failed("ERR no"),
                        Reply.of(0),
                        Reply.of(-7),
                        Reply.of(100_000),
                        Reply.bulk("hello"),
                        Reply.bulk(""),
                        Reply.NULL,
                        Reply.Null.ARRAY,
                        Reply.EMPTY,
                        Reply.array(Reply.of(1), Reply.bulk("a")));
    }

    @Test
    void arrays_are_nested_and_hold_anything() {
        var outcome = decode("*3\r\n*2\r\n*1\r\n+a\r\n*0\r\n$-1\r\n*2\r\n-E\r\n$3\r\n\r\n\n\r\n");
        assertThat(outcome.messages())
                .containsExactly(Reply.array(
                        Reply.array(Reply.array(new Reply.Simple("a")), Reply.EMPTY),
                        Reply.NULL,
                        Reply.array(new Reply.Failed("E"), Reply.bulk("\r\n\n"))));
    }

    @Test
    void common_answers_are_the_same_objects_each_time() {
        List<Object> messages = decode("+OK\r\n+PONG\r\n:1\r\n$-1\r\n*0\r\n+QUEUED\r\n+PONG\r\n")
                .messages();
        assertThat(messages.get(0)).isSameAs(Reply.OK);
        assertThat(messages.get(1)).isSameAs(Reply.PONG);
        assertThat(messages.get(2)).isSameAs(Reply.of(1));
        assertThat(messages.get(3)).isSameAs(Reply.NULL);
        assertThat(messages.get(4)).isSameAs(Reply.EMPTY);
        assertThat(messages.get(5)).isSameAs(Reply.QUEUED);
        assertThat(messages.get(6)).isSameAs(Reply.PONG);
    }

    @Test
    void numbers_reach_from_one_end_of_64_bits_to_the_other() {
        assertThat(decode(":9223372036854775807\r\n:-9223372036854775808\r\n").messages())
                .containsExactly(Reply.of(Long.MAX_VALUE), Reply.of(Long.MIN_VALUE));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "*-2|1|expected an array of 0 to 1048576 elements, found a length of -2",
                "$-2|1|expected a bulk string of 0 to 67108864 bytes, found a length of -2",
                ":+5|1|expected a digit or '-', found '+' (0x2B)",
                ":_5|1|expected a digit or '-', found 0x20",
                ":5_|2|expected a digit or CR, found 0x20",
                ":0x5|2|expected a digit or CR, found 'x' (0x78)",
                "$+5|1|expected a digit or '-', found '+' (0x2B)",
                "*_5|1|expected a digit or '-', found 0x20",
                "$0x5|2|expected a digit or CR, found 'x' (0x78)",
                ":05|2|expected CR after the number 0, found '5' (0x35)",
                ":-0|3|expected 0, found -0",
                ":-|2|expected a digit, found CR (0x0D)",
                ":|1|expected a digit or '-', found CR (0x0D)",
                ":--1|2|expected a digit, found '-' (0x2D)",
                ":9223372036854775808|20|expected a number of 64 bits, found a larger one",
                ":-9223372036854775809|20|expected a number of 64 bits, found a larger one",
                "$99999999999999999999|19|expected a number of 64 bits, found a larger one",
                "*18446744073709551617|20|expected a number of 64 bits, found a larger one",
                "$9223372036854775807|1|expected a bulk string of 0 to 67108864 bytes, found a length of"
                        + " 9223372036854775807",
                "$67108865|1|expected a bulk string of 0 to 67108864 bytes, found a length of 67108865",
                "*1048577|1|expected an array of 0 to 1048576 elements, found a length of 1048577",
                "hello|0|expected one of + - : $ *, found 'h' (0x68)",
                "%1|0|expected one of + - : $ *, found '%' (0x25)",
                "_|0|expected one of + - : $ *, found 0x20",
            })
    void what_is_not_resp_is_refused(String line, long position, String violation) {
        var outcome = decode("+before\r\n" + line.replace('_', ' ') + "\r\n+after\r\n");
        assertThat(outcome.messages()).containsExactly(new Reply.Simple("before"));
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(9 + position);
        assertThat(outcome.ended()).isFalse();
    }

    @Test
    void numbers_beyond_64_bits_are_refused_as_soon_as_they_are() {
        var outcome = decode(":" + "9".repeat(1000));
        assertThat(outcome.violation()).contains("64 bits");
        assertThat(outcome.offset()).isEqualTo(19);
        assertThat(decode(":9223372036854775808\r\n").offset()).isEqualTo(20);
    }

    @Test
    void a_bulk_without_crlf_is_refused() {
        var noCr = decode("$3\r\nabcd\r\n");
        assertThat(noCr.violation()).isEqualTo("expected CR LF after the 3 bytes of a bulk string, found 'd' (0x64)");
        assertThat(noCr.offset()).isEqualTo(7);
        var noLf = decode("$3\r\nabc\r\r\n");
        assertThat(noLf.violation()).isEqualTo("expected LF after CR, found CR (0x0D)");
        assertThat(noLf.offset()).isEqualTo(8);
    }

    @Test
    void a_bare_lf_or_cr_is_refused() {
        assertThat(decode("+OK\n").violation()).isEqualTo("expected CR before LF");
        assertThat(decode("+OK\n").offset()).isEqualTo(3);
        assertThat(decode("-a\rb\r\n").violation()).isEqualTo("expected LF after CR, found 'b' (0x62)");
        assertThat(decode(":5\n").violation()).isEqualTo("expected a digit or CR, found LF (0x0A)");
        assertThat(decode("$1\ra\r\n").offset()).isEqualTo(3);
    }

    @Test
    void the_position_counts_what_was_consumed_before_within_an_array() {
        var outcome = decode("*3\r\n:1\r\n$1\r\na\r\n!\r\n");
        assertThat(outcome.violation()).contains("'!'");
        assertThat(outcome.offset()).isEqualTo(15);
    }

    @Test
    void a_line_at_the_limit_passes_and_one_above_it_does_not() {
        RespOptions limits = RespOptions.defaults().lineBytes(5);
        assertThat(decode(limits, "+12345\r\n-12345\r\n").messages()).hasSize(2);
        assertThat(decode(limits, "+123456\r\n").violation()).isEqualTo("expected a line of at most 5 bytes");
        assertThat(decode(limits, "+123456\r\n").offset()).isEqualTo(6);
        assertThat(decode(limits, "-" + "x".repeat(50)).offset()).isEqualTo(6);
        assertThat(decode(limits.lineBytes(1), "+OK\r\n").offset()).isEqualTo(2);
    }

    @Test
    void a_bulk_at_the_limit_passes_and_one_above_it_does_not() {
        RespOptions limits = RespOptions.defaults().bulkBytes(5);
        assertThat(decode(limits, "$5\r\n12345\r\n").messages()).hasSize(1);
        assertThat(decode(limits, "$6\r\n123456\r\n").violation()).contains("0 to 5 bytes, found a length of 6");
    }

    @Test
    void nesting_at_the_limit_passes_and_a_nesting_bomb_does_not() {
        RespOptions limits = RespOptions.defaults().depth(3);
        assertThat(decode(limits, "*1\r\n*1\r\n*1\r\n:1\r\n").messages()).hasSize(1);
        var outcome = decode(limits, "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
        assertThat(outcome.violation()).isEqualTo("expected arrays nested at most 3 deep");
        assertThat(outcome.offset()).isEqualTo(12);
        assertThat(decode(limits, "*1\r\n*1\r\n*1\r\n*0\r\n").violation()).contains("3 deep");
        var bomb = new CodecHarness<>(RespCodecs.paired(RespOptions.defaults())).feed("*1\r\n".repeat(100_000));
        assertThat(bomb.outcome().violation()).contains("32 deep");
        var deep = new CodecHarness<>(RespCodecs.paired(RespOptions.defaults().depth(1000)));
        assertThat(deep.feed("*1\r\n".repeat(1000) + ":1\r\n").outcome().messages())
                .hasSize(1);
    }

    @Test
    void the_elements_of_a_message_are_bounded_in_all() {
        RespOptions limits = RespOptions.defaults().elements(4);
        assertThat(decode(limits, "*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n".repeat(2)).messages())
                .hasSize(2);
        assertThat(decode(limits, "*5\r\n").violation()).contains("0 to 4 elements, found a length of 5");
        assertThat(decode(limits, "*2\r\n*2\r\n:1\r\n:1\r\n*1\r\n").violation()).contains("0 to 0 elements");
    }

    @Test
    void cumulative_bytes_of_a_message_are_bounded() {
        RespOptions limits = RespOptions.defaults().bulkBytes(50).lineBytes(50).messageBytes(400);
        String full = "*4\r\n$50\r\n" + "x".repeat(50) + "\r\n+abcdefghij\r\n-abcdefghij\r\n$10\r\n0123456789\r\n";
        assertThat(decode(limits, full + full).messages()).hasSize(2);
        String tooMuch = "expected a message of at most 400 bytes, counting 64 more for each element";
        var bulk = decode(limits, full.replace("$10\r\n", "$11\r\n"));
        assertThat(bulk.violation()).isEqualTo(tooMuch);
        assertThat(bulk.offset()).isEqualTo(full.length() - 16);
        assertThat(decode(limits, full.replace("+", "+x")).violation()).isEqualTo(tooMuch);
        assertThat(decode(limits, full.replace("-", "-x")).violation()).isEqualTo(tooMuch);
    }

    @Test
    void an_element_of_any_type_counts_as_much_as_it_may_take_on_the_heap() {
        RespOptions limits = RespOptions.defaults().bulkBytes(50).lineBytes(50).messageBytes(640);
        for (String element : List.of("*0", "*-1", "$-1", "$0\r\n", ":1", "+", "-")) {
            String nine = "*9\r\n" + (element + "\r\n").repeat(9);
            assertThat(decode(limits, nine + nine).messages()).as(element).hasSize(2);
            assertThat(decode(limits, nine.replace("*9", "*10") + element + "\r\n")
                            .violation())
                    .as(element)
                    .contains("at most 640 bytes");
        }
    }

    @Test
    void what_was_announced_leaves_nothing_to_be_kept() {
        for (String announced : List.of("$67000000\r\n", "*1000000\r\n", "*2\r\n$67000000\r\n", ":1\r\n$5\r\n")) {
            var harness = new CodecHarness<>(RespCodecs.paired(RespOptions.defaults())).feed(announced);
            assertThat(harness.outcome().violation()).isNull();
            assertThat(harness.unconsumed()).as(announced).isZero();
        }
    }

    @Test
    void unfinished_replies_of_all_connections_are_bounded_together() throws IOException {
        var codec = RespCodecs.paired(RespOptions.defaults().unfinishedBytes(200_000));
        var first = codec.open(QuietContext.CONTEXT);
        var second = codec.open(QuietContext.CONTEXT);
        ByteBuf half = Unpooled.copiedBuffer("*3000\r\n" + ":1\r\n".repeat(2000), UTF_8);
        first.decode(half.slice(), QuietContext.CONTEXT);
        assertThat(codec.unfinished()).isEqualTo(2001 * 64);
        assertThatThrownBy(() -> second.decode(half.slice(), QuietContext.CONTEXT))
                .isExactlyInstanceOf(IOException.class)
                .hasMessageContaining("unfinished");
        first.decode(Unpooled.copiedBuffer(":1\r\n".repeat(1000), UTF_8), QuietContext.CONTEXT);
        assertThat(codec.unfinished()).as("once it is complete").isZero();
        first.decode(half.slice(), QuietContext.CONTEXT);
        first.closed();
        second.closed();
        assertThat(codec.unfinished()).as("once they are gone").isZero();
    }

    @Test
    void an_end_within_a_reply_is_a_violation_even_if_all_bytes_were_consumed() {
        assertThat(decode("*2\r\n:1\r\n").violation()).isEqualTo("the stream ended within a reply");
        assertThat(decode("$5\r\nab").violation()).isEqualTo("the stream ended within a reply");
        assertThat(decode("").ended()).isTrue();
    }

    @Test
    void lines_that_are_not_utf8_are_read_all_the_same() {
        assertThat(decode("-ERR '\u00FF'\r\n").messages()).containsExactly(new Reply.Failed("ERR '\uFFFD'"));
        assertThat(decode("+gr\u00C3\u00BCn\r\n").messages()).containsExactly(new Reply.Simple("grün"));
    }

    @Test
    void a_large_array_is_read_piece_by_piece() {
        var harness = new CodecHarness<>(RespCodecs.paired(RespOptions.defaults()));
        harness.feed("*100000\r\n");
        List<Reply> expected = new ArrayList<>();
        for (int i = 0; i < 100_000; i += 1000) {
            var piece = new StringBuilder();
            for (int k = i; k < i + 1000; k++) {
                piece.append(':').append(k).append("\r\n");
                expected.add(Reply.of(k));
            }
            harness.feed(piece.toString());
            assertThat(harness.unconsumed()).isZero();
        }
        assertThat(harness.outcome().messages()).containsExactly(new Reply.Array(expected));
    }

    @Test
    void a_failure_can_be_thrown() {
        var failed = new Reply.Failed("WRONGTYPE Operation against a key");
        assertThat(failed.code()).isEqualTo("WRONGTYPE");
        assertThat(new Reply.Failed("ERR").code()).isEqualTo("ERR");
        assertThatThrownBy(failed::orThrow)
                .isInstanceOfSatisfying(
                        RespException.class, e -> assertThat(e.code()).isEqualTo("WRONGTYPE"))
                .hasMessage("WRONGTYPE Operation against a key");
    }

    @Test
    void all_other_replies_are_returned_in_place_of_being_thrown() throws RespException {
        for (Reply each : List.of(Reply.OK, Reply.of(5), Reply.NULL, Reply.bulk("a"), Reply.EMPTY)) {
            assertThat(each.orThrow()).isSameAs(each);
        }
    }

    @Test
    void a_bulk_is_a_value() {
        var bulk = Reply.bulk("grün");
        assertThat(bulk).isEqualTo(Reply.bulk(bulk.bytes().clone())).hasSameHashCodeAs(Reply.bulk("grün"));
        assertThat(bulk).isNotEqualTo(Reply.bulk("rot"));
        assertThat(bulk.length()).isEqualTo(5);
        assertThat(bulk.string()).isEqualTo("grün");
        assertThat(bulk).hasToString("Bulk[grün]");
        assertThat(Reply.bulk("x".repeat(100))).hasToString("Bulk[100 bytes]");
        assertThat(Reply.bulk(new byte[0])).isSameAs(Reply.bulk(""));
    }
}
