package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Buffers made of many parts: just below and just above each limit of what fits into one call. */
class ManyPartsTest extends OnSelector {
    private static final int[] COUNTS = {1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 513, 1023, 1024, 1025, 3000};

    @Test
    void a_buffer_of_many_parts_leaves_whole() throws Exception {
        var client = new Events();
        var server = new Events();
        pair(client, server);
        for (boolean heap : new boolean[] {false, true}) {
            for (int parts : COUNTS) {
                server.text.setLength(0);
                var whole = Unpooled.compositeBuffer(parts);
                var expected = new StringBuilder();
                for (int i = 0; i < parts; i++) {
                    String part = String.valueOf((char) ('a' + i % 26));
                    expected.append(part);
                    ByteBuf buffer = heap ? Unpooled.buffer() : Unpooled.directBuffer();
                    whole.addComponent(true, buffer.writeBytes(part.getBytes(StandardCharsets.UTF_8)));
                }
                client.wire.write(whole);
                client.wire.flush();
                until(() -> server.text.length() >= parts || client.closed);
                assertThat(server.text).as(parts + " parts").asString().isEqualTo(expected.toString());
            }
        }
    }

    @Test
    void many_buffers_leave_whole() throws Exception {
        var client = new Events();
        var server = new Events();
        pair(client, server);
        for (int count : COUNTS) {
            server.text.setLength(0);
            var expected = new StringBuilder();
            for (int i = 0; i < count; i++) {
                String part = String.valueOf((char) ('a' + i % 26));
                expected.append(part);
                client.wire.write(text(part));
            }
            client.wire.flush();
            until(() -> server.text.length() >= count || client.closed);
            assertThat(server.text).as(count + " buffers").asString().isEqualTo(expected.toString());
        }
    }
}
