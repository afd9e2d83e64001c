package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.FixedLengthFrameDecoder;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Tests handlers that make much of a few bytes, as decompression does: what waits to be received is bounded, and so is each piece of it. */
@ExtendWith(Leaks.class)
class SwellingHandlersTest {
    private static final int SENT = 40_000; // bytes, in one read
    private static final int TIMES = 100;
    private static final int AT_ONCE = 16 * 1024;
    private static final int LARGEST = 2 * 64 * 1024; // the connection may join two of 64 KiB

    private final Rig rig = new Rig();
    private int largest; // bytes that the handlers were given at once
    private int given; // in all

    @AfterEach
    void close() {
        rig.close();
    }

    private final class Counting extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            int size = ((ByteBuf) message).readableBytes();
            largest = Math.max(largest, size);
            given += size;
            context.fireChannelRead(message);
        }
    }

    /** Makes a hundred of each byte. */
    private static final class Swelling extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            ByteBuf swollen = Unpooled.buffer(bytes.readableBytes() * TIMES);
            while (bytes.isReadable()) {
                int next = bytes.readByte();
                for (int i = 0; i < TIMES; i++) {
                    swollen.writeByte(next);
                }
            }
            bytes.release();
            context.fireChannelRead(swollen);
        }
    }

    private static byte[] counted() {
        var bytes = new byte[SENT];
        for (int i = 0; i < SENT; i++) {
            bytes[i] = (byte) (i * 31);
        }
        return bytes;
    }

    private byte[] receive(Connection<ByteBuf, ByteBuf> connection) {
        List<Future<ByteBuf>> next = new ArrayList<>();
        rig.does(() -> next.add(connection.receive()));
        ByteBuf received = Objects.requireNonNull(next.getFirst().result());
        byte[] bytes = ByteBufUtil.getBytes(received);
        received.release();
        return bytes;
    }

    @Test
    void a_layer_that_swells_gets_little_at_once_and_passes_it_on_in_pieces() {
        Connection<ByteBuf, ByteBuf> connection = rig.dial(Pipeline.bytes()
                .over(NettyHandlers.of(handlers -> handlers.addLast(new Counting(), new Swelling()))
                        .layer()));
        byte[] sent = counted();
        rig.does(() -> rig.peer().write(Unpooled.wrappedBuffer(sent)));
        var all = new ByteArrayOutputStream();
        all.writeBytes(receive(connection));
        assertThat(given).as("before the first piece was received").isPositive().isLessThanOrEqualTo(AT_ONCE);
        while (all.size() < SENT * TIMES) {
            byte[] piece = receive(connection);
            assertThat(piece.length).isPositive().isLessThanOrEqualTo(LARGEST);
            all.writeBytes(piece);
        }
        assertThat(largest).isLessThanOrEqualTo(AT_ONCE);
        assertThat(given).isEqualTo(SENT);
        byte[] received = all.toByteArray();
        for (int i = 0; i < received.length; i++) {
            if (received[i] != sent[i / TIMES]) {
                throw new AssertionError("another byte at " + i);
            }
        }
        rig.does(connection::close);
    }

    @Test
    void a_codec_gets_no_more_bytes_before_the_messages_of_the_earlier_ones_were_received() {
        Connection<ByteBuf, ByteBuf> connection = rig.dial(Pipeline.of(
                NettyHandlers.of(handlers -> handlers.addLast(new Counting(), new FixedLengthFrameDecoder(1_000)))
                        .codec(ByteBuf.class, ByteBuf.class)));
        rig.does(() -> rig.peer().write(Unpooled.wrappedBuffer(counted())));
        for (int i = 1; i <= SENT / 1_000; i++) {
            assertThat(receive(connection)).hasSize(1_000);
            assertThat(given).isLessThanOrEqualTo(i * 1_000 + AT_ONCE);
        }
        assertThat(given).isEqualTo(SENT);
        assertThat(largest).isLessThanOrEqualTo(AT_ONCE);
        rig.does(connection::close);
    }
}
