package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;

/**
 * A Netty channel in memory. Writes are counted and discarded, and the clock stands still: a plain {@link EmbeddedChannel} keeps each message and
 * reads the clock with every write, neither of which a channel with a socket does.
 */
final class NettySide {
    final EmbeddedChannel channel;
    private long written;

    NettySide(ChannelHandler... handlers) {
        channel = new EmbeddedChannel(handlers) {
            @Override
            protected void doWrite(ChannelOutboundBuffer out) {
                for (Object message = out.current(); message != null; message = out.current()) {
                    written += ((ByteBuf) message).readableBytes();
                    out.remove();
                }
            }
        };
        channel.freezeTime();
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
    }

    /** Reads {@code bytes} this many times, and ends the batch of reads. The buffer remains the caller's. */
    void read(ByteBuf bytes, int times) {
        for (int i = 0; i < times; i++) {
            bytes.readerIndex(0);
            channel.pipeline().fireChannelRead(bytes.retain());
        }
        channel.pipeline().fireChannelReadComplete();
        channel.checkException();
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
        channel.checkException();
    }

    /** Returns the bytes flushed since the last call. */
    long written() {
        long bytes = written;
        written = 0;
        return bytes;
    }
}
