package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;

/** The descriptor of a connection: the calls of its Wire, and the readiness reported to the Selector. */
final class SimSocket extends ReadinessWire implements SimSelector.Ready {
    private final SimSelector selector;
    private final End end;
    private boolean wantsRead;
    private boolean wantsWrite;
    private boolean queued;

    SimSocket(SimSelector selector, End end, WireListener listener) {
        super(listener);
        this.selector = selector;
        this.end = end;
    }

    @Override
    protected SimSelector selector() {
        return selector;
    }

    // ---- readiness

    /** Notes that something may have become ready. */
    void changed() {
        if (!queued && (canRead() || canWrite())) {
            queued = true;
            selector.ready(this);
        }
    }

    private boolean canRead() {
        return wantsRead && end.readable();
    }

    private boolean canWrite() {
        return wantsWrite && end.writable();
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

    @Override
    protected void bind(SocketAddress wanted) throws IOException {
        end.bind(wanted);
    }

    @Override
    protected Progress connect(SocketAddress to) throws IOException {
        return switch (end) {
            case Tcp tcp -> {
                tcp.connect();
                yield Progress.UNDER_WAY;
            }
            case UnixEnd unix -> unix.connect() ? Progress.DONE : Progress.NO_ROOM;
        };
    }

    @Override
    protected boolean finishConnect() throws IOException {
        return end.finishConnect();
    }

    @Override
    protected int read(ByteBuf target) throws IOException {
        return end.read(target);
    }

    @Override
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        long all = 0;
        for (int i = from; i < from + count; i++) {
            ByteBuf buffer = Objects.requireNonNull(buffers[i]);
            int n = end.write(buffer);
            all += n;
            if (n < buffer.readableBytes()) {
                break;
            }
        }
        selector.flush(end);
        return all;
    }

    @Override
    protected void endOutput() {
        end.shutdownOutput();
    }

    @Override
    protected long unacknowledgedBytes() {
        return end.unacknowledged();
    }

    @Override
    protected void closeSocket(boolean reset) {
        wantsRead = false;
        wantsWrite = false;
        selector.forget(this);
        end.close(reset);
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        end.option(option, value);
    }

    @Override
    protected <T> T option(SocketOption<T> option) {
        return end.option(option);
    }

    @Override
    protected void learnOwnAddress() {}

    @Override
    protected SocketAddress ownAddress() {
        return end.local();
    }

    @Override
    public SocketAddress remoteAddress() {
        return end.remote();
    }
}
