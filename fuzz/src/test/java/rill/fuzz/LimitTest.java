package rill.fuzz;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.examples.client.FuzzedMemcached;
import rill.http.wire.HttpLimits;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

/** A decoder that exceeds its limits is found, whatever the texts of its messages show. For each target, the limits are lower than its codec's. */
@ExtendWith(Leaks.class)
class LimitTest {
    private static Target limited(String name, Limit... limits) {
        Target all = Targets.named(name);
        return new Target(all.name(), all.codec(), all.before(), List.of(limits), all.handshake(), List.of());
    }

    private static Target limited(String name, List<Limit> limits) {
        return limited(name, limits.toArray(Limit[]::new));
    }

    private static void finds(Target target, String input, String what) {
        byte[] bytes = CodecHarness.ascii(input);
        Targets.named(target.name()).check(bytes);
        assertThatThrownBy(() -> target.check(bytes))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(what);
    }

    /** A masked frame of a client, with a binary message of so many equal bytes, deflated. */
    private static String bomb(int size) {
        var deflater = new Deflater(9, true);
        deflater.setInput(new byte[size]);
        var room = new byte[1_000];
        int length = deflater.deflate(room, 0, room.length, Deflater.SYNC_FLUSH) - 4; // which a message leaves out
        deflater.end();
        return "\u00c2" + (char) (0x80 + length) + "\0\0\0\0"
                + new String(Arrays.copyOf(room, length), StandardCharsets.ISO_8859_1);
    }

    @Test
    void the_content_of_a_websocket_message_is_measured() {
        finds(limited("websocket-deflate", Limit.webSocket(500)), bomb(1_000), "1000 bytes of content, and 500");
        finds(limited("websocket-server", Limit.webSocket(3)), "\u0081\u0084\0\0\0\0text", "4 bytes of content");
        finds(limited("websocket-parts", Limit.webSocket(3)), "\u0089\u0084\0\0\0\0ping", "4 bytes of content");
        finds(limited("websocket-parts", Limit.webSocket(3)), "\u0082\u0084\0\0\0\0part", "4 bytes of content");
    }

    @Test
    void each_text_of_a_reply_or_a_command_is_measured() {
        String bulk = "$20\r\n" + "x".repeat(20) + "\r\n";
        List<Limit> low = Limit.resp(19, 3);
        String what = "20 bytes in one text, and 19";
        finds(limited("resp2", low), bulk, what);
        finds(limited("resp3", low), "%1\r\n+a\r\n" + bulk, what);
        finds(limited("resp3", low), "|1\r\n+a\r\n" + bulk + ":1\r\n", what);
        finds(limited("resp-hand-out", low), bulk, what);
        finds(limited("resp-batch", low), "+PONG\r\n" + bulk, what);
        finds(limited("resp-server", low), "*2\r\n$3\r\nGET\r\n" + bulk, what);
    }

    @Test
    void the_elements_of_a_reply_or_a_command_are_counted() {
        List<Limit> low = Limit.resp(50, 3);
        String what = "4 elements, and 3";
        finds(limited("resp2", low), "*2\r\n:1\r\n*2\r\n:2\r\n:3\r\n", what);
        finds(limited("resp3", low), "%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", what);
        finds(limited("resp-batch", low), "+PONG\r\n*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", what);
        finds(limited("resp-server", low), "*4\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n", what);
    }

    @Test
    void head_and_trailers_of_http_are_measured() {
        HttpLimits low = HttpLimits.defaults().startLine(20).head(40).fields(2).trailers(20);
        finds(
                limited("http-request", Joined.limits(low)),
                "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(100) + "\r\n\r\n",
                "characters of a head");
        finds(
                limited("http-chunked", Joined.limits(low.head(300))),
                "0\r\nX: " + "x".repeat(45) + "\r\n\r\n",
                "characters of trailers");
    }

    private static String first(String name) {
        return new String(Corpus.of(Targets.named(name)).getFirst(), StandardCharsets.ISO_8859_1);
    }

    /** Says everything twice. */
    private static final class Twice implements Session<ByteBuf, ByteBuf> {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            int size = in.readableBytes();
            return size == 0
                    ? null
                    : context.lend(2 * size)
                            .writeBytes(in, in.readerIndex(), size)
                            .writeBytes(in);
        }

        @Override
        public void encode(ByteBuf bytes, Outgoing out) {}
    }

    @Test
    void all_that_a_layer_delivers_is_measured() {
        ByteLayer twice = context -> new Twice();
        assertThatThrownBy(() -> Target.of("twice", twice, Limit.received()).check(CodecHarness.ascii("abc")))
                .hasMessageContaining("a message of 6 characters, and 3");
        finds(limited("http-gzip", Limit.text(4)), first("http-gzip"), "characters, and 4");
        finds(
                limited("memcached", new Limit("bytes", FuzzedMemcached::size, 3)),
                "VALUE ab 0 3 1\r\nabc\r\nEND\r\n",
                "5 bytes");
    }
}
