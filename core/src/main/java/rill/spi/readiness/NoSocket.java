package rill.spi.readiness;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;

/** The Wire of a connection whose socket could not be made. It is closed from the start, and only {@link #closeSocket} is ever called. */
final class NoSocket extends ReadinessWire {
    private final SocketAddress remote;
    private final ReadinessSelector<?> selector;

    NoSocket(SocketAddress remote, WireListener listener, ReadinessSelector<?> selector) {
        super(listener);
        this.remote = remote;
        this.selector = selector;
    }

    private static IllegalStateException none() {
        return new IllegalStateException("there is no socket");
    }

    @Override
    protected ReadinessSelector<?> selector() {
        return selector;
    }

    @Override
    protected void bind(SocketAddress local) {
        throw none();
    }

    @Override
    protected Progress connect(SocketAddress to) {
        throw none();
    }

    @Override
    protected boolean finishConnect() {
        throw none();
    }

    @Override
    protected void learnOwnAddress() {
        throw none();
    }

    @Override
    protected int read(ByteBuf target) {
        throw none();
    }

    @Override
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) {
        throw none();
    }

    @Override
    protected void interest(boolean read, boolean write) {
        throw none();
    }

    @Override
    protected void endOutput() {
        throw none();
    }

    @Override
    protected void closeSocket(boolean reset) {}

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        throw none();
    }

    @Override
    protected <T> T option(SocketOption<T> option) {
        throw none();
    }

    @Override
    protected SocketAddress ownAddress() {
        throw none();
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
