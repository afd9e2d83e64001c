package rill.bench.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** The input of the codecs: a hundred messages in one direct buffer, as one read delivers them. */
final class Messages {
    static final int COUNT = 100;

    private Messages() {}

    static ByteBuf repeated(String message) {
        return PooledByteBufAllocator.DEFAULT
                .directBuffer()
                .writeBytes(message.repeat(COUNT).getBytes(US_ASCII));
    }

    /** Throws unless exactly a hundred messages arrived, so that nothing is measured that does not work. */
    static int checked(int before, int after) {
        if (after - before != COUNT) {
            throw new IllegalStateException(COUNT + " messages expected, " + (after - before) + " came");
        }
        return after;
    }

    /** The end of a Netty pipeline: counts and releases messages. */
    static final class Counter extends ChannelInboundHandlerAdapter {
        int count;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            count++;
            ReferenceCountUtil.release(message);
        }
    }

    /** The same for HTTP, where one message arrives as several objects: counts heads. */
    static final class Heads extends ChannelInboundHandlerAdapter {
        int count;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof io.netty.handler.codec.http.HttpRequest) {
                count++;
            }
            ReferenceCountUtil.release(message);
        }
    }
}
