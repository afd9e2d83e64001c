package rill.spi;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/** What stands in for a socket that could not be had. Its Wire is closed from the start, so that only close is ever called. */
final class NoSocket implements SocketCalls {
    static final NoSocket INSTANCE = new NoSocket();

    private NoSocket() {}

    private static IllegalStateException none() {
        return new IllegalStateException("there is no socket");
    }

    @Override
    public boolean finishConnect() {
        throw none();
    }

    @Override
    public int read(ByteBuf target) {
        throw none();
    }

    @Override
    public long write(@Nullable ByteBuf[] buffers, int from, int count) {
        throw none();
    }

    @Override
    public void interest(boolean read, boolean write) {
        throw none();
    }

    @Override
    public void shutdownOutput() {
        throw none();
    }

    @Override
    public void close(boolean reset) {}

    @Override
    public <T> void set(SocketOption<T> option, T value) {
        throw none();
    }

    @Override
    public <T> T get(SocketOption<T> option) {
        throw none();
    }

    @Override
    public SocketAddress localAddress() {
        throw none();
    }
}
