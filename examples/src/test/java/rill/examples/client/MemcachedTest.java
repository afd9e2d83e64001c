package rill.examples.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CallFailedException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.codec.Lines;
import rill.codec.Text;
import rill.examples.LocalServer;
import rill.examples.client.MemcachedAnswer.Status;
import rill.examples.client.MemcachedAnswer.Value;
import rill.testing.RecordingReporter;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** The memcached client: its codec alone, and with a real server. */
@ExtendWith(Leaks.class)
class MemcachedTest {
    private static final Duration FOR_GOOD = Duration.ZERO;

    private static Value value(String key, String data, long unique) {
        return new Value(key, 0, ByteBuffer.wrap(data.getBytes(UTF_8)), unique);
    }

    @Test
    void after_an_answer_of_another_kind_than_its_request_no_call_gets_that_of_another() throws IOException {
        var lines = Pipeline.of(Lines.of(Lines.Ending.CRLF).with(Text.utf8()));
        try (var loop = Loop.open(MemoryTransport.calm())) {
            var server = loop.serve(MemoryTransport.ANY, lines, line -> loop.done("DELETED"))
                    .await();
            Memcached client = Memcached.connect(loop, server.address()).await();
            assertThatThrownBy(() -> client.get("a").await()).hasMessageContaining("an answer of another kind");
            assertThatThrownBy(() -> client.delete("a").await()).isInstanceOf(CallFailedException.class);
        }
    }

    // ---- the codec

    @Test
    void every_answer_is_read_wherever_it_was_cut() {
        var outcome = CodecHarness.decode(
                new MemcachedCodec(),
                "STORED\r\nNOT_STORED\r\nEXISTS\r\nNOT_FOUND\r\nDELETED\r\n0\r\n18446744073709551615\r\nEND\r\n"
                        + "VALUE a 0 5 7\r\n\r\nab\n\r\nVALUE b 1 0 8\r\n\r\nEND\r\nERROR\r\nSERVER_ERROR out of memory\r\n");
        assertThat(outcome.messages())
                .containsExactly(
                        new MemcachedAnswer.Of(Status.STORED),
                        new MemcachedAnswer.Of(Status.NOT_STORED),
                        new MemcachedAnswer.Of(Status.EXISTS),
                        new MemcachedAnswer.Of(Status.NOT_FOUND),
                        new MemcachedAnswer.Of(Status.DELETED),
                        new MemcachedAnswer.Counted(0),
                        new MemcachedAnswer.Counted(-1),
                        new MemcachedAnswer.Values(List.of()),
                        new MemcachedAnswer.Values(
                                List.of(value("a", "\r\nab\n", 7), new Value("b", 1, ByteBuffer.allocate(0), 8))),
                        new MemcachedAnswer.Refused("ERROR"),
                        new MemcachedAnswer.Refused("SERVER_ERROR out of memory"));
        assertThat(outcome.ended()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "STORED^|6|expected CR before LF",
                "stored~|0|expected an answer, found stored",
                "-1~|0|expected an answer, found -1",
                "01~|0|expected an answer, found 01",
                "18446744073709551616~|0|expected an answer, found 18446744073709551616",
                "VALUE a 0 5~|0|expected an answer, found VALUE a 0 5",
                "VALUE a x 5 1~|0|expected flags, found x",
                "VALUE a 0 -5 1~|0|expected a number of bytes, found -5",
                "VALUE a 0 1048577 1~|0|expected a value of 0 to 1048576 bytes, found 1048577",
                "VALUE a 0 1 1~ab~|16|expected CR LF after the 1 bytes of a value",
                "VALUE a 0 1 1~a~STORED~|18|expected VALUE or END, found STORED",
            })
    void what_is_no_answer_is_refused(String sent, long offset, String violation) {
        var outcome = CodecHarness.decode(
                new MemcachedCodec(), sent.replace("~", "\r\n").replace("^", "\n"));
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(offset);
        assertThat(outcome.messages()).isEmpty();
    }

    @Test
    void lines_and_whole_answers_are_bounded() {
        assertThat(CodecHarness.decode(new MemcachedCodec(), "x".repeat(2000)).offset())
                .isEqualTo(1024);
        var harness = new CodecHarness<>(new MemcachedCodec());
        String value = "VALUE a 0 1000000 1\r\n" + "x".repeat(1_000_000) + "\r\n";
        for (int i = 0; i < 17; i++) {
            harness.feed(value);
        }
        assertThat(harness.outcome().violation()).isEqualTo("expected an answer of at most 16777216 bytes");
        assertThat(CodecHarness.decode(new MemcachedCodec(), "VALUE a 0 1 1\r\n")
                        .violation())
                .contains("ended within");
        assertThat(CodecHarness.decode(new MemcachedCodec(), "VALUE a 0 1 1\r\na\r\n")
                        .violation())
                .contains("ended within");
    }

