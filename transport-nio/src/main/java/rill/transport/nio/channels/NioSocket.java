package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import rill.spi.SocketCalls;

/** The system calls of one socket, through a SocketChannel. */
final class NioSocket implements SocketCalls {
    /** Limit for one write: the JDK copies heap buffers, and a kernel buffer is rarely larger. */
    static final int MOST_PER_WRITE = 1024 * 1024;

    /** What a channel that does not block gives for EINTR, contrary to its Javadoc: see sun.nio.ch.IOStatus. */
    private static final int INTERRUPTED = -3;

    private final String transport; // its name
    private final SocketChannel channel;
    private final Gathering gathering;
    private @Nullable SelectionKey key;

    NioSocket(String transport, SocketChannel channel, Gathering gathering) {
        this.transport = transport;
        this.channel = channel;
        this.gathering = gathering;
    }

    SocketChannel channel() {
        return channel;
    }

    void key(SelectionKey registered) {
        key = registered;
    }

    @Override
    public boolean finishConnect() throws IOException {
        return channel.finishConnect();
    }

    @Override
    public int read(ByteBuf target) throws IOException {
        int at = target.writerIndex();
        int n;
        do {
            n = channel.read(target.internalNioBuffer(at, target.writableBytes()));
        } while (n == INTERRUPTED);
        if (n > 0) {
            target.writerIndex(at + n);
        }
        return n;
    }

    @Override
    public long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        long n;
        do {
            n = writeOnce(buffers, from, count);
        } while (n == INTERRUPTED);
        return n;
    }

    private long writeOnce(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        ByteBuf first = buffers[from];
        if (count == 1 && first != null && first.nioBufferCount() == 1) {
            int size = Math.min(first.readableBytes(), MOST_PER_WRITE);
            return channel.write(first.internalNioBuffer(first.readerIndex(), size));
        }
        return gathering.write(channel, buffers, from, count);
    }

    @Override
    public void interest(boolean read, boolean write) {
        SelectionKey registered = key;
        if (registered == null || !registered.isValid()) {
            return;
        }
        int forWrite = channel.isConnectionPending() ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE;
        registered.interestOps((read ? SelectionKey.OP_READ : 0) | (write ? forWrite : 0));
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close(boolean reset) {
        try {
            if (reset && channel.isOpen()) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException | RuntimeException notConnected) {
            // Then there is nobody to send a reset to.
        }
        discard(channel);
    }

    static void discard(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The JDK gives the descriptor back first; there is nothing to be done about the rest.
        }
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        set(transport, channel, option, value);
    }

    static <T> void set(String transport, NetworkChannel channel, SocketOption<T> option, T value) throws IOException {
        try {
            channel.setOption(option, value);
        } catch (UnsupportedOperationException e) {
            throw unsupported(transport, option, e);
        }
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        try {
            return channel.getOption(option);
        } catch (UnsupportedOperationException e) {
            throw unsupported(transport, option, e);
        }
    }

    private static IllegalArgumentException unsupported(String transport, SocketOption<?> option, Exception cause) {
        return new IllegalArgumentException(
                "transport " + transport + " has no option " + option.name() + " for such a socket", cause);
    }

    @Override
    public SocketAddress localAddress() throws IOException {
        return channel.getLocalAddress();
    }
}
