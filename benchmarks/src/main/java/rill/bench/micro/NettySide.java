package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;

/** A Netty channel in memory, with Netty's pooled buffers. */
final class NettySide {
    final NettyMemoryChannel channel = new NettyMemoryChannel();

    NettySide(ChannelHandler... handlers) {
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        channel.pipeline().addLast(handlers);
    }

    /** Reads {@code bytes} this many times, and ends the batch of reads. The buffer remains the caller's. */
    void read(ByteBuf bytes, int times) {
        for (int i = 0; i < times; i++) {
            bytes.readerIndex(0);
            channel.pipeline().fireChannelRead(bytes.retain());
        }
        channel.pipeline().fireChannelReadComplete();
        channel.requireWell();
    }

    /** Likewise, but as a channel with a socket reads: each read goes into a buffer of its own, of the size that it guesses. */
    void receive(ByteBuf bytes, int times) {
        var handle = channel.unsafe().recvBufAllocHandle();
        handle.reset(channel.config());
        for (int i = 0; i < times; i++) {
            ByteBuf buffer = handle.allocate(channel.alloc());
            handle.attemptedBytesRead(buffer.writableBytes());
            buffer.writeBytes(bytes, 0, bytes.writerIndex());
            handle.lastBytesRead(bytes.writerIndex());
            handle.incMessagesRead(1);
            channel.pipeline().fireChannelRead(buffer);
        }
        handle.readComplete();
        channel.pipeline().fireChannelReadComplete();
        channel.requireWell();
    }

    /** Returns the bytes flushed since the last call. */
    long written() {
        return channel.written();
    }
}
