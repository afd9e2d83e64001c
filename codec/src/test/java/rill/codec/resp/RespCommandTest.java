package rill.codec.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.ProtocolException;
import rill.Session;
import rill.codec.QuietContext;
import rill.testkit.CodecHarness;

/** Tests how a server reads commands. */
final class RespCommandTest {
    private static final RespServerCodec SERVER = new RespServerCodec(RespOptions.defaults());

    private static CodecHarness.Outcome decode(String bytes) {
        return decode(RespOptions.defaults(), bytes);
    }

    private static CodecHarness.Outcome decode(RespOptions limits, String bytes) {
        return CodecHarness.decode(new RespServerCodec(limits), bytes);
    }

    @Test
    void commands_are_read_at_every_split() {
        var outcome = decode(
                "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nget\r\n$0\r\n\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0\n\r\n");
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages())
                .containsExactly(Command.of("PING"), Command.of("get", ""), Command.of("SET", "k", "\r\n\0\n"));
    }

    @Test
    void a_command_of_many_parts_is_read() {
        var bytes = new StringBuilder("*101\r\n$3\r\nDEL\r\n");
        String[] parts = new String[101];
        parts[0] = "DEL";
        for (int i = 1; i < parts.length; i++) {
            parts[i] = "k" + i;
            bytes.append('$')
                    .append(parts[i].length())
                    .append("\r\n")
                    .append(parts[i])
                    .append("\r\n");
        }
        assertThat(decode(bytes.toString()).messages()).containsExactly(Command.of(parts));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "*-0|3|expected 0, found -0",
                "*|1|expected a digit or '-', found CR (0x0D)",
                "*1048577|1|expected a command of at most 1048576 parts, found a length of 1048577",
                "*+1|1|expected a digit or '-', found '+' (0x2B)",
                "*1~+PING|4|expected '$', a bulk string in a command, found '+' (0x2B)",
                "*1~*1~|4|expected '$', a bulk string in a command, found '*' (0x2A)",
                "*1~$-1|5|expected a bulk string of 0 to 67108864 bytes, found a length of -1",
                "*1~$-2|5|expected a bulk string of 0 to 67108864 bytes, found a length of -2",
                "*1~$ 4|5|expected a digit or '-', found 0x20",
                "*1~$0x4|6|expected a digit or CR, found 'x' (0x78)",
                "*1~$99999999999999999999|23|expected a number of 64 bits, found a larger one",
                "*1~$4~PINGPONG|12|expected CR LF after the 4 bytes of a bulk string, found 'P' (0x50)",
            })
    void what_is_not_a_command_is_refused(String line, long position, String violation) {
        var outcome = decode("*1\r\n$1\r\na\r\n" + line.replace("~", "\r\n") + "\r\nGET k\r\n");
        assertThat(outcome.messages()).containsExactly(Command.of("a"));
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(11 + position);
    }

    @Test
    void inline_commands_are_split_at_spaces() {
        assertThat(decode("PING\r\n\r\n\n  get \t key  \nset k v\r\n").messages())
                .containsExactly(Command.of("PING"), Command.of("get", "key"), Command.of("set", "k", "v"));
        assertThat(decode("   \r\n").messages()).isEmpty();
    }

    @Test
    void inline_commands_have_quotes_as_redis_does() {
        assertThat(decode("set \"a b\" 'c \"d\"'\r\n").messages()).containsExactly(Command.of("set", "a b", "c \"d\""));
        assertThat(decode("a \"\\x41\\n\\r\\t\\b\\a\\\"\\\\\\q\" '\\'\\n' \"\" pre\"fix\"\r\n")
                        .messages())
                .containsExactly(Command.of("a", "A\n\r\t\b\u0007\"\\q", "'\\n", "", "prefix"));
        assertThat(decode("a 'b\\\\' c'\n").messages()).containsExactly(Command.of("a", "b\\' c"));
        assertThat(decode("a \"\\xZZ\" \"\\x4\"\r\n").messages()).containsExactly(Command.of("a", "xZZ", "x4"));
        assertThat(decode("a \"\\x0a\\xa0\\x00\"\r\n").messages())
                .containsExactly(Command.of(CodecHarness.ascii("a"), CodecHarness.ascii("\n\u00a0\0")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a \"b|2|expected a closing quote in an inline command",
                "a 'b\\'|2|expected a closing quote in an inline command",
                "a \"\\x4|2|expected a closing quote in an inline command",
                "a \"\\x|2|expected a closing quote in an inline command",
                "a \"\\|2|expected a closing quote in an inline command",
                "a \"b\"c|5|expected a space after a closing quote, found 'c' (0x63)",
                "a\\b|0|", // a backslash outside of quotes is nothing special
            })
    void unbalanced_quotes_are_refused(String line, long position, String violation) {
        var outcome = decode(line + "\r\n");
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(violation == null ? -1 : position);
    }

    @Test
    void an_inline_command_may_have_any_byte_but_nul() {
        var bytes = new StringBuilder("\u00c3\u00a9 ");
        for (char c = 1; c <= 255; c++) {
            if ("\t\n\r '\"".indexOf(c) < 0) {
                bytes.append(c);
            }
        }
        var outcome = decode(bytes + "\n");
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages())
                .containsExactly(
                        Command.of(CodecHarness.ascii("\u00c3\u00a9"), CodecHarness.ascii(bytes.substring(3))));
        assertThat(decode("get \0\r\n").violation()).isEqualTo("expected text in an inline command, found 0x00");
        assertThat(decode("get \0\r\n").offset()).isEqualTo(4);
    }

    @Test
    void nul_is_refused_before_its_line_ends_so_that_a_tls_handshake_does_not_wait_for_one() {
        var tls = new CodecHarness<>(SERVER).feed("\u0016\3\1\2\0\1");
        assertThat(tls.outcome().violation()).isEqualTo("expected text in an inline command, found 0x00");
        assertThat(tls.outcome().offset()).isEqualTo(4);
    }

    @Test
    void words_are_separated_by_what_separates_them_in_redis() {
        assertThat(decode("a\tb\rc\n\u000bd \fe\u000bf\r\n\"g\"\u000bh\r\n").messages())
                .containsExactly(Command.of("a", "b", "c"), Command.of("d", "e\u000bf"), Command.of("g", "h"));
    }

    @Test
    void a_command_of_no_parts_or_fewer_is_skipped() {
        var outcome = decode("*0\r\n*-1\r\n*-10\r\n*-9223372036854775808\r\nPING\r\n*-2\r\n*1\r\n$1\r\na\r\n*0\r\n");
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.messages()).containsExactly(Command.of("PING"), Command.of("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PING\r\n", "\r\n", " *1\r\n", "POST / HTTP/1.1\r\n", "\u0016\3\1"})
    void without_inline_commands_what_is_not_an_array_is_refused_at_its_first_byte(String line) {
        RespOptions options = RespOptions.defaults().inlineCommands(false);
        var outcome = decode(options, "*1\r\n$1\r\na\r\n*0\r\n" + line);
        assertThat(outcome.messages()).containsExactly(Command.of("a"));
        assertThat(outcome.violation()).startsWith("expected '*', the beginning of a command, found ");
        assertThat(outcome.offset()).isEqualTo(15);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST / HTTP/1.1", "post", "Host: localhost", "\"HOST:\" x"})
    void what_follows_a_line_of_http_is_not_carried_out(String line) {
        var outcome = decode("PING\r\n" + line + "\r\nFLUSHALL\r\n");
        assertThat(outcome.messages()).containsExactly(Command.of("PING"));
        assertThat(outcome.violation()).startsWith("expected a command, found a line of HTTP");
        assertThat(outcome.offset()).isEqualTo(6);
    }

    @Test
    void words_that_only_resemble_http_are_commands() {
        assertThat(decode("POSTS\r\nHost\r\nget POST host:\r\n*1\r\n$4\r\nPOST\r\n")
                        .messages())
                .hasSize(4);
    }

    @Test
    void an_inline_command_at_the_limit_passes_and_one_above_it_does_not() {
        RespOptions limits = RespOptions.defaults().lineBytes(5);
        assertThat(decode(limits, "a b c\r\na b c\n").messages()).hasSize(2);
        assertThat(decode(limits, "a b cd\r\n").violation()).isEqualTo("expected a line of at most 5 bytes");
        assertThat(decode(limits, "a b cd\n").offset()).isEqualTo(5);
        var endless = new CodecHarness<>(new RespServerCodec(RespOptions.defaults())).feed("x".repeat(64 * 1024));
        assertThat(endless.outcome().violation()).isNull();
        assertThat(endless.feed("x").outcome().violation()).contains("at most 65536 bytes");
        RespOptions narrow = limits.bulkBytes(5).messageBytes(325);
        assertThat(decode(narrow.lineBytes(5), "a b c\r\n").messages()).hasSize(1);
        assertThat(decode(narrow.lineBytes(5).elements(2), "a b\r\n").messages())
                .hasSize(1);
        assertThat(decode(narrow.lineBytes(5).elements(2), "a b c\r\n").violation())
                .contains("at most 2 parts");
        RespOptions words = RespOptions.defaults().bulkBytes(9).lineBytes(9).messageBytes(329);
        assertThat(decode(words, "a b c d e\r\n").messages()).hasSize(1);
        assertThat(decode(words, "a b c d e\r\n".replace('e', 'e')).violation()).isNull();
    }

    @Test
    void parts_and_bytes_of_a_command_are_bounded() {
        RespOptions limits =
                RespOptions.defaults().elements(5).bulkBytes(16).lineBytes(16).messageBytes(336);
        String parts = "$1\r\na\r\n".repeat(4);
        assertThat(decode(limits, ("*5\r\n" + parts + "$12\r\n0123456789ab\r\n").repeat(2))
                        .messages())
                .hasSize(2);
        assertThat(decode(limits, "*6\r\n").violation()).contains("at most 5 parts");
        var tooMuch = decode(limits, "*5\r\n" + parts + "$13\r\n0123456789abc\r\n");
        assertThat(tooMuch.violation())
                .isEqualTo("expected a message of at most 336 bytes, counting 64 more for each element");
        assertThat(decode(limits, "*2\r\n$1\r\na\r\n$17\r\n").violation()).contains("0 to 16 bytes");
    }

    @Test
    void a_command_can_carry_the_largest_bulk_string_and_the_largest_line() {
        RespOptions limits = RespOptions.defaults().bulkBytes(10_000).lineBytes(20_000);
        for (RespOptions each : List.of(limits, limits.messageBytes(20_320))) {
            String value = "x".repeat(10_000);
            assertThat(decode(each, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$10000\r\n" + value + "\r\n")
                            .messages())
                    .containsExactly(Command.of("SET", "key", value));
            assertThat(decode(each, "SET key " + "x".repeat(19_992) + "\n").messages())
                    .hasSize(1);
        }
        assertThat(RespOptions.defaults().messageBytes())
                .isGreaterThan(RespOptions.defaults().bulkBytes());
    }

    @Test
    void a_million_parts_of_one_byte_are_refused_where_each_would_cost_too_much() throws IOException {
        RespOptions limits = RespOptions.defaults().bulkBytes(1 << 20).messageBytes(4 << 20);
        Session<Command, Reply> session = new RespServerCodec(limits).open(QuietContext.CONTEXT);
        ByteBuf in = Unpooled.copiedBuffer("*1000000\r\n" + "$1\r\na\r\n".repeat(100_000), UTF_8);
        assertThatThrownBy(() -> session.decode(in, QuietContext.CONTEXT))
                .isInstanceOfSatisfying(
                        ProtocolException.class, e -> assertThat(e.offset()).isBetween(64_000L * 7, 65_000L * 7));
    }

    @Test
    void unfinished_commands_of_all_connections_are_bounded_together() throws IOException {
        var codec = new RespServerCodec(RespOptions.defaults().unfinishedBytes(100_000));
        List<Session<Command, Reply>> sessions = new ArrayList<>();
        ByteBuf some = Unpooled.copiedBuffer("*1000\r\n" + "$1\r\na\r\n".repeat(200), UTF_8);
        for (int i = 0; i < 20; i++) { // too little to be counted
            sessions.add(codec.open(QuietContext.CONTEXT));
            sessions.getLast().decode(some.slice(), QuietContext.CONTEXT);
        }
        assertThat(codec.unfinished()).isZero();
        ByteBuf more = Unpooled.copiedBuffer("$1\r\na\r\n".repeat(799) + "$900\r\n", UTF_8);
        sessions.get(0).decode(more.slice(), QuietContext.CONTEXT);
        assertThat(codec.unfinished())
                .as("999 parts, without what is only announced")
                .isEqualTo(999 * 65);
        assertThatThrownBy(() -> sessions.get(1).decode(more.slice(), QuietContext.CONTEXT))
                .isExactlyInstanceOf(IOException.class)
                .hasMessageContaining("unfinished");
        ByteBuf rest = Unpooled.copiedBuffer("x".repeat(900) + "\r\n", UTF_8);
        assertThat(sessions.get(0).decode(rest, QuietContext.CONTEXT)).isNotNull();
        assertThat(codec.unfinished()).as("once it is complete").isZero();
        sessions.get(2).decode(more.slice(), QuietContext.CONTEXT);
        assertThat(codec.unfinished()).isEqualTo(999 * 65);
        sessions.forEach(Session::closed);
        assertThat(codec.unfinished()).as("once they are gone").isZero();
    }

    @Test
    void what_was_announced_leaves_nothing_to_be_kept() {
        for (String announced : List.of("*1000000\r\n", "*2\r\n$3\r\nGET\r\n$67000000\r\n", "*1\r\n$5\r\n")) {
            var harness = new CodecHarness<>(SERVER).feed(announced);
            assertThat(harness.outcome().violation()).isNull();
            assertThat(harness.unconsumed()).as(announced).isZero();
        }
    }

    @Test
    void an_end_within_a_command_is_a_violation_even_if_all_bytes_were_consumed() {
        assertThat(decode("*2\r\n$1\r\na\r\n").violation()).isEqualTo("the stream ended within a command");
        assertThat(decode("PING").violation()).isEqualTo("the stream ended within a command");
        assertThat(decode("PING\n").ended()).isTrue();
    }

    @Test
    void the_name_is_in_upper_case_and_common_ones_are_not_allocated() {
        assertThat(Command.of("get", "k").name())
                .isEqualTo("GET")
                .isSameAs(read("*1\r\n$3\r\ngEt\r\n").name());
        assertThat(read("*1\r\n$3\r\nGET\r\n").name()).isSameAs("GET");
        assertThat(Command.of("strange-and-long").name()).isEqualTo("STRANGE-AND-LONG");
        assertThat(Command.of("grün").name()).isEqualTo("GRüN");
        assertThat(Command.of("a").name()).isEqualTo("A");
        assertThat(Command.of("z").name()).isEqualTo("Z");
        assertThat(Command.of("@AZ[`{").name()).isEqualTo("@AZ[`{");
        assertThat(read("*1\r\n$4\r\n\0GET\r\n").name()).isEqualTo("\0GET");
        assertThat(read("*1\r\n$0\r\n\r\n").name()).isEmpty();
        assertThat(read("*1\r\n$5\r\nxYzaB\r\n").name()).isEqualTo("XYZAB");
    }

    private static Command read(String bytes) {
        return (Command) decode(bytes).messages().getFirst();
    }

    @Test
    void a_command_is_a_value_whether_of_texts_or_of_bytes() {
        var texts = Command.of("SET", "grün", "1");
        var bytes = Command.of(List.of("SET".getBytes(UTF_8), "grün".getBytes(UTF_8), new byte[] {'1'}));
        assertThat(texts).isEqualTo(bytes).hasSameHashCodeAs(bytes);
        assertThat(texts).isNotEqualTo(Command.of("SET", "grün")).isNotEqualTo(Command.of("SET", "grün", "2"));
        assertThat(Command.of("SET").with("grün").with(1)).isEqualTo(texts);
        assertThat(Command.of("SET").with("grün".getBytes(UTF_8)).with("1")).isEqualTo(texts);
        assertThat(Command.of(new byte[] {'a'}, new byte[] {'b'})).isEqualTo(Command.of("a", "b"));
        assertThat(texts.size()).isEqualTo(3);
        assertThat(bytes.string(1)).isEqualTo("grün");
        assertThat(texts.bytes(1)).isEqualTo("grün".getBytes(UTF_8));
        assertThat(Command.of("AUTH", "secret")).hasToString("Command[AUTH, 1 arguments]");
    }

    @Test
    void a_command_has_a_name() {
        assertThatIllegalArgumentException().isThrownBy(() -> Command.of(new String[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> Command.of(List.of()));
    }
}
