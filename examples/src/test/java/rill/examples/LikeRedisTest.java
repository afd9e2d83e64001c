package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

/** Our server beside a real Redis: both understand the same input, and answer it alike. */
@ExtendWith(Leaks.class)
class LikeRedisTest {
    private static final int STREAMS = 3_000;
    private static final Duration AT_MOST = Duration.ofSeconds(10);

    /** Our answer to an incomplete command; Redis closes the connection without a message. */
    private static final String LEFT_OFF = "-ERR Protocol error: the stream ended within a command\r\n";

    private static final Pattern PROTOCOL_ERROR = Pattern.compile("-ERR Protocol error: ([^\r\n]*)\r\n$");

    /** Where Redis continues and our server does not: Redis does not check what ends a line or a bulk string, and its limits are higher. */
    private static final Pattern STRICTER = Pattern.compile("expected LF after CR, .*|expected CR LF after the .*"
            + "|expected a command of at most .*|expected a bulk string of 0 to .*");

    private static LocalRedis redis;

    @BeforeAll
    static void start() throws IOException {
        redis = new LocalRedis();
    }

    @AfterAll
    static void stop() throws IOException {
        if (redis != null) {
            redis.close();
        }
    }

    /** Sends bytes, ends the stream, and returns all answers; bytes that are not UTF-8 are replaced. */
    private static String answers(SocketAddress address, byte[] sent) throws IOException {
        try (var caller = new Caller(address)) {
            return caller.send(sent).endOutput().readToEnd().replace(LEFT_OFF, "");
        }
    }

