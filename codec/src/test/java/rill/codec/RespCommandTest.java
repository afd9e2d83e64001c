package rill.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.testkit.CodecHarness;

/** What a server reads. */
final class RespCommandTest {
    private static CodecHarness.Outcome decode(String bytes) {
        return decode(RespLimits.DEFAULT, bytes);
    }

    private static CodecHarness.Outcome decode(RespLimits limits, String bytes) {
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
                "*-2|1|expected a command of 1 to 1048576 parts, found a length of -2",
                "*0|1|expected a command of 1 to 1048576 parts, found a length of 0",
                "*1048577|1|expected a command of 1 to 1048576 parts, found a length of 1048577",
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
        assertThat(decode("a \"\\xZZ\" \"\\x4\"\r\n").messages()).containsExactly(Command.of("a", "xZZ", "x4"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a \"b|2|expected a closing quote in an inline command",
                "a 'b\\'|2|expected a closing quote in an inline command",
                "a \"b\"c|5|expected a space after a closing quote, found 'c' (0x63)",
                "a\\b|0|", // a backslash outside of quotes is nothing special
            })
    void unbalanced_quotes_are_refused(String line, long position, String violation) {
        var outcome = decode(line + "\r\n");
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(violation == null ? -1 : position);
    }

    @Test
    void what_can_be_no_text_is_no_inline_command() {
        var tls = decode("\u0016\3\1\2\0\1");
        assertThat(tls.violation()).isEqualTo("expected '*', or the text of an inline command, found 0x16");
        assertThat(tls.offset()).isZero();
        assertThat(decode("get \0\r\n").violation()).isEqualTo("expected text in an inline command, found 0x00");
        assertThat(decode("get \0\r\n").offset()).isEqualTo(4);
    }

    @Test
    void an_inline_command_at_the_limit_passes_and_one_above_it_does_not() {
        RespLimits limits = RespLimits.DEFAULT.lineBytes(5);
        assertThat(decode(limits, "a b c\r\na b c\n").messages()).hasSize(2);
        assertThat(decode(limits, "a b cd\r\n").violation()).isEqualTo("expected a line of at most 5 bytes");
        assertThat(decode(limits, "a b cd\n").offset()).isEqualTo(5);
        var endless = new CodecHarness<>(new RespServerCodec(RespLimits.DEFAULT)).feed("x".repeat(64 * 1024));
        assertThat(endless.outcome().violation()).isNull();
        assertThat(endless.feed("x").outcome().violation()).contains("at most 65536 bytes");
        assertThat(decode(limits.contentBytes(3), "abcd\r\n").violation()).contains("at most 3 bytes");
    }

    @Test
    void parts_and_bytes_of_a_command_are_bounded() {
        RespLimits limits = RespLimits.DEFAULT.elements(2).contentBytes(6).bulkBytes(5);
        assertThat(decode(limits, "*2\r\n$1\r\na\r\n$5\r\n12345\r\n".repeat(2)).messages())
                .hasSize(2);
        assertThat(decode(limits, "*3\r\n").violation()).contains("1 to 2 parts");
        assertThat(decode(limits, "*2\r\n$2\r\nab\r\n$5\r\n12345\r\n").violation())
                .contains("at most 6 bytes");
        assertThat(decode(limits, "*2\r\n$1\r\na\r\n$6\r\n").violation()).contains("0 to 5 bytes");
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
