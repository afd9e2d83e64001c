package rill.spi;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/** The Wire of a socket that could not be had. It is closed from the start, so that {@link #closeSocket} is its only call. */
final class NoSocket extends ReadinessWire {
    private final SocketAddress remote;
    private final ReadinessWires wires;

    NoSocket(SocketAddress remote, WireListener listener, ReadinessWires wires) {
        super(listener);
        this.remote = remote;
        this.wires = wires;
    }

    private static IllegalStateException none() {
        return new IllegalStateException("there is no socket");
    }

    @Override
    protected ReadinessWires wires() {
        return wires;
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
