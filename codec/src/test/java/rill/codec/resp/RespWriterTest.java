package rill.codec.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.codec.internal.Payloads;
import rill.testkit.CodecHarness;

/** Tests what both sides write, and that the other side reads the same. */
final class RespWriterTest {
    private static final RespClientCodec CLIENT = RespCodecs.paired(RespOptions.defaults());
    private static final RespServerCodec SERVER = new RespServerCodec(RespOptions.defaults());

    private static String write(Command command) {
        return new CodecHarness<>(CLIENT).write(command);
    }

    private static String write(Reply... replies) {
        return new CodecHarness<>(SERVER).write(replies);
    }

    @Test
    void commands_are_arrays_of_bulk_strings() {
        assertThat(write(Command.of("GET", "key"))).isEqualTo("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
        assertThat(write(Command.of("SET", "grün")
                        .with(new byte[] {0, (byte) 0xFF})
                        .with(-5)))
                .isEqualTo("*4\r\n$3\r\nSET\r\n$5\r\ngr\u00C3\u00BCn\r\n$2\r\n\0\u00FF\r\n$2\r\n-5\r\n");
        assertThat(write(Command.of("x".repeat(10), "y".repeat(123))))
                .isEqualTo("*2\r\n$10\r\n" + "x".repeat(10) + "\r\n$123\r\n" + "y".repeat(123) + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SUBSCRIBE a",
                "psubscribe a*",
                "SSubscribe a",
                "UNSUBSCRIBE",
                "PUNSUBSCRIBE a*",
                "SUNSUBSCRIBE a",
                "MONITOR",
                "CLIENT REPLY OFF",
                "client reply skip",
                "SYNC",
                "PSYNC ? -1",
                "REPLCONF ACK 1",
                "HELLO 3",
                "hello 3 AUTH me secret"
            })
    void a_command_that_has_not_one_answer_is_refused_where_commands_and_replies_are_paired(String words) {
        String[] texts = words.split(" ");
        byte[][] bytes = Stream.of(texts).map(CodecHarness::ascii).toArray(byte[][]::new);
        for (Command each : List.of(Command.of(texts), Command.of(bytes))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> write(each))
                    .withMessageStartingWith(each.name() + " ")
                    .withMessageMatching(
                            ".*(Resp\\.clientPipeline\\(\\)|a RespSubscriber|Resp\\.client\\(Hello\\.resp3\\(\\)\\))")
                    .withMessageNotContaining("secret");
            assertThat(new CodecHarness<>(RespCodecs.unpaired(RespOptions.defaults())).write(each))
                    .startsWith("*" + texts.length + "\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PUBLISH subscribe MONITOR",
                "PUBSUB CHANNELS",
                "CLIENT REPLY ON",
                "CLIENT REPLY",
                "CLIENT LIST",
                "HELLO",
                "HELLO 2",
                "SYNCS",
                "SUBSCRIBER a",
                "EVAL x 0",
                "MONITORS",
                "RESET",
                "CLIENT TRACKING OFF",
                "CLIENT TRACKING ON REDIRECT 5"
            })
    void commands_that_resemble_those_are_written(String words) {
        assertThat(write(Command.of(words.split(" ")))).startsWith("*");
        assertThat(write(Command.of(
                        Stream.of(words.split(" ")).map(CodecHarness::ascii).toArray(byte[][]::new))))
                .startsWith("*");
    }

    @Test
    void every_type_of_reply_is_written() {
        assertThat(write(Reply.OK)).isEqualTo("+OK\r\n");
        assertThat(write(new Reply.Failed("ERR grün"))).isEqualTo("-ERR gr\u00C3\u00BCn\r\n");
        assertThat(write(Reply.of(7))).isEqualTo(":7\r\n");
        assertThat(write(Reply.bulk("hello"))).isEqualTo("$5\r\nhello\r\n");
        assertThat(write(Reply.NULL)).isEqualTo("$-1\r\n");
        assertThat(write(Reply.Null.ARRAY)).isEqualTo("*-1\r\n");
        assertThat(write(Reply.array(Reply.of(1), Reply.EMPTY, Reply.array(Reply.NULL))))
                .isEqualTo("*3\r\n:1\r\n*0\r\n*1\r\n$-1\r\n");
    }

    @Test
    void every_type_of_resp3_is_written() {
        assertThat(write(Reply.Null.RESP3)).isEqualTo("_\r\n");
        assertThat(write(Reply.of(true), Reply.of(false))).isEqualTo("#t\r\n#f\r\n");
        assertThat(write(new Reply.BigNumber(new BigInteger("-12345678901234567890"))))
                .isEqualTo("(-12345678901234567890\r\n");
        assertThat(write(new Reply.Failed("ERR gr\u00fc\r\nn", true))).isEqualTo("!11\r\nERR gr\u00C3\u00BC\r\nn\r\n");
        assertThat(write(new Reply.Verbatim("txt", Reply.bulk("some")))).isEqualTo("=8\r\ntxt:some\r\n");
        assertThat(write(Reply.map(Reply.of(1), Reply.set(Reply.OK)))).isEqualTo("%1\r\n:1\r\n~1\r\n+OK\r\n");
        assertThat(write(Reply.push("invalidate", Reply.array(Reply.bulk("k")))))
                .isEqualTo(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n");
        assertThat(write(new Reply.Attributed(Reply.map(Reply.of(1), Reply.of(2)), Reply.OK)))
                .isEqualTo("|1\r\n:1\r\n:2\r\n+OK\r\n");
    }

    @Test
    void floating_point_numbers_are_written_as_redis_does() {
        assertThat(write(Reply.of(3.25), Reply.of(-10.0), Reply.of(-0.0), Reply.of(1e300), Reply.of(1.5e-7)))
                .isEqualTo(",3.25\r\n,-10\r\n,-0.0\r\n,1.0e300\r\n,1.5e-7\r\n");
        assertThat(write(Reply.of(Double.NaN), Reply.of(Double.POSITIVE_INFINITY), Reply.of(Double.NEGATIVE_INFINITY)))
                .isEqualTo(",nan\r\n,inf\r\n,-inf\r\n");
    }

    @Test
    void what_resp3_can_not_say_is_refused() {
        Reply push = Reply.push("a");
        for (Reply each : List.of(
                Reply.array(push),
                new Reply.Attributed(Reply.map(push, Reply.OK), Reply.OK),
                Reply.array(new Reply.BulkBuffer(Unpooled.EMPTY_BUFFER)),
                new Reply.BigNumber(BigInteger.TEN.pow(5000)),
                new Reply.Failed("a\nb"),
                new Reply.Failed("\uD800", true))) {
            assertThatIllegalArgumentException().as("%s", each).isThrownBy(() -> write(each));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new Reply.Push(List.of(Reply.of(1))));
        assertThatIllegalArgumentException().isThrownBy(() -> new Reply.Push(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new Reply.Map(List.of(Reply.OK)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Reply.Verbatim("text", Reply.bulk("")));
        assertThat(write(new Reply.Attributed(Reply.map(), push))).isEqualTo("|0\r\n>1\r\n$1\r\na\r\n");
    }

    @Test
    void a_bulk_in_a_buffer_is_written_like_any_other_and_released_once() {
        for (int size : new int[] {0, 100, Payloads.WORTH_PASSING, 100_000}) {
            var bulk = new Reply.BulkBuffer(Unpooled.copiedBuffer("x".repeat(size), UTF_8));
            assertThat(new CodecHarness<>(SERVER).write(bulk))
                    .isEqualTo("$" + size + "\r\n" + "x".repeat(size) + "\r\n");
            bulk.release();
            assertThat(bulk.refCnt()).isZero();
        }
    }

    @Test
    void numbers_of_every_length_are_written() {
        for (long n : new long[] {0, 1, 9, 10, 99, 100, 101, 1000, -1, -10, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThat(write(Reply.of(n))).isEqualTo(":" + n + "\r\n");
        }
        for (long power = 1; power > 0 && power < Long.MAX_VALUE / 10; power *= 10) {
            assertThat(write(Reply.of(power - 1)) + write(Reply.of(-power)))
                    .isEqualTo(":" + (power - 1) + "\r\n:" + -power + "\r\n");
        }
    }

    @Test
    void cr_and_lf_can_not_be_smuggled_into_a_line() {
        for (String injection : List.of("OK\r\n+OK", "a\rb", "a\n", "\r", "\n+OK")) {
            assertThatIllegalArgumentException().isThrownBy(() -> write(new Reply.Simple(injection)));
            assertThatIllegalArgumentException().isThrownBy(() -> write(new Reply.Failed(injection)));
            assertThat(write(Reply.bulk(injection))).startsWith("$" + injection.length());
        }
    }

    @Test
    void unpaired_surrogates_and_too_deep_arrays_are_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> write(Command.of("GET", "a\uD800")));
        assertThatIllegalArgumentException().isThrownBy(() -> write(Command.of("GET", "\uD800".repeat(9000))));
        assertThatIllegalArgumentException().isThrownBy(() -> write(new Reply.Simple("\uDC00")));
        Reply deep = Reply.of(1);
        for (int i = 0; i < 32; i++) {
            deep = Reply.array(deep);
        }
        assertThat(write(deep)).endsWith(":1\r\n");
        Reply tooDeep = Reply.array(deep);
        assertThatIllegalArgumentException().isThrownBy(() -> write(tooDeep)).withMessageContaining("nested");
    }

    @Test
    void large_payloads_are_passed_on_and_not_copied() {
        var client = new CodecHarness<>(CLIENT);
        byte[] large = "x".repeat(Payloads.WORTH_PASSING).getBytes(UTF_8);
        assertThat(client.write(Command.of("SET", "k")
                        .with(large)
                        .with("y".repeat(9000))
                        .with("end")))
                .isEqualTo("*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$8192\r\n" + new String(large, UTF_8) + "\r\n$9000\r\n"
                        + "y".repeat(9000) + "\r\n$3\r\nend\r\n");
        assertThat(client.passed()).isEqualTo(2);
        var server = new CodecHarness<>(SERVER);
        assertThat(server.write(Reply.bulk(large), Reply.OK))
                .isEqualTo("$8192\r\n" + new String(large, UTF_8) + "\r\n+OK\r\n");
        assertThat(server.passed()).isEqualTo(1);
    }

    @Test
    void estimates_are_never_short_for_ascii_and_not_far_off() {
        for (Command each : List.of(
                Command.of("PING"),
                Command.of("GET", "key"),
                Command.of("SET", "k".repeat(100)).with(new byte[100_000]))) {
            int size = write(each).length();
            assertThat(CLIENT.sizeEstimate(each)).isBetween(size, size + 16 * (each.size() + 1));
        }
        for (Reply each :
                List.of(Reply.OK, Reply.of(Long.MIN_VALUE), Reply.array(Reply.bulk("x".repeat(50)), Reply.NULL))) {
            int size = write(each).length();
            assertThat(SERVER.sizeEstimate(each)).isBetween(Math.min(16, size), size + 48);
        }
    }

    @Test
    void random_commands_go_there_and_back() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            Command command = Command.of(text(random));
            for (int k = random.nextInt(5); k > 0; k--) {
                byte[] bytes = new byte[random.nextInt(40)];
                random.nextBytes(bytes);
                command = random.nextBoolean() ? command.with(text(random)) : command.with(bytes);
            }
            var read = CodecHarness.decodeAtRandom(SERVER, new CodecHarness<>(CLIENT).writeBytes(command), seed + i);
            assertThat(read.messages()).as("seed %d, round %d", seed, i).containsExactly(command);
        }
    }

    @Test
    void random_replies_go_there_and_back() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            Reply reply = reply(random, 4);
            var read = CodecHarness.decodeAtRandom(CLIENT, new CodecHarness<>(SERVER).writeBytes(reply), seed + i);
            assertThat(read.messages()).as("seed %d, round %d", seed, i).containsExactly(reply);
        }
    }

    private static Reply reply(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 6 : 8)) {
            case 0 -> new Reply.Simple(text(random));
            case 1 -> new Reply.Failed(text(random));
            case 2 -> Reply.of(random.nextLong() >> random.nextInt(64));
            case 3 -> Reply.bulk(text(random) + "\r\n");
            case 4 -> Reply.NULL;
            case 5 -> Reply.Null.ARRAY;
            default -> {
                List<Reply> elements = new ArrayList<>();
                for (int i = random.nextInt(20); i > 0; i--) {
                    elements.add(reply(random, depth - 1));
                }
                yield new Reply.Array(elements);
            }
        };
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
            text.appendCodePoint(random.nextInt(10) == 0 ? 0x1F600 + random.nextInt(50) : 'a' + random.nextInt(26));
        }
        return text.toString();
    }

    @Test
    void both_sides_fit_on_a_connection() {
        assertThat(Resp.client()).isNotNull();
        assertThat(Resp.server()).isNotNull();
    }

    @Test
    void limits_are_checked_when_they_are_set() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RespOptions.defaults().bulkBytes(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RespOptions.defaults().depth(1001));
        assertThat(RespOptions.defaults().depth(1000).depth()).isEqualTo(1000);
    }
}
