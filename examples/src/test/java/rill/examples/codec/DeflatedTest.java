package rill.examples.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.codec.LengthField;
import rill.codec.Text;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class DeflatedTest {
    private static final Pipeline<String, String> PIPELINE =
            Pipeline.of(LengthField.ofBytes(4).with(Text.utf8())).over(new Deflated());

    private static byte[] deflated(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DeflaterOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return bytes.toByteArray();
    }

    private static String joined(CodecHarness.Outcome outcome) {
        var all = new StringBuilder();
        outcome.messages().forEach(all::append);
        return all.toString();
    }

    @Test
    void messages_of_any_size_arrive_as_they_were_written() throws IOException {
        var random = new Random(1);
        try (var loop = Loop.open()) {
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            var server = loop.serve(address, PIPELINE, Future::of).await();
            loop.run(() -> {
                var connection = loop.connect(server.address(), PIPELINE).await();
                for (int size : new int[] {0, 1, 1_000, 20_000, 300_000}) {
                    String noise = random.ints(size, 32, 127)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                            .toString();
                    for (String text : new String[] {noise, "a".repeat(size)}) {
                        connection.write(text);
                        assertThat(connection.receive().await()).isEqualTo(text);
                    }
                }
                connection.close();
                return null;
            });
        }
    }

    @Test
    void what_another_program_has_compressed_is_read_however_it_is_cut() throws IOException {
        String text = "what another program has compressed".repeat(10_000);
        byte[] bytes = deflated(text);
        for (int seed = 0; seed < 50; seed++) {
            CodecHarness.Outcome outcome = CodecHarness.decodeAtRandom(new Deflated(), bytes, seed);
            assertThat(outcome.violation()).isNull();
            assertThat(outcome.ended()).isTrue();
            assertThat(joined(outcome)).isEqualTo(text);
        }
    }

    @Test
    void what_is_no_zlib_stream_or_ends_too_early_is_a_violation() throws IOException {
        byte[] bytes = deflated("whole");
        assertThat(new CodecHarness<ByteBuf, ByteBuf>(new Deflated())
                        .feed("GET / HTTP/1.1\r\n")
                        .outcome()
                        .violation())
                .contains("expected a zlib stream");
        assertThat(new CodecHarness<ByteBuf, ByteBuf>(new Deflated())
                        .feed(java.util.Arrays.copyOf(bytes, bytes.length - 1))
                        .endOfInput()
                        .outcome()
                        .violation())
                .contains("cut off");
        assertThat(new CodecHarness<ByteBuf, ByteBuf>(new Deflated())
                        .feed(new String(bytes, StandardCharsets.ISO_8859_1) + "more")
                        .outcome()
                        .violation())
                .contains("nothing after the end");
    }

    @Test
    void a_stream_that_asks_for_a_dictionary_is_refused_at_once() {
        CodecHarness.Outcome outcome = new CodecHarness<ByteBuf, ByteBuf>(new Deflated())
                .feed("x\u00bb\1\2\3\4more of it")
                .outcome();
        assertThat(outcome.violation()).contains("without a preset dictionary");
        assertThat(outcome.offset()).isEqualTo(6);
    }

    @Test
    void what_a_bomb_has_become_is_not_kept() throws IOException {
        var metric = UnpooledByteBufAllocator.DEFAULT.metric();
        long before = metric.usedHeapMemory() + metric.usedDirectMemory();
        var harness = new CodecHarness<ByteBuf, ByteBuf>(new Deflated()).feed(deflated("\0".repeat(2_000_000)));
        assertThat(metric.usedHeapMemory() + metric.usedDirectMemory() - before).isLessThan(100_000);
        harness.close();
    }

    @Test
    void a_bomb_comes_in_pieces_of_no_more_than_a_megabyte() throws IOException {
        byte[] bomb = deflated("\0".repeat(50_000_000));
        var pieces = new CodecHarness<ByteBuf, ByteBuf>(new Deflated())
                .feed(bomb)
                .outcome()
                .messages();
        assertThat(pieces)
                .allSatisfy(piece -> assertThat(piece.toString().length()).isLessThan(1_100_000));
        assertThat(pieces.stream().mapToLong(piece -> piece.toString().length()).sum())
                .isEqualTo(50_000_000);
    }
}