    @Test
    void commands_are_answered_word_for_word() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            for (String each : COMMANDS.lines().toList()) {
                byte[] sent = ("FLUSHALL\r\n" + each.replace("; ", "\r\n") + "\r\n").getBytes(StandardCharsets.UTF_8);
                assertThat(answers(server.address(), sent)).as(each).isEqualTo(answers(redis.address(), sent));
            }
        }
    }

    /** What each server reports of itself, which differs. */
    private static final Pattern OF_ITSELF =
            Pattern.compile("(\\$7\r\nversion\r\n)\\$[0-9]+\r\n[^\r]*|(\\$2\r\nid\r\n):[0-9]+");

    @Test
    void in_resp3_they_are_answered_word_for_word_as_well() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            for (String each : (COMMANDS + GREETINGS).lines().toList()) {
                byte[] sent = ("HELLO 3\r\nFLUSHALL\r\n" + each.replace("; ", "\r\n") + "\r\n")
                        .getBytes(StandardCharsets.UTF_8);
                String ours = OF_ITSELF.matcher(answers(server.address(), sent)).replaceAll("$1$2");
                String theirs =
                        OF_ITSELF.matcher(answers(redis.address(), sent)).replaceAll("$1$2");
                assertThat(ours).as(each).isEqualTo(theirs).startsWith("%7\r\n");
            }
        }
    }

    @Test
    void greetings_and_subscriptions_are_answered_word_for_word() throws IOException {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            for (String each : GREETINGS.lines().toList()) {
                byte[] sent = (each.replace("; ", "\r\n") + "\r\n").getBytes(StandardCharsets.UTF_8);
                String ours = OF_ITSELF.matcher(answers(server.address(), sent)).replaceAll("$1$2");
                String theirs =
                        OF_ITSELF.matcher(answers(redis.address(), sent)).replaceAll("$1$2");
                assertThat(ours).as(each).isEqualTo(theirs);
            }
        }
    }

    private static final String GREETINGS = """
            HELLO; HELLO 3; HELLO 2; HELLO; PING
            HELLO 4; HELLO 1; HELLO 0; HELLO -3; HELLO x; HELLO 3x; HELLO 9999999999999999999; PING
            HELLO 3 AUTH; HELLO 3 AUTH default; HELLO 3 NAME x; HELLO 3 SETNAME; HELLO 2 SETNAME a AUTH x
            HELLO 3 AUTH nobody x; HELLO 3 AUTH default x SETNAME me; CLIENT GETNAME; HELLO 2 setname you; client getname
            CLIENT GETNAME; CLIENT SETNAME a; CLIENT GETNAME; CLIENT SETNAME 'a b'; CLIENT GETNAME; CLIENT SETNAME ''; CLIENT GETNAME
            CLIENT; CLIENT NONE; CLIENT SETNAME; CLIENT SETNAME a b
            SUBSCRIBE a b a; UNSUBSCRIBE a; UNSUBSCRIBE; UNSUBSCRIBE; UNSUBSCRIBE x; PING
            PSUBSCRIBE a* b; SUBSCRIBE c; PUNSUBSCRIBE b x; PUNSUBSCRIBE; UNSUBSCRIBE c; PUNSUBSCRIBE; PING
            SUBSCRIBE a; PING; PING b; PING b c; SUBSCRIBE; PSUBSCRIBE; UNSUBSCRIBE a; PING
            SUBSCRIBE a; GET b; PUBLISH a b; QUIT
            SUBSCRIBE a; MULTI; PING
            PUBLISH a b; PUBLISH a; PUBLISH; PUBLISH a b c
            HELLO 3; SUBSCRIBE a b; PING; PSUBSCRIBE b* ?z; PUBLISH b x; PUBLISH c x; UNSUBSCRIBE b; UNSUBSCRIBE; PUNSUBSCRIBE ?z; PUNSUBSCRIBE; PUBLISH b x
            """;

    private static final String COMMANDS = """
            PING; PING a; PING a b; ECHO a; ECHO; ECHO a b; SELECT 0; SELECT 99; SELECT x
            nonesuch; NoneSuch a 'b c' "d\\r\\ne"; "" x; é ü 'ö ä'; NONE%s %d '%'
            SET a 1; GET a; SET a 2 NX; SET b 2 XX; GET b; SET a 3 XX; GET a; TYPE a; TYPE b; DBSIZE
            SET a 1 EX 0; SET a 1 PX -1; SET a 1 EX x; SET a 1 EX; SET a 1 NONE; SET a; SET a 1 EX 100; GET a
            INCR n; INCR n; DECR n; GET n; SET t x; INCR t; SET m 9223372036854775807; INCR m; SET z 07; INCR z
            SET m -9223372036854775808; DECR m; MSET a 1 b 2; MSET a; MSET a 1 b; MGET a b c; MGET; DEL a c a; EXISTS b b c
            RPUSH l a b c; LPUSH l d e; LRANGE l 0 -1; LRANGE l 1 2; LRANGE l -2 9; LRANGE l 3 1; LRANGE l -9 0; LLEN l
            RPUSH l a b c; LPOP l; RPOP l; LPOP l; LPOP l; EXISTS l; LLEN l; LRANGE l 0 9; LRANGE l x 1; LRANGE l 1
            RPUSH l a b c d; LPOP l 2; RPOP l 9; RPOP l 1; RPUSH l a; LPOP l 0; LPOP l -1; LPOP l x; LPOP; LPOP l 1 1
            SADD s a b a; SADD s b; SCARD s; SISMEMBER s a; SISMEMBER s x; SADD s; SPOP none; SCARD none; SADD o a; SPOP o; EXISTS o
            HSET h a 1 b 2; HSET h a 3; HGET h a; HGET h x; HLEN h; HGETALL h; HDEL h a x; HDEL h b; EXISTS h; HSET h a; HGET none a
            ZADD z 2 b 1 a 1 c; ZADD z 3 a; ZCARD z; ZSCORE z a; ZSCORE z x; ZPOPMIN z; ZPOPMIN z 5; EXISTS z; ZPOPMIN z
            INCRBY n 5; INCRBY n -2; DECRBY n 1; DECRBY n -9223372036854775808; INCRBY n x; INCRBY n; DECRBY n; INCRBY m 9223372036854775807; INCRBY m 1
            MULTI; SET a 1; INCR a; GET none; HSET h a 1; HGETALL h; INCR h; EXEC; GET a; MULTI; INCR a; DISCARD; GET a; MULTI; EXEC
            EXEC; DISCARD; MULTI; MULTI; SET a 1; EXEC; GET a; MULTI; PING x; CLIENT GETNAME; QUIT
            ZADD z x a; ZADD z nan a; ZADD z 1 a 2; ZADD z; ZADD z 1; ZADD z -inf a inf b 1.5 c; ZPOPMIN z 3; ZPOPMIN z -1
            RPUSH l a; GET l; INCR l; SADD l a; HSET l a 1; ZADD l 1 a; MGET l; LPUSH l b; TYPE l; SET l x; GET l; LLEN l
            RPUSH l a b; LRANGE l 0 9223372036854775807; LRANGE l -9223372036854775808 9223372036854775807; LRANGE l 9223372036854775807 0
            ZADD z --5 a; ZADD z +-5 a; ZADD z 1f a; ZADD z 1d a; ZADD z ' 1' a; ZADD z '1 ' a; ZADD z '' a; ZADD z - a; ZADD z 1e a; ZADD z 1e400 a; ZCARD z
            ZADD z infinity a; ZADD z +inf b; ZADD z INF c; ZADD z -Infinity d; ZADD z 1. e; ZADD z .5 f; ZADD z -1e2 g; ZSCORE z d; ZSCORE z e; ZPOPMIN z 9
            SET a 1 NX XX; SET a 1 XX NX; SET a 1 EX 1 PX 2; SET a 1 EX 9 EX 9; SET a 1 EX x NONE; GET a; SET a 1 EX 9 NX; SET a 2 PX 0 NX; GET a
            SET a 1 EX 9223372036854775807; SET a 1 PX 9223372036854775807; SET a 1 EX 9223372036854775; GET a; SET a 1 EX 9223372036; GET a
            RPUSH l a; LPOP l 99999999999; LPOP l 9223372036854775808; LPOP l 01; LPOP l -0; ZADD z 1 a; ZPOPMIN z 9223372036854775807; ZPOPMIN z +1
            SADD s a; TYPE s; LPOP s; HGET s a; HSET h a 1; TYPE h; SCARD h; ZADD z 1 a; TYPE z; ZSCORE h a; SPOP z
            """;

    @Test
    @Tag("slow")
    void mutated_streams_of_commands_are_read_as_redis_reads_them() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        long end = System.nanoTime() + AT_MOST.toNanos();
        int refused = 0;
        int streams = 0;
        try (var server = new RunningServer(MemoryRedis::serve)) {
            for (; streams < STREAMS && System.nanoTime() < end; streams++) {
                byte[] sent = mutated(random);
                String ours = answers(server.address(), sent);
                String theirs = answers(redis.address(), sent);
                refused += PROTOCOL_ERROR.matcher(ours).find() ? 1 : 0;
                requireAlike(ours, theirs, "stream " + streams + " of seed " + seed + ": " + visible(sent));
            }
        }
        assertThat(refused).as("of %d streams", streams).isBetween(streams / 20, streams * 19 / 20);
    }

    private static void requireAlike(String ours, String theirs, String sent) {
        var ourError = PROTOCOL_ERROR.matcher(ours);
        var theirError = PROTOCOL_ERROR.matcher(theirs);
        String ourAnswers = ourError.replaceFirst("");
        String theirAnswers = theirError.replaceFirst("");
        ourError.reset();
        theirError.reset();
        if (ourError.find() && !STRICTER.matcher(ourError.group(1)).matches()) {
            assertThat(theirError.find())
                    .as("refused for " + ourError.group(1) + ", by Redis as well? " + sent)
                    .isTrue();
        }
        ourError.reset();
        if (ourError.find() && STRICTER.matcher(ourError.group(1)).matches()) {
            assertThat(theirAnswers).as(sent).startsWith(ourAnswers);
        } else {
            assertThat(ours.equals(ourAnswers)).as("refused by both: " + sent).isEqualTo(theirs.equals(theirAnswers));
            assertThat(ourAnswers).as(sent).isEqualTo(theirAnswers);
        }
    }

    private static String visible(byte[] bytes) {
        var text = new StringBuilder();
        for (byte b : bytes) {
            text.append(b >= ' ' && b < 0x7F ? String.valueOf((char) b) : String.format("\\x%02x", b));
        }
        return text.toString();
    }

    private static final List<String> SAMPLES = List.of(
            "*1\r\n$4\r\nPING\r\n",
            "*2\r\n$4\r\nECHO\r\n$5\r\nhollo\r\n",
            "*2\r\n$4\r\nECHO\r\n$12\r\n\r\n$1\r\n*2\r\n\r\n\r\n",
            "*3\r\n$5\r\nxyzzy\r\n$0\r\n\r\n$10\r\n0123456789\r\n",
            "*-1\r\n",
            "*0\r\n",
            "ECHO word\r\n",
            "ECHO \"a \\x41\\n\\\" b\"\n",
            "ECHO 'it\\'s \\n'\r\n",
            " xyzzy a\tb  \"c\" 'd' e\r\n",
            "\r\n",
            "PING\r\n");

    /** Without NUL: after one outside a bulk string Redis waits for ever, while our server refuses it. */
    private static final String BYTES = "\r\n*$+-:0123456789 \t\"'\\x\u000b\u007f\u00c3\u00a9\u00ff";

    /** A few commands, with a few bytes changed, omitted, inserted or repeated. */
    private static byte[] mutated(Random random) {
        var text = new StringBuilder();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            text.append(SAMPLES.get(random.nextInt(SAMPLES.size())));
        }
        for (int i = random.nextInt(4); i > 0 && !text.isEmpty(); i--) {
            int at = random.nextInt(text.length());
            char c = BYTES.charAt(random.nextInt(BYTES.length()));
            switch (random.nextInt(5)) {
                case 0 -> text.setCharAt(at, c);
                case 1 -> text.insert(at, c);
                case 2 -> text.deleteCharAt(at);
                case 3 -> text.insert(at, text.substring(at, Math.min(text.length(), at + 1 + random.nextInt(8))));
                default -> text.setLength(at + 1);
            }
        }
        text.append("\r\n"); // Redis judges a number once its line has ended, our server digit by digit
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
