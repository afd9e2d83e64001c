package rill.codec.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.codec.QuietContext;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

/** Tests how a client reads the replies of RESP3. */
@ExtendWith(Leaks.class)
final class Resp3ReplyTest {
    private static CodecHarness.Outcome decode(String bytes) {
        return decode(RespOptions.defaults(), bytes);
    }

    private static CodecHarness.Outcome decode(RespOptions limits, String bytes) {
        return CodecHarness.decode(RespCodecs.unpaired(limits), bytes);
    }

    private static void reads(String bytes, Reply... replies) {
        var outcome = decode(bytes);
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages()).containsExactly((Object[]) replies);
        assertThat(outcome.ended()).isTrue();
    }

    private static Reply simple(String text) {
        return new Reply.Simple(text);
    }

    @Test
    void every_type_is_read_at_every_split() {
        reads("_\r\n", Reply.Null.RESP3);
        reads("#t\r\n#f\r\n", Reply.of(true), Reply.of(false));
        reads(
                "(3492890328409238509324850943850943825024385\r\n(-1\r\n(0\r\n",
                new Reply.BigNumber(new BigInteger("3492890328409238509324850943850943825024385")),
                new Reply.BigNumber(BigInteger.ONE.negate()),
                new Reply.BigNumber(BigInteger.ZERO));
        reads(
                "!21\r\nSYNTAX invalid\r\nsyntax\r\n".replace("21", "22"),
                new Reply.Failed("SYNTAX invalid\r\nsyntax", true));
        reads(
                "=15\r\ntxt:Some string\r\n=4\r\nmkd:\r\n",
                new Reply.Verbatim("txt", Reply.bulk("Some string")),
                new Reply.Verbatim("mkd", Reply.bulk("")));
        reads(
                "%2\r\n+first\r\n:1\r\n$6\r\nsecond\r\n:2\r\n%0\r\n",
                Reply.map(simple("first"), Reply.of(1), Reply.bulk("second"), Reply.of(2)), Reply.map());
        reads(
                "~3\r\n+orange\r\n#t\r\n:100\r\n~0\r\n",
                Reply.set(simple("orange"), Reply.of(true), Reply.of(100)),
                Reply.set());
        reads(
                ">2\r\n+message\r\n$2\r\nhi\r\n>1\r\n$4\r\nkind\r\n",
                new Reply.Push(List.of(simple("message"), Reply.bulk("hi"))),
                Reply.push("kind"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "10",
                "1.23",
                "-1.5",
                "0.1",
                "1e10",
                "1E+10",
                "1.5e-3",
                "1e-999",
                "1.7976931348623157e308"
            })
    void floating_point_numbers_are_read(String text) {
        reads("," + text + "\r\n", Reply.of(Double.parseDouble(text)));
    }

    @Test
    void infinities_and_what_is_no_number_are_read() {
        reads(
                ",inf\r\n,-inf\r\n,nan\r\n,-nan\r\n",
                Reply.of(Double.POSITIVE_INFINITY),
                Reply.of(Double.NEGATIVE_INFINITY),
                Reply.of(Double.NaN),
                Reply.of(Double.NaN));
    }

    @Test
    void whatever_resp2_has_is_read_as_well() {
        reads(
                "+OK\r\n$-1\r\n*-1\r\n*1\r\n:1\r\n-ERR a\r\n",
                Reply.OK,
                Reply.NULL,
                Reply.Null.ARRAY,
                Reply.array(Reply.of(1)),
                new Reply.Failed("ERR a"));
    }

    @Test
    void streamed_strings_are_read_whole() {
        reads("$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n", Reply.bulk("Hello word"));
        reads("$?\r\n;0\r\n", Reply.bulk(""));
        reads("*2\r\n$?\r\n;2\r\n\r\n\r\n;0\r\n$1\r\na\r\n", Reply.array(Reply.bulk("\r\n"), Reply.bulk("a")));
    }

    @Test
    void streamed_aggregates_are_read_whole() {
        reads("*?\r\n:1\r\n:2\r\n.\r\n", Reply.array(Reply.of(1), Reply.of(2)));
        reads("~?\r\n:1\r\n.\r\n~?\r\n.\r\n", Reply.set(Reply.of(1)), Reply.set());
        reads("%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n", Reply.map(simple("a"), Reply.of(1), simple("b"), Reply.of(2)));
        reads(
                "*?\r\n*?\r\n.\r\n%1\r\n$?\r\n;1\r\na\r\n;0\r\n~?\r\n*0\r\n.\r\n.\r\n+next\r\n",
                Reply.array(Reply.EMPTY, Reply.map(Reply.bulk("a"), Reply.set(Reply.EMPTY))), simple("next"));
        reads("*?\r\n" + ":1\r\n".repeat(40) + ".\r\n", new Reply.Array(Collections.nCopies(40, Reply.of(1))));
    }

    @Test
    void attributes_stay_with_the_reply_that_follows_them() {
        var ttl = Reply.map(simple("ttl"), Reply.of(3600));
        reads(
                "|1\r\n+ttl\r\n:3600\r\n*2\r\n:1\r\n:2\r\n",
                new Reply.Attributed(ttl, Reply.array(Reply.of(1), Reply.of(2))));
        reads(
                "*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n",
                Reply.array(Reply.of(1), Reply.of(2), new Reply.Attributed(ttl, Reply.of(3))));
        reads(
                "%1\r\n|0\r\n+k\r\n|1\r\n+ttl\r\n:3600\r\n|0\r\n_\r\n",
                Reply.map(
                        new Reply.Attributed(Reply.map(), simple("k")),
                        new Reply.Attributed(ttl, new Reply.Attributed(Reply.map(), Reply.Null.RESP3))));
        reads(
                "|1\r\n+ttl\r\n:3600\r\n>1\r\n+news\r\n",
                new Reply.Attributed(ttl, new Reply.Push(List.of(simple("news")))));
        reads("*?\r\n|0\r\n:1\r\n.\r\n", Reply.array(new Reply.Attributed(Reply.map(), Reply.of(1))));
    }

    @Test
    void attributes_do_not_hide_what_they_are_about() throws RespException {
        var error = new Reply.Attributed(Reply.map(), new Reply.Attributed(Reply.map(), new Reply.Failed("ERR no")));
        assertThatThrownBy(error::orThrow).isInstanceOf(RespException.class).hasMessage("ERR no");
        assertThat(new Reply.Attributed(Reply.map(), Reply.OK).orThrow()).isEqualTo(Reply.OK);
        assertThat(Reply.isPush(new Reply.Attributed(Reply.map(), Reply.push("a"))))
                .isTrue();
        assertThat(Reply.isPush(Reply.OK)).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '/',
            value = {
                "_x/1/expected CR, found 'x' (0x78)",
                "#x/1/expected 't' or 'f', found 'x' (0x78)",
                "#T/1/expected 't' or 'f', found 'T' (0x54)",
                "#tt/2/expected CR, found 't' (0x74)",
                "#/1/expected 't' or 'f', found CR (0x0D)",
                ",/1/expected a digit, found CR (0x0D)",
                ",+1/1/expected a digit, found '+' (0x2B)",
                ",.5/1/expected a digit, found '.' (0x2E)",
                ",5./3/expected a digit, found CR (0x0D)",
                ",05/2/expected no digit after a leading 0, found '5' (0x35)",
                ",1.5x/4/expected a digit or CR, found 'x' (0x78)",
                ",1e/3/expected a digit, found CR (0x0D)",
                ",1e+-2/4/expected a digit, found '-' (0x2D)",
                ",0x1p3/2/expected a digit or CR, found 'x' (0x78)",
                ",1·/2/expected a digit or CR, found 0x20",
                ",Inf/1/expected a digit, found 'I' (0x49)",
                ",infinity/4/expected CR after inf, found 'i' (0x69)",
                ",in/3/expected 'f' of inf, found CR (0x0D)",
                ",1e999/1/expected a floating-point number of 64 bits, found a larger one",
                "(/1/expected a digit, found CR (0x0D)",
                "(+1/1/expected a digit, found '+' (0x2B)",
                "(-/2/expected a digit, found CR (0x0D)",
                "(-0/3/expected 0, found -0",
                "(01/2/expected no digit after a leading 0, found '1' (0x31)",
                "(1.5/2/expected a digit or CR, found '.' (0x2E)",
                "!-1/1/expected an error of 0 to 67108864 bytes, found a length of -1",
                "!?/1/expected a digit or '-', found '?' (0x3F)",
                "=3/1/expected a verbatim string of 4 to 67108864 bytes, found a length of 3",
                "=-1/1/expected a verbatim string of 4 to 67108864 bytes, found a length of -1",
                "=5^txt;a/7/expected ':' after the format of a verbatim string, found ';' (0x3B)",
                "=5^t·t:a/5/expected a visible character, of the format of a verbatim string, found 0x20",
                "%-1/1/expected a map of 0 to 524288 pairs, found a length of -1",
                "%524289/1/expected a map of 0 to 524288 pairs, found a length of 524289",
                "~-1/1/expected a set of 0 to 1048576 elements, found a length of -1",
                "~1048577/1/expected a set of 0 to 1048576 elements, found a length of 1048577",
                "|-1/1/expected an attribute of 0 to 524288 pairs, found a length of -1",
                "|?/1/expected a digit or '-', found '?' (0x3F)",
                ">0/1/expected a push of 1 to 1048576 elements, found a length of 0",
                ">?/1/expected a digit or '-', found '?' (0x3F)",
                ">1^:1/4/expected the kind of a push, a text",
                ">1^*0/4/expected the kind of a push, a text",
                ">1^*1/4/expected the kind of a push, a text",
                ">1^_/4/expected the kind of a push, a text",
                "*1^>1/4/expected no push within another reply",
                "|1^>1/4/expected no push within another reply",
                "|1^+a^>1/8/expected no push within another reply",
                "*1^|0^>1/8/expected no push within another reply",
                "*?^>1/4/expected no push within another reply",
                ":?/1/expected a digit or '-', found '?' (0x3F)",
                "$?x/2/expected CR, found 'x' (0x78)",
                "*??/2/expected CR, found '?' (0x3F)",
                "$?^$1/4/expected ';', a piece of a streamed string, found '$' (0x24)",
                "$?^;-1/5/expected a piece of a streamed string of 1 to 67108864 bytes, found a length of -1",
                "$?^;?/5/expected a digit or '-', found '?' (0x3F)",
                ";1/0/expected one of + - : $ * _ # , ( ! = % ~ | >, found ';' (0x3B)",
                "./0/expected one of + - : $ * _ # , ( ! = % ~ | >, found '.' (0x2E)",
                "*1^./4/expected one of + - : $ * _ # , ( ! = % ~ | >, found '.' (0x2E)",
                "*?^|0^./8/expected one of + - : $ * _ # , ( ! = % ~ | >, found '.' (0x2E)",
                "*?^.x/5/expected CR, found 'x' (0x78)",
                "%?^+a^./8/expected a value for the last key of a map, found '.' (0x2E)",
                "*-2/1/expected an array of 0 to 1048576 elements, found a length of -2",
                "*-9223372036854775808/1/expected an array of 0 to 1048576 elements, found a length of"
                        + " -9223372036854775808",
                "$-9223372036854775808/1/expected a bulk string of 0 to 67108864 bytes, found a length of"
                        + " -9223372036854775808",
            })
    void what_is_not_resp3_is_refused(String lines, long position, String violation) {
        String sent = lines.replace("^", "\r\n").replace('·', ' ');
        var outcome = decode("+before\r\n" + sent + "\r\n+after\r\n");
        assertThat(outcome.messages()).containsExactly(simple("before"));
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(9 + position);
    }

    @Test
    void a_client_that_has_not_asked_for_resp3_refuses_its_types() {
        for (String each :
                List.of("_", "#t", ",1", "(1", "!1\r\na", "=5\r\ntxt:a", "%0", "~0", "|0", ">1", "$?", "*?")) {
            var outcome = CodecHarness.decode(RespCodecs.paired(RespOptions.defaults()), each + "\r\n");
            assertThat(outcome.violation()).as(each).isNotNull();
            assertThat(outcome.messages()).as(each).isEmpty();
            assertThat(outcome.offset()).isEqualTo(each.endsWith("?") ? 1 : 0);
        }
    }

    // ---- limits

    @Test
    void lengths_of_numbers_are_bounded() {
        assertThat(decode("," + "1".repeat(300) + "." + "5".repeat(99) + "\r\n").messages())
                .hasSize(1);
        assertThat(decode("," + "1".repeat(300) + "." + "5".repeat(100) + "\r\n")
                        .violation())
                .isEqualTo("expected a line of at most 400 bytes");
        var long4096 = new CodecHarness<>(RespCodecs.unpaired(RespOptions.defaults()));
        assertThat(long4096.feed("(" + "1".repeat(4096) + "\r\n").outcome().messages())
                .hasSize(1);
        assertThat(long4096.feed("(" + "1".repeat(4097) + "\r\n").outcome().violation())
                .contains("at most 4096 bytes");
        assertThat(decode(RespOptions.defaults().lineBytes(5), "(123456\r\n").offset())
                .isEqualTo(6);
    }

    @Test
    void nesting_of_whatever_kind_is_bounded() {
        RespOptions limits = RespOptions.defaults().depth(3);
        for (String each :
                List.of("*1\r\n", "%1\r\n:1\r\n", "~1\r\n", "|0\r\n", "*?\r\n", "%?\r\n", "~?\r\n", "|1\r\n")) {
            assertThat(decode(limits, each.repeat(4)).violation())
                    .as(each)
                    .isEqualTo("expected arrays nested at most 3 deep");
        }
        assertThat(decode(limits, "|0\r\n|0\r\n|0\r\n:1\r\n").messages()).hasSize(1);
        var bomb = new CodecHarness<>(RespCodecs.unpaired(RespOptions.defaults().depth(1000)))
                .feed("|1\r\n".repeat(100_000));
        assertThat(bomb.outcome().violation()).contains("1000 deep");
    }

    @Test
    void elements_of_whatever_kind_are_bounded_in_all() {
        RespOptions limits = RespOptions.defaults().elements(4);
        for (String fits : List.of(
                "%2\r\n" + ":1\r\n".repeat(4),
                "~4\r\n" + ":1\r\n".repeat(4),
                "|2\r\n" + ":1\r\n".repeat(5),
                ">4\r\n+a\r\n" + ":1\r\n".repeat(3),
                "*?\r\n" + ":1\r\n".repeat(4) + ".\r\n",
                "%?\r\n" + ":1\r\n".repeat(4) + ".\r\n",
                "*?\r\n*?\r\n" + ":1\r\n".repeat(3) + ".\r\n.\r\n",
                "*?\r\n*3\r\n" + ":1\r\n".repeat(3) + ".\r\n")) {
            assertThat(decode(limits, fits + fits).violation()).as(fits).isNull();
            assertThat(decode(limits, fits + fits).messages()).as(fits).hasSize(2);
        }
        for (String tooMany : List.of(
                "%3\r\n",
                "~5\r\n",
                "|3\r\n",
                ">5\r\n",
                "%1\r\n%2\r\n",
                "*?\r\n" + ":1\r\n".repeat(5),
                "*?\r\n*4\r\n",
                "*?\r\n" + "*?\r\n.\r\n".repeat(5),
                "*?\r\n" + "$1\r\na\r\n".repeat(5),
                "|1\r\n:1\r\n:1\r\n*3\r\n")) {
            assertThat(decode(limits, tooMany).violation())
                    .as(tooMany)
                    .isNotNull()
                    .containsPattern("elements|pairs");
        }
        assertThat(decode(limits, "*?\r\n" + ":1\r\n".repeat(5)).offset()).isEqualTo(4 + 16);
    }

    @Test
    void cumulative_bytes_of_whatever_kind_are_bounded() {
        RespOptions limits =
                RespOptions.defaults().bulkBytes(100).lineBytes(100).messageBytes(1000);
        String ten = "0123456789";
        for (String each : List.of(
                "$10\r\n" + ten,
                "!10\r\n" + ten,
                "=10\r\ntxt:567890",
                "(" + "1".repeat(10),
                "_",
                "#t",
                ",1",
                "%0",
                "~0",
                "*0",
                "*?\r\n.",
                "|0\r\n_")) {
            var outcome = decode(limits, "*?\r\n" + (each + "\r\n").repeat(16) + ".\r\n");
            assertThat(outcome.violation()).as(each).isNotNull().startsWith("expected a message of at most 1000 bytes");
        }
    }

    @Test
    void a_streamed_string_is_bounded_as_a_whole() {
        RespOptions limits = RespOptions.defaults().bulkBytes(10);
        assertThat(decode(limits, "$?\r\n;5\r\nabcde\r\n;5\r\nabcde\r\n;0\r\n").messages())
                .containsExactly(Reply.bulk("abcdeabcde"));
        var outcome = decode(limits, "$?\r\n;5\r\nabcde\r\n;6\r\nabcdef\r\n;0\r\n");
        assertThat(outcome.violation())
                .isEqualTo("expected a piece of a streamed string of 1 to 5 bytes, found a length of 6");
        assertThat(outcome.offset()).isEqualTo(16);
        assertThat(decode(limits, "$?\r\n;5\r\nabcde\r\n;5\r\nabcde\r\n;1\r\na\r\n")
                        .violation())
                .contains("1 to 0 bytes");
    }

    @Test
    void what_was_announced_leaves_nothing_to_be_kept() {
        for (String announced : List.of(
                "!67000000\r\n",
                "=67000000\r\n",
                "%500000\r\n",
                "~1000000\r\n",
                "|500000\r\n",
                ">1000000\r\n",
                "*?\r\n",
                "$?\r\n;67000000\r\n")) {
            var harness = new CodecHarness<>(RespCodecs.unpaired(RespOptions.defaults())).feed(announced);
            assertThat(harness.outcome().violation()).isNull();
            assertThat(harness.unconsumed()).as(announced).isZero();
        }
    }

    @Test
    void unfinished_streams_count_among_what_is_unfinished() throws IOException {
        var codec = RespCodecs.unpaired(RespOptions.defaults().unfinishedBytes(200_000));
        for (String each : List.of(
                "*?\r\n" + ":1\r\n".repeat(4000), "$?\r\n" + (";1000\r\n" + "x".repeat(1000) + "\r\n").repeat(250))) {
            var session = codec.open(QuietContext.CONTEXT);
            ByteBuf sent = Unpooled.copiedBuffer(each, UTF_8);
            assertThatThrownBy(() -> session.decode(sent, QuietContext.CONTEXT))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessageContaining("unfinished");
            session.closed();
            assertThat(codec.unfinished()).isZero();
        }
    }

    // ---- buffers that are handed out

    @Test
    void large_bulk_replies_are_handed_out_if_that_is_asked_for() {
        RespOptions options = RespOptions.defaults().handOut(5);
        var harness = new CodecHarness<>(RespCodecs.unpaired(options));
        var buffer = new Reply.BulkBuffer(Unpooled.copiedBuffer("hello", UTF_8));
        harness.feed("$5\r\nhello\r\n$4\r\nhell\r\n*1\r\n$5\r\nhello\r\n=9\r\ntxt:hello\r\n$5\r\nhe")
                .feed("llo\r\n");
        List<Object> messages = harness.outcome().messages();
        assertThat(messages)
                .containsExactly(
                        buffer,
                        Reply.bulk("hell"),
                        Reply.array(Reply.bulk("hello")),
                        new Reply.Verbatim("txt", Reply.bulk("hello")),
                        buffer);
        for (int i : new int[] {0, 4}) {
            var bulk = (Reply.BulkBuffer) messages.get(i);
            assertThat(bulk.refCnt()).isEqualTo(1);
            assertThat(bulk.content().toString(UTF_8)).isEqualTo("hello");
            assertThat(bulk).hasToString("BulkBuffer[5 bytes]");
            bulk.release();
            assertThat(bulk).hasToString("BulkBuffer[released]");
        }
        buffer.release();
    }

    // ---- written and read back

    @Test
    void whatever_a_server_writes_is_read_as_what_it_was() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            List<Reply> replies = new ArrayList<>();
            for (int k = 1 + random.nextInt(3); k > 0; k--) {
                replies.add(reply(random, 3, true));
            }
            byte[] written = new CodecHarness<>(RespCodecs.server(RespOptions.defaults()))
                    .writeBytes(replies.toArray(Reply[]::new));
            var outcome = CodecHarness.decodeAtRandom(
                    RespCodecs.unpaired(RespOptions.defaults()), written, random.nextLong());
            assertThat(outcome.messages()).as("number %d of seed %d", i, seed).isEqualTo(replies);
        }
    }

    private static Reply reply(Random random, int depth, boolean alone) {
        int kind = random.nextInt(depth == 0 ? 10 : alone ? 15 : 14);
        return switch (kind) {
            case 0 -> new Reply.Simple("s" + random.nextInt(100));
            case 1 -> new Reply.Failed("E" + random.nextInt(), random.nextBoolean());
            case 2 -> Reply.of(random.nextLong());
            case 3 -> Reply.bulk("x\r\n".repeat(random.nextInt(5)));
            case 4 -> Reply.Null.values()[random.nextInt(3)];
            case 5 -> Reply.of(random.nextBoolean());
            case 6 -> Reply.of(Double.longBitsToDouble(random.nextLong()));
            case 7 -> new Reply.BigNumber(new BigInteger(random.nextInt(200), random));
            case 8 -> new Reply.Verbatim("mkd", Reply.bulk("#" + random.nextInt()));
            case 9 -> Reply.bulk("bulk " + random.nextInt());
            case 10 -> new Reply.Array(replies(random, depth, random.nextInt(20)));
            case 11 -> new Reply.Map(replies(random, depth, 2 * random.nextInt(4)));
            case 12 -> new Reply.Set(replies(random, depth, random.nextInt(4)));
            case 13 ->
                new Reply.Attributed(
                        new Reply.Map(replies(random, depth, 2 * random.nextInt(3))), reply(random, depth - 1, alone));
            default ->
                Reply.push("kind", replies(random, depth, random.nextInt(3)).toArray(Reply[]::new));
        };
    }

    private static List<Reply> replies(Random random, int depth, int count) {
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            replies.add(reply(random, depth - 1, false));
        }
        return replies;
    }
}
