package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;

/** A channel of Netty's in memory. */
final class NettySide {
    final EmbeddedChannel channel;

    NettySide(ChannelHandler... handlers) {
        channel = new EmbeddedChannel(handlers);
    }

    /** Reads {@code bytes} so many times, and ends the batch of reads. The buffer stays the caller's. */
    void read(ByteBuf bytes, int times) {
        for (int i = 0; i < times; i++) {
            bytes.readerIndex(0);
            channel.pipeline().fireChannelRead(bytes.retain());
        }
        channel.pipeline().fireChannelReadComplete();
        channel.checkException();
    }

    /** Bytes flushed since the last call; they are released. */
    long written() {
        long written = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            written += out.readableBytes();
            out.release();
        }
        return written;
    }
}
