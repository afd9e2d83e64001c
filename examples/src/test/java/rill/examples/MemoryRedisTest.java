package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespVersion;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class MemoryRedisTest {
    private long now = Long.MAX_VALUE - 1_000; // so that deadlines overflow
    private final RedisCommands commands = new RedisCommands(new MemoryStore(() -> now));

    private Reply execute(String... parts) {
        return commands.execute(Command.of(parts), RespVersion.RESP2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PING               | +PONG",
                "ping               | +PONG",
                "PING hello         | $5 hello",
                "ECHO hello         | $5 hello",
                "SET a 1            | +OK",
                "SET n 2 NX         | $-1",
                "SET z 2 XX         | $-1",
                "SET n 2 xx px 1000 | +OK",
                "SET a              | -ERR wrong number of arguments for 'set' command",
                "SET a 1 EX         | -ERR syntax error",
                "SET a 1 EX 0       | -ERR invalid expire time in 'set' command",
                "SET a 1 EX +1      | -ERR value is not an integer or out of range",
                "SET a 1 LATER      | -ERR syntax error",
                "GET n              | $1 7",
                "GET z              | $-1",
                "GET                | -ERR wrong number of arguments for 'get' command",
                "DEL n z n          | :1",
                "DEL                | -ERR wrong number of arguments for 'del' command",
                "EXISTS n z n       | :2",
                "INCR n             | :8",
                "INCR z             | :1",
                "INCR text          | -ERR value is not an integer or out of range",
                "INCR most          | -ERR increment or decrement would overflow",
                "DECR n             | :6",
                "MSET a 1 b 2       | +OK",
                "MSET a 1 b         | -ERR wrong number of arguments for 'mset' command",
                "MGET n z n         | *3 $1 7 $-1 $1 7",
                "DBSIZE             | :3",
                "FLUSHALL           | +OK",
                "CONFIG GET maxmem  | *0",
                "CONFIG GET save    | *2 $4 save $2 no",
                "COMMAND DOCS       | *0",
                "SELECT 0           | +OK",
                "SELECT 1           | -ERR DB index is out of range"
            })
    void a_command_over_a_plain_socket_has_its_answer(String command, String answer) throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve);
                var caller = server.caller()) {
            caller.send("MSET n 7 text abc most 9223372036854775807\r\n" + command + "\r\n");
            String expected = "+OK\r\n" + (answer.startsWith("-") ? answer : answer.replace(" ", "\r\n")) + "\r\n";
            assertThat(caller.read(expected.length())).isEqualTo(expected);
            assertThat(caller.send("QUIT\r\n").readToEnd()).isEqualTo("+OK\r\n");
        }
    }

    @Test
    void a_protocol_error_is_answered_and_ends_that_connection_alone() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve);
                var other = server.caller()) {
            assertThat(other.send("PING\r\n").line()).isEqualTo("+PONG");
            try (var caller = server.caller()) {
                assertThat(caller.send("PING\r\n*1\r\n$x\r\nPING\r\n").readToEnd())
                        .matches("\\+PONG\r\n-ERR Protocol error: [^\r\n]+\r\n");
            }
            assertThat(other.send("PING\r\n").line()).isEqualTo("+PONG");
        }
    }

    /** Clients read it to identify the server; ioredis, for instance. */
    @Test
    void an_unknown_command_is_named_in_its_error_as_redis_does() {
        String message = "ERR unknown command 'NoneSuch', with args beginning with: ";
        assertThat(execute("NoneSuch")).isEqualTo(new Reply.Failed(message));
        assertThat(execute("NoneSuch", "a", "b c")).isEqualTo(new Reply.Failed(message + "'a' 'b c' "));
        assertThat(execute("NoneSuch", "a\r\nb", "c\0d")).isEqualTo(new Reply.Failed(message + "'a  b' 'c' "));
        assertThat(execute("NoneSuch", "x".repeat(200), "y"))
                .isEqualTo(new Reply.Failed(message + "'" + "x".repeat(128) + "' "));
        assertThat(execute("NoneSuch", "x".repeat(120), "y".repeat(9), "z"))
                .isEqualTo(new Reply.Failed(message + "'" + "x".repeat(120) + "' 'yyyyy' "));
        assertThat(execute("n".repeat(200))).isEqualTo(new Reply.Failed(message.replace("NoneSuch", "n".repeat(128))));
    }

    @Test
    void a_form_that_a_browser_was_made_to_post_is_not_carried_out() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve);
                var other = server.caller()) {
            assertThat(other.send("SET key value\r\n").line()).isEqualTo("+OK");
            String form = "POST / HTTP/1.1\r\nHost: localhost:6379\r\nContent-Length: 10\r\n\r\nFLUSHALL\r\n";
            for (String sent : List.of(form, form.replace("POST", "GET"), "*1\r\n$4\r\nPOST\r\nFLUSHALL\r\n")) {
                try (var browser = server.caller()) {
                    assertThat(browser.send(sent).readToEnd()).as(sent).doesNotContain("+OK");
                }
            }
            assertThat(other.send("GET key\r\n").read(11)).isEqualTo("$5\r\nvalue\r\n");
        }
    }

    @Test
    void a_transaction_that_is_too_long_is_refused_and_none_of_it_is_carried_out() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve);
                var caller = server.caller()) {
            assertThat(caller.send("MULTI\r\n").line()).isEqualTo("+OK");
            caller.send("INCR n\r\n".repeat(10_000));
            assertThat(caller.read(9 * 10_000)).isEqualTo("+QUEUED\r\n".repeat(10_000));
            assertThat(caller.send("INCR n\r\n").line()).isEqualTo("-ERR a transaction has at most 10000 commands");
            assertThat(caller.send("INCR n\r\n").line()).isEqualTo("-ERR a transaction has at most 10000 commands");
            assertThat(caller.send("EXEC\r\n").line())
                    .isEqualTo("-EXECABORT Transaction discarded because of previous errors.");
            assertThat(caller.send("EXISTS n\r\n").line()).isEqualTo(":0");
            assertThat(caller.send("MULTI\r\n").line()).isEqualTo("+OK");
            assertThat(caller.send("INCR n\r\n").line()).isEqualTo("+QUEUED");
            assertThat(caller.send("EXEC\r\n").line()).isEqualTo("*1");
            assertThat(caller.line()).isEqualTo(":1");
        }
    }

    @Test
    void a_failure_that_is_no_protocol_error_is_reported() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve);
                var other = server.caller()) {
            try (var caller = server.caller()) {
                assertThat(caller.send("PING\r\n*2\r\n").line()).isEqualTo("+PONG");
                caller.reset();
            }
            assertThat(server.failure()).isInstanceOf(IOException.class).hasMessageContaining("reset");
            assertThat(other.send("PING\r\n").line()).isEqualTo("+PONG");
        }
    }

    @Test
    void a_value_ends_when_its_time_has_come() {
        assertThat(execute("SET", "a", "1", "PX", "10")).isEqualTo(Reply.OK);
        assertThat(execute("INCR", "a")).isEqualTo(Reply.of(2));
        now += 9_999_999;
        assertThat(execute("GET", "a")).isEqualTo(Reply.bulk("2"));
        now++;
        assertThat(execute("GET", "a")).isEqualTo(Reply.NULL);
        assertThat(execute("EXISTS", "a")).isEqualTo(Reply.of(0));
        assertThat(execute("DEL", "a")).isEqualTo(Reply.of(0));
    }

    @Test
    void a_value_without_an_end_of_its_own_stays() {
        execute("SET", "a", "1", "EX", "1");
        execute("SET", "a", "2");
        now += Long.MAX_VALUE / 2;
        assertThat(execute("GET", "a")).isEqualTo(Reply.bulk("2"));
    }
}
