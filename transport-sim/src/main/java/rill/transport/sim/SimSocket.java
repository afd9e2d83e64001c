package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;

/** A descriptor of a connection: the calls that its wire makes, and the readiness that the selector tells it. */
final class SimSocket extends ReadinessWire implements SimSelector.Ready {
    private final SimSelector selector;
    private final Tcp tcp;
    private final Options options;
    private final SocketAddress remote;
    private boolean wantsRead;
    private boolean wantsWrite;
    private boolean queued;

    SimSocket(SimSelector selector, Tcp tcp, SocketAddress remote, WireListener listener) {
        super(listener);
        this.selector = selector;
        this.tcp = tcp;
        this.remote = remote;
        this.options = new Options(tcp);
    }

    @Override
    protected SimSelector selector() {
        return selector;
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
        ready(canRead() || (wantsRead && selector.chance().spurious()), canWrite());
        changed();
    }

    @Override
    protected void interest(boolean read, boolean write) {
        wantsRead = read;
        wantsWrite = write;
        changed();
    }

    // ---- calls

    /** It is bound from the start. */
    @Override
    protected void bind(SocketAddress wanted) {}

    @Override
    protected Progress connect(SocketAddress to) {
        tcp.connect();
        return Progress.UNDER_WAY;
    }

    @Override
    protected boolean finishConnect() throws IOException {
        return tcp.finishConnect();
    }

    @Override
    protected int read(ByteBuf target) throws IOException {
        return tcp.read(target);
    }

    @Override
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        long all = 0;
        for (int i = from; i < from + count; i++) {
            ByteBuf buffer = Objects.requireNonNull(buffers[i]);
            int n = tcp.write(buffer);
            all += n;
            if (n < buffer.readableBytes()) {
                break;
            }
        }
        selector.flush(tcp);
        return all;
    }

    @Override
    protected void endOutput() {
        tcp.shutdownOutput();
    }

    @Override
    protected long unacknowledgedBytes() {
        return tcp.out.buffered();
    }

    @Override
    protected void closeSocket(boolean reset) {
        wantsRead = false;
        wantsWrite = false;
        selector.forget(this);
        tcp.close(reset || options.lingersNotAtAll());
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        options.set(option, value);
    }

    @Override
    protected <T> T option(SocketOption<T> option) {
        return options.get(option);
    }

    @Override
    protected void learnOwnAddress() {}

    @Override
    protected SocketAddress ownAddress() {
        return tcp.local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
