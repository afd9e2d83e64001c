package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Loops;
import rill.testing.TextLines;

/** The bytes that pass a connection can be read, and are not changed by that. */
class WireLogTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private void ticks() {
        for (int i = 0; i < 20; i++) {
            loop.tick();
        }
    }

    /** A client whose wire is logged sends lines to an echo. */
    private List<String> talk(WireLog wireLog, String... lines) {
        Listener server = loops.settle(loop.serve(ANY, TextLines.pipeline(), Future::of));
        Client<String, String> client = loops.settle(loop.connect(
                server.address(), ClientProtocol.inOrder(TextLines.pipeline().over(wireLog))));
        List<String> answers = new ArrayList<>();
        for (String line : lines) {
            answers.add(loops.settle(client.call(line)));
        }
        loop.execute(client::finish);
        ticks();
        String peer = server.address() + "";
        log.replaceAll(text -> text.replace(peer, "PEER"));
        return answers;
    }

    @Test
    void text_is_told_as_text_with_its_place_in_the_stream_and_nothing_is_changed() {
        assertThat(talk(WireLog.to(log::add), "hello", "a\\b\tc\r")).containsExactly("hello", "a\\b\tc\r");
        assertThat(log)
                .containsExactly(
                        "to PEER, bytes 0 to 5: hello\\n",
                        "from PEER, bytes 0 to 5: hello\\n",
                        "to PEER, bytes 6 to 12: a\\\\b\\tc\\r\\n",
                        "from PEER, bytes 6 to 12: a\\\\b\\tc\\r\\n",
                        "to PEER: end of the stream, after 13 bytes"); // nobody reads what comes after that
    }

    @Test
    void each_line_of_a_text_has_one_of_its_own() {
        assertThat(Dump.of("PEER", 7, text("one\r\ntwo\n\nthree"), 100))
                .isEqualTo("PEER, bytes 7 to 21: one\\r\\n\n  two\\n\n  \\n\n  three");
    }

    @Test
    void bytes_are_told_in_hex_and_in_ascii() {
        ByteBuf bytes = Unpooled.buffer();
        for (int i = 0; i < 18; i++) {
            bytes.writeByte(i * 15);
        }
        assertThat(Dump.of("PEER", 0x1234, bytes, 100)).isEqualTo("""
                        PEER, bytes 4660 to 4677:
                          00001234  00 0f 1e 2d 3c 4b 5a 69 78 87 96 a5 b4 c3 d2 e1  ...-<KZix.......
                          00001244  f0 ff                                            ..""");
    }

    @Test
    void of_what_is_long_only_the_beginning_is_told() {
        assertThat(Dump.of("PEER", 0, text("0123456789"), 4)).isEqualTo("PEER, bytes 0 to 9: 0123\n(6 more)");
        assertThat(Dump.of("PEER", 3, text("x"), 0)).isEqualTo("PEER, byte 3: (1 more)");
        String line = "x".repeat(5_000);
        assertThat(talk(WireLog.to(log::add).limit(10), line)).containsExactly(line);
        assertThat(log.getFirst()).isEqualTo("to PEER, bytes 0 to 5000: xxxxxxxxxx\n(4991 more)");
        assertThatThrownBy(() -> WireLog.toLogger().limit(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Unlike reports, lines that differ only in numbers are not summed up, and long ones are not cut: they are what was asked for. */
    @Test
    void the_logger_is_told_of_each_piece_in_full() {
        List<String> told = new CopyOnWriteArrayList<>();
        var noting = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                told.add(logged.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("rill.wire");
        logger.addHandler(noting);
        logger.setUseParentHandlers(false);
        try {
            List<String> lines = new ArrayList<>(
                    IntStream.range(0, 40).mapToObj(n -> "ping " + n).toList());
            lines.add("x".repeat(10_000) + "y");
            talk(WireLog.toLogger().limit(20_000), lines.toArray(String[]::new));
            Await.until(
                    "all of it is logged",
                    () -> told.stream().filter(text -> text.endsWith("y\\n")).count() == 2);
            for (String line : lines) {
                assertThat(told)
                        .filteredOn(text -> text.endsWith(": " + line + "\\n"))
                        .hasSize(2); // to and from
            }
        } finally {
            logger.setUseParentHandlers(true);
            logger.removeHandler(noting);
        }
    }

    @Test
    void a_consumer_that_throws_harms_nobody() {
        WireLog throwing = WireLog.to(text -> {
            throw new IllegalStateException("on purpose");
        });
        assertThat(talk(throwing, "hello")).containsExactly("hello");
        assertThat(loops.reporter().take(Report.Thrown.class))
                .hasSizeGreaterThanOrEqualTo(3) // written, read, the end
                .allSatisfy(thrown -> assertThat(thrown.cause()).hasMessage("on purpose"));
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "all true",
                "10.0.0.1 true",
                "10.0.0.2 true",
                "10.0.0.3 false",
                ":80 true",
                ":1234 true",
                ":81 false",
                "10.0.0.1:80 true",
                "10.0.0.1:1234 false",
                "10.0.0.3,:80 true",
                "[::1]:80 false",
                "::1 false"
            })
    void a_property_names_the_connections_that_are_told(String property, boolean expected) {
        SocketAddress local = new InetSocketAddress("10.0.0.1", 80);
        SocketAddress remote = new InetSocketAddress("10.0.0.2", 1234);
        assertThat(Objects.requireNonNull(WireLogEnds.parse(property)).match(local, remote))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {"::1 true", "[::1] true", "[::1]:80 true", "[::1]:81 false", "::2 false", "[::2]:80 false"})
    void an_address_of_ipv6_with_a_port_is_in_brackets(String property, boolean expected) {
        SocketAddress local = new InetSocketAddress("::1", 80);
        SocketAddress remote = new InetSocketAddress("10.0.0.2", 1234);
        assertThat(Objects.requireNonNull(WireLogEnds.parse(property)).match(local, remote))
                .isEqualTo(expected);
    }

    @Test
    void without_the_property_nothing_is_told() {
        assertThat(WireLogEnds.parse(null)).isNull();
        assertThat(WireLogEnds.parse("")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.org", "10.0.0.1:http", ":", "10.0.0.1,", "[10.0.0.1]:80"})
    void what_the_property_can_not_mean_is_refused_with_what_it_can(String property) {
        assertThatThrownBy(() -> WireLogEnds.parse(property))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is none of HOST, HOST:PORT and :PORT");
    }
}
