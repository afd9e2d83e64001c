package rill.codec;

import static io.netty.buffer.Unpooled.wrappedBuffer;

import io.netty.buffer.ByteBuf;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Framing;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespCodecs;
import rill.codec.resp.RespOptions;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;

/** Checks every codec of this module against the laws of codecs. */
@Tag("slow")
@ExtendWith(Leaks.class)
final class CodecLawsTest {
    private static final RespOptions LIMITS = RespOptions.defaults()
            .bulkBytes(50)
            .elements(12)
            .depth(3)
            .lineBytes(20)
            .messageBytes(700);

    private static ByteBuf frame(String bytes) {
        return wrappedBuffer(CodecHarness.ascii(bytes));
    }

    private static CodecLaws<ByteBuf, ByteBuf> framing(Framing framing) {
        return CodecLaws.of(framing).writes(framing, frame("abc"), frame("\r \0\u00ff z"));
    }

    @TestFactory
    Stream<DynamicTest> a_length_of_one_byte() {
        return framing(LengthField.ofBytes(1).limit(100))
                .understands("\3abc\0\5hello", "\0")
                .refuses("\u0065", "\1a\u00ff")
                .waits("dabc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_length_within_a_header() {
        return CodecLaws.of(LengthField.ofBytes(2).offset(1).withHeader().adjustment(-3))
                .understands("H\0\6abcI\0\3")
                .refuses("H\0\2")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_little_endian_length_of_four_bytes() {
        return framing(LengthField.ofBytes(4).littleEndian().limit(9))
                .understands("\3\0\0\0abc\0\0\0\0")
                .refuses("\12\0\0\0", "\0\0\0\u0080")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_length_of_eight_bytes_without_a_limit() {
        return framing(LengthField.ofBytes(8).unlimited())
                .understands("\0\0\0\0\0\0\0\3abc")
                .refuses("\u0080\0\0\0\0\0\0\0")
                .waits("\0\0\0\0\100\0\0\0a")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_varint_length() {
        return framing(LengthField.varint().limit(300))
                .understands("\3abc\u0082\1" + "x".repeat(130))
                .refuses("\u00ad\2", "\u0080\u0080\u0080\u0080\u0080\1", "\u0080".repeat(9) + "\2", "\u0080\0")
                .waits("\u00ac\2abc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> lines_with_either_ending() {
        return CodecLaws.of(Lines.of().limit(10))
                .understands("a\nbc\r\n\nlonger\r\n")
                .writes(Lines.of().limit(10), frame("abc"), frame(""))
                .refuses("01234567890\n", "01234567890123")
                .waits("012345678")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> lines_of_text() {
        var lines = Lines.of(Lines.Ending.CRLF).limit(10).with(Text.utf8());
        return CodecLaws.of(lines)
                .understands("a\r\ngr\u00C3\u00BCn\r\n")
                .writes(lines, "grün", "")
                .refuses("\u00ff\r\n", "01234567890\r\n")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_delimiter_that_begins_like_itself() {
        var framing = Delimited.by("aab").limit(10);
        return CodecLaws.of(framing)
                .understands("xaaabyaabaab")
                .writes(framing, frame("xa"), frame(""))
                .refuses("01234567890aab")
                .waits("aaaa")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> text_of_fixed_length() {
        var fixed = FixedLength.of(5).with(Text.in(StandardCharsets.US_ASCII));
        return CodecLaws.of(fixed)
                .understands("hellohello")
                .writes(fixed, "hello")
                .refuses("hell\u00f6")
                .waits("hell")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> what_a_resp_client_reads_and_writes() {
        return CodecLaws.of(RespCodecs.client(LIMITS))
                .understands(
                        "+OK\r\n-ERR a\r\n:-12\r\n$3\r\nabc\r\n*3\r\n:1\r\n*2\r\n$0\r\n\r\n$-1\r\n*-1\r\n+PONG\r\n")
                .writes(RespCodecs.server(LIMITS), Command.of("GET", "key"), Command.of("SET", "key", "a value"))
                .refuses("*-2\r\n", "$-2\r\n", "$51\r\n", "*13\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n", "+" + "x".repeat(30))
                .refuses("*12\r\n" + "$30\r\n123456789012345678901234567890\r\n".repeat(8))
                .waits("$50\r\nabc", "*12\r\n")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> what_a_resp3_client_reads() {
        return CodecLaws.of(RespCodecs.ofBothVersions(LIMITS))
                .understands(
                        "_\r\n#t\r\n,-1.5e3\r\n(123456789\r\n!3\r\nE a\r\n=5\r\ntxt:a\r\n",
                        "%1\r\n+a\r\n~2\r\n:1\r\n,inf\r\n>2\r\n+k\r\n$1\r\nv\r\n",
                        "|1\r\n+t\r\n:1\r\n*2\r\n#f\r\n|0\r\n_\r\n$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n",
                        "*?\r\n%?\r\n+a\r\n:1\r\n.\r\n~?\r\n.\r\n.\r\n")
                .refuses("%7\r\n", "~13\r\n", ">0\r\n", "|7\r\n", "%?\r\n:1\r\n.\r\n", "#x\r\n", ",.5\r\n", "(1.\r\n")
                .refuses(">2\r\n!3\r\nabc\r\n", ">2\r\n*1\r\n$1\r\na\r\n")
                .refuses("!51\r\n", "=51\r\n", "=3\r\n", "*1\r\n>1\r\n", "*?\r\n*?\r\n*?\r\n*?\r\n")
                .refuses(
                        "*?\r\n" + ":1\r\n".repeat(13),
                        "$?\r\n;30\r\n" + "x".repeat(30) + "\r\n;21\r\n",
                        "$?\r\n:1\r\n")
                .waits(
                        "$50\r\nabc",
                        "%6\r\n",
                        "~12\r\n",
                        "|6\r\n",
                        ">12\r\n",
                        "!50\r\na",
                        "=50\r\ntxt:",
                        "*?\r\n",
                        "$?\r\n;50\r\na")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> what_a_resp_server_writes_in_resp3() {
        var attributes = Reply.map(Reply.bulk("ttl"), Reply.of(3600));
        return CodecLaws.of(RespCodecs.server(LIMITS))
                .understands("PING\r\n")
                .writes(
                        RespCodecs.ofBothVersions(LIMITS),
                        Reply.Null.RESP3,
                        Reply.of(true),
                        Reply.of(-1.5),
                        new Reply.BigNumber(BigInteger.TEN.pow(18)),
                        new Reply.Failed("ERR a\r\nb", true),
                        new Reply.Verbatim("txt", Reply.bulk("a")),
                        Reply.map(Reply.of(1), Reply.set(Reply.of(2), Reply.NULL)),
                        Reply.push("message", Reply.bulk("a")),
                        new Reply.Attributed(attributes, Reply.array(new Reply.Attributed(attributes, Reply.of(1)))))
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> what_a_resp_server_reads_and_writes() {
        return CodecLaws.of(RespCodecs.server(LIMITS))
                .understands("*2\r\n"
                        + "$3\r\n"
                        + "GET\r\n"
                        + "$3\r\n"
                        + "key\r\n"
                        + "set \"a\\x41\" 'b'\r\n"
                        + "*-1\r\n"
                        + "*0\r\n"
                        + "\u00c3\u00a9 \u00ff\n"
                        + "*1\r\n"
                        + "$4\r\n"
                        + "PING\r\n")
                .writes(
                        RespCodecs.client(LIMITS),
                        Reply.OK,
                        Reply.of(-1_234_567_890L),
                        Reply.bulk("hello"),
                        Reply.NULL,
                        Reply.array(Reply.of(1), Reply.array(), Reply.bulk("")))
                .refuses("*13\r\n", "*1\r\n$51\r\n", "*1\r\n:1\r\n", "a \0", "POST /\n")
                .refuses(
                        "a".repeat(21) + "\0",
                        "a".repeat(20) + "\r\0",
                        "a".repeat(20) + "\0",
                        "a".repeat(20) + "\r\r\0")
                .waits("*12\r\n$40\r\nabc")
                .tests();
    }
}
