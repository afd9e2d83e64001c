package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Writes several buffers with one system call. There is one per Selector: its array serves all sockets. */
final class Gathering {
    private static final int MOST_PARTS = 64;

    private @Nullable ByteBuffer[] parts = new @Nullable ByteBuffer[MOST_PARTS];
    private int size;

    long write(GatheringByteChannel channel, @Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        try {
            int room = NioSocket.MOST_PER_WRITE;
            for (int i = from; i < from + count && room > 0; i++) {
                ByteBuf buffer = buffers[i];
                if (buffer != null) {
                    int part = Math.min(room, buffer.readableBytes());
                    add(buffer, part);
                    room -= part;
                }
            }
            return write(channel);
        } finally {
            Arrays.fill(parts, 0, size, null); // nor is a large array for a composite buffer kept
            size = 0;
            if (parts.length > MOST_PARTS) {
                parts = new @Nullable ByteBuffer[MOST_PARTS];
            }
        }
    }

    private void add(ByteBuf buffer, int bytes) {
        if (buffer.nioBufferCount() == 1) {
            add(buffer.internalNioBuffer(buffer.readerIndex(), bytes));
            return;
        }
        for (ByteBuffer part : buffer.nioBuffers(buffer.readerIndex(), bytes)) {
            add(part);
        }
    }

    private void add(ByteBuffer part) {
        if (size == parts.length) {
            parts = Arrays.copyOf(parts, size * 2);
        }
        parts[size++] = part;
    }

    @SuppressWarnings("NullAway") // the first parts are not null
    private long write(GatheringByteChannel channel) throws IOException {
        return channel.write(parts, 0, size);
    }
}