    @Test
    void requests_are_written_as_the_protocol_has_them() {
        var harness = new CodecHarness<>(new MemcachedCodec());
        assertThat(harness.write(new MemcachedRequest.Get(List.of("a", "b")))).isEqualTo("gets a b\r\n");
        assertThat(harness.write(new MemcachedRequest.Delete("a"))).isEqualTo("delete a\r\n");
        assertThat(harness.write(new MemcachedRequest.Add("a", 5), new MemcachedRequest.Add("a", -5)))
                .isEqualTo("incr a 5\r\ndecr a 5\r\n");
        ByteBuffer data = ByteBuffer.wrap("x\r\n".getBytes(UTF_8));
        assertThat(harness.write(new MemcachedRequest.Store("set", "a", data, Duration.ofMillis(1500), 0)))
                .isEqualTo("set a 0 2 3\r\nx\r\n\r\n");
        assertThat(harness.write(new MemcachedRequest.Store("cas", "a", data, FOR_GOOD, -1)))
                .isEqualTo("cas a 0 0 3 18446744073709551615\r\nx\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\r\nflush_all", "a\tb", "ä", "a\0", "\u007f"})
    void a_key_that_would_be_another_request_is_refused(String key) {
        assertThatIllegalArgumentException().isThrownBy(() -> new MemcachedRequest.Delete(key));
        assertThatIllegalArgumentException().isThrownBy(() -> new MemcachedRequest.Get(List.of("a", key)));
        assertThatIllegalArgumentException().isThrownBy(() -> new MemcachedRequest.Delete("x".repeat(251)));
        assertThatIllegalArgumentException().isThrownBy(() -> new MemcachedRequest.Get(List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new MemcachedRequest.Store("set", "a", ByteBuffer.allocate(0), Duration.ofDays(31), 0));
    }

    /** With one more second memcached takes the lifetime for a date, which is long ago. */
    @Test
    void a_lifetime_is_at_most_thirty_days_also_when_it_is_rounded_up() {
        Duration longest = Duration.ofDays(30);
        assertThat(new MemcachedRequest.Store("set", "a", ByteBuffer.allocate(0), longest, 0).seconds())
                .isEqualTo(2_592_000);
        for (Duration longer :
                List.of(longest.plusNanos(1), longest.plusSeconds(1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new MemcachedRequest.Store("set", "a", ByteBuffer.allocate(0), longer, 0));
        }
    }

    @TestFactory
    @Tag("slow")
    Stream<DynamicTest> the_laws_of_codecs() {
        return CodecLaws.of(new MemcachedCodec())
                .understands("VALUE a 0 3 7\r\nabc\r\nVALUE b 0 0 8\r\n\r\nEND\r\n", "STORED\r\n", "17\r\nERROR\r\n")
                .refuses("STORED\n", "stored\r\n", "VALUE a 0 1048577 1\r\n", "VALUE a 0 -1 1\r\n", "+1\r\n", "01\r\n")
                .refuses(
                        "VALUE a 0 1 1\r\nabc",
                        "VALUE a 0 0 1\r\n\r\nSTORED\r\n",
                        "18446744073709551616\r\n",
                        "x".repeat(1024))
                .waits("VALUE a 0 1048576 1\r\nabc", "x".repeat(1000))
                .tests();
    }

    // ---- with memcached

    @Nested
    class WithAServer {
        private final RecordingReporter reporter = new RecordingReporter();
        private Loop loop;
        private LocalServer server;
        private Memcached cache;

        @BeforeEach
        void connect() throws IOException {
            server = new LocalServer(
                    "memcached",
                    1,
                    (folder, ports) ->
                            List.of("-l", "127.0.0.1", "-p", String.valueOf(ports[0]), "-U", "0", "-u", "nobody"));
            loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
            cache = Memcached.connect(loop, server.address()).await();
        }

        @AfterEach
        void close() throws IOException {
            loop.close();
            server.close();
            reporter.assertNone();
        }

        private void set(String key, String text) throws IOException {
            cache.set(key, text.getBytes(UTF_8), FOR_GOOD).await();
        }

        private String text(String key) throws IOException {
            Value value = cache.get(key).await();
            return value == null ? null : value.text();
        }

        @Test
        void values_are_stored_read_and_removed() throws IOException {
            assertThat(text("a")).isNull();
            set("a", "1");
            set("b", "zwei ü\r\nEND\r\n");
            set("empty", "");
            assertThat(text("a")).isEqualTo("1");
            assertThat(text("b")).isEqualTo("zwei ü\r\nEND\r\n");
            assertThat(text("empty")).isEmpty();
            Map<String, Value> found = cache.values(List.of("a", "none", "b")).await();
            assertThat(found.keySet()).containsExactly("a", "b");
            assertThat(cache.delete("a").await()).isTrue();
            assertThat(cache.delete("a").await()).isFalse();
            assertThat(cache.add("a", new byte[] {1}, FOR_GOOD).await()).isTrue();
            assertThat(cache.add("a", new byte[] {2}, FOR_GOOD).await()).isFalse();
        }

        @Test
        void who_was_quicker_is_not_overwritten() throws IOException {
            set("a", "1");
            Value before = cache.get("a").await();
            set("a", "2");
            assertThat(cache.replace(before, new byte[] {'3'}, FOR_GOOD).await())
                    .isFalse();
            assertThat(cache.replace(cache.get("a").await(), new byte[] {'3'}, FOR_GOOD)
                            .await())
                    .isTrue();
            assertThat(text("a")).isEqualTo("3");
            cache.delete("a").await();
            assertThat(cache.replace(before, new byte[] {'3'}, FOR_GOOD).await())
                    .isFalse();
        }

        @Test
        void numbers_are_counted_up_and_down() throws IOException {
            assertThat(cache.add("n", 1).await()).isNull();
            set("n", "10");
            assertThat(cache.add("n", 5).await()).isEqualTo(15);
            assertThat(cache.add("n", -20).await()).isEqualTo(0);
            set("text", "abc");
            assertThatThrownBy(() -> cache.add("text", 1).await())
                    .isInstanceOf(Memcached.RefusedException.class)
                    .hasMessageContaining("non-numeric");
            assertThat(text("n")).as("the connection goes on").startsWith("0");
        }

        @Test
        void a_value_that_is_too_large_is_refused_and_the_next_answer_is_not_shifted() throws IOException {
            Future<?> large = cache.set("large", new byte[1024 * 1024 + 1], FOR_GOOD);
            Future<?> next = cache.set("next", new byte[] {'x'}, FOR_GOOD);
            assertThatThrownBy(large::await)
                    .isInstanceOf(Memcached.RefusedException.class)
                    .hasMessageContaining("too large");
            next.await();
            assertThat(text("next")).isEqualTo("x");
        }

        @Test
        @Tag("slow")
        void thousands_in_flight_each_get_their_own() throws IOException {
            long seed = System.nanoTime();
            var random = new Random(seed);
            List<byte[]> values = new ArrayList<>();
            List<Future<?>> sets = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                byte[] value = new byte[random.nextInt(2_000)];
                random.nextBytes(value);
                values.add(value);
                sets.add(cache.set("key" + i, value, FOR_GOOD));
            }
            List<Future<Value>> gets = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                gets.add(cache.get("key" + i));
            }
            Future.all(sets).await();
            for (int i = 0; i < 2_000; i++) {
                assertThat(gets.get(i).await().bytes())
                        .as("value %d of seed %d", i, seed)
                        .isEqualTo(values.get(i));
            }
        }

        @Test
        void when_the_server_goes_calls_fail_and_say_whether_they_can_have_been_carried_out() throws Exception {
            server.signal("STOP");
            Future<?> sent = cache.set("a", new byte[] {1}, FOR_GOOD);
            loop.delay(Duration.ofMillis(1)).await();
            server.signal("KILL");
            assertThatThrownBy(sent::await)
                    .isInstanceOfSatisfying(
                            CallFailedException.class,
                            e -> assertThat(e.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT))
                    .hasMessageContaining("call of set");
            cache.closed().await();
            assertThatThrownBy(() -> cache.get("a").await())
                    .isInstanceOfSatisfying(
                            CallFailedException.class,
                            e -> assertThat(e.fate()).isEqualTo(CallFailedException.Fate.NEVER_SENT));
        }
    }
}
