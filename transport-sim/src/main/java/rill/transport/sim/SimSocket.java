package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.ReadinessWire;
import rill.spi.SocketCalls;

/** A descriptor of a connection: the calls that the wire makes, and the readiness that the selector tells it. */
final class SimSocket implements SocketCalls, SimSelector.Ready {
    private final SimSelector selector;
    private final Tcp tcp;
    private final Options options;
    private @Nullable ReadinessWire wire;
    private boolean wantsRead;
    private boolean wantsWrite;
    private boolean queued;

    SimSocket(SimSelector selector, Tcp tcp) {
        this.selector = selector;
        this.tcp = tcp;
        this.options = new Options(tcp);
    }

    void wire(ReadinessWire newWire) {
        wire = newWire;
        tcp.use(this);
    }

    ReadinessWire wire() {
        return Objects.requireNonNull(wire);
    }

    // ---- readiness

    /** Something may be ready that was not. */
    void changed() {
        if (!queued && (canRead() || canWrite())) {
            queued = true;
            selector.ready(this);
        }
    }

    private boolean canRead() {
        return wantsRead && tcp.readable();
    }

    private boolean canWrite() {
        return wantsWrite && tcp.writable();
    }

    @Override
    public void turn() {
        queued = false;
        wire().ready(canRead(), canWrite());
        changed();
    }

    @Override
    public void shut() {
        wire().close();
    }

    @Override
    public void interest(boolean read, boolean write) {
        wantsRead = read;
        wantsWrite = write;
        changed();
    }

    // ---- calls

    @Override
    public boolean finishConnect() throws IOException {
        return tcp.finishConnect();
    }

    @Override
    public int read(ByteBuf target) throws IOException {
        return tcp.read(target);
    }

    @Override
    public long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        long all = 0;
        for (int i = from; i < from + count; i++) {
            ByteBuf buffer = Objects.requireNonNull(buffers[i]);
            int n = tcp.write(buffer);
            all += n;
            if (n < buffer.readableBytes()) {
                break;
            }
        }
        tcp.push();
        return all;
    }

    @Override
    public void shutdownOutput() {
        tcp.shutdownOutput();
    }

    @Override
    public void close(boolean reset) {
        wantsRead = false;
        wantsWrite = false;
        selector.forget(this);
        tcp.close(reset || options.lingersNotAtAll());
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) {
        options.set(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) {
        return options.get(option);
    }

    @Override
    public InetSocketAddress localAddress() {
        return tcp.local;
    }

    SocketAddress remoteAddress() {
        return tcp.remote;
    }
}
