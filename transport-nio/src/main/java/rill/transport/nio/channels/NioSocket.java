package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;

/** A Wire on a SocketChannel. */
final class NioSocket extends ReadinessWire {
    /** Limit for one write: the JDK copies heap buffers, and a kernel buffer is rarely larger. */
    static final int MOST_PER_WRITE = 1024 * 1024;

    /** What a non-blocking channel returns for EINTR, contrary to its Javadoc: see sun.nio.ch.IOStatus. */
    private static final int INTERRUPTED = -3;

    private final NioSelector selector;
    private SocketChannel channel;
    private final SocketAddress remote;
    private @Nullable SocketAddress local;
    private @Nullable SelectionKey key;

    NioSocket(NioSelector selector, SocketChannel channel, SocketAddress remote, WireListener listener) {
        super(listener);
        this.selector = selector;
        this.channel = channel;
        this.remote = remote;
    }

    @Override
    protected NioSelector selector() {
        return selector;
    }

    @Override
    protected void bind(SocketAddress wanted) throws IOException {
        try {
            channel.bind(wanted);
        } catch (UnsupportedAddressTypeException e) {
            throw NioSelector.noFamily(e);
        }
    }

    @Override
    protected Progress connect(SocketAddress to) throws IOException {
        try {
            return channel.connect(to) ? Progress.DONE : Progress.UNDER_WAY;
        } catch (UnsupportedAddressTypeException e) {
            throw NioSelector.noFamily(e);
        } catch (SocketException e) {
            if (isForWantOfRoom(e)) {
                return Progress.NO_ROOM;
            }
            throw e;
        }
    }

    /**
     * Returns whether this is EAGAIN of a Unix domain socket (connect(2)). Where the system's messages are in another language, that is a failure
     * like any other.
     */
    private static boolean isForWantOfRoom(SocketException failure) {
        return String.valueOf(failure.getMessage()).contains("temporarily unavailable");
    }

    /** Opens a new channel, because the JDK closes one that could not connect. */
    @Override
    protected boolean renew() throws IOException {
        channel = selector.newChannel(remote);
        return true;
    }

    @Override
    protected boolean finishConnect() throws IOException {
        return channel.finishConnect();
    }

    @Override
    protected int read(ByteBuf target) throws IOException {
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
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
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
        return selector.gathering().write(channel, buffers, from, count);
    }

    @Override
    protected void interest(boolean read, boolean write) throws IOException {
        int forWrite = channel.isConnectionPending() ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE;
        key = selector.watch(channel, key, (read ? SelectionKey.OP_READ : 0) | (write ? forWrite : 0), this);
    }

    @Override
    protected void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    protected void closeSocket(boolean reset) {
        try {
            if (reset || hasUnread()) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException | RuntimeException notConnected) {
            // Then there is no peer to send a reset to.
        }
        discard(channel);
    }

    /**
     * Returns whether there is unread input; the kernel then turns a close into a reset. The JDK would half-close first, after which the peer might
     * see either an end or a reset.
     */
    private boolean hasUnread() throws IOException {
        return channel.isConnected() && channel.read(selector.oneByte()) > 0;
    }

    static void discard(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The JDK releases the descriptor first; nothing can be done about the rest.
        }
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        selector.option(channel, option, value);
    }

    @Override
    protected <T> T option(SocketOption<T> option) throws IOException {
        return selector.option(channel, option);
    }

    @Override
    protected void learnOwnAddress() throws IOException {
        local = channel.getLocalAddress();
    }

    @Override
    protected @Nullable SocketAddress ownAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
