package rill.examples.inprocess;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * One end of a connection. In each turn it reports what was moved in an earlier one, then moves more into the peer's
 * {@code arrived}, then delivers what has arrived here.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ CLOSED ──▶ told, and no member of the selector any more
 * </pre>
 */
final class InProcessWire implements Wire, InProcessSelector.Member {
    private static final int CAPACITY = 64 * 1024;
    private static final int MOST_PER_READ = 16 * 1024;
    private static final int READS_PER_TURN = 16;

    private enum State {
        CONNECTING,
        OPEN,
        CLOSED
    }

    private final InProcessTransport transport;
    private final InProcessSelector selector;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final WireListener listener;

    // What follows belongs to the monitor.
    private State state = State.CONNECTING;
    private @Nullable InProcessWire peer;
    private boolean connectedTold;
    private @Nullable IOException cause;
    private boolean paused;

    private final ArrayDeque<ByteBuf> outgoing = new ArrayDeque<>(); // until they are reported as written
    private long appended; // in bytes of outgoing, as are the next two
    private long flushed;
    private int moved;
    private boolean shutdown;
    private boolean outputEnded;

    private final ByteBuf arrived = Unpooled.buffer(0, CAPACITY);
    private boolean endArrived;
    private boolean endTold;
    private boolean resetArrived;

    InProcessWire(
            InProcessTransport transport,
            InProcessSelector selector,
            SocketAddress local,
            SocketAddress remote,
            WireListener listener) {
        this.transport = transport;
        this.selector = selector;
        this.local = local;
        this.remote = remote;
        this.listener = listener;
        selector.add(this);
    }

    void join(InProcessWire client) {
        peer = client;
        state = State.OPEN;
        if (client.state == State.CLOSED) {
            resetArrived = true;
        } else {
            client.peer = this;
            client.state = State.OPEN;
            transport.notifyAll();
        }
    }

    SocketAddress address() {
        return local;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** The peer breaks off. */
    void reset() {
        if (state == State.CONNECTING) {
            fail(new SocketException("connect to " + remote + ": reset by the peer"));
        }
        resetArrived = true;
        transport.notifyAll();
    }

    void fail(IOException why) {
        end(why);
    }

    // ---- turns

    @Override
    public boolean due() {
        return switch (state) {
            case CONNECTING -> false;
            case CLOSED -> true;
            case OPEN -> !connectedTold || moved > 0 || canMove() || canEnd() || canRead();
        };
    }

    private boolean canMove() {
        return flushed > moved && peer != null && (peer.isClosed() || peer.arrived.readableBytes() < CAPACITY);
    }

    private boolean canEnd() {
        return shutdown && !outputEnded && moved == appended;
    }

    private boolean canRead() {
        return !paused && (arrived.isReadable() || resetArrived || (endArrived && !endTold));
    }

    @Override
    public void turn() {
        if (transport.random.nextInt(4) == 0) {
            return; // completions come late
        }
        tell(this::completion);
        synchronized (transport) {
            move();
        }
        for (int n = 0; n < READS_PER_TURN && tell(this::arrival); n++) {}
    }

    /** Decides with the monitor, tells without; false if there was nothing to tell. */
    private boolean tell(Supplier<@Nullable Runnable> decision) {
        Runnable event;
        synchronized (transport) {
            event = decision.get();
        }
        if (event != null) {
            event.run();
        }
        return event != null;
    }

    private @Nullable Runnable completion() {
        if (state == State.CLOSED && selector.remove(this)) {
            return () -> listener.closed(cause);
        }
        if (state == State.OPEN && !connectedTold) {
            connectedTold = true;
            return listener::connected;
        }
        if (state == State.OPEN && moved > 0) {
            int n = moved;
            releaseMoved();
            return () -> listener.written(n);
        }
        return null;
    }

    private void releaseMoved() {
        appended -= moved;
        flushed -= moved;
        while (moved > 0) {
            ByteBuf first = outgoing.element();
            int part = Math.min(moved, first.readableBytes());
            moved -= part;
            if (!first.skipBytes(part).isReadable()) {
                outgoing.remove().release();
            }
        }
    }

    private void move() {
        if (state != State.OPEN || peer == null) {
            return;
        }
        if (canMove() && peer.isClosed()) {
            fail(new SocketException("write to " + remote + ": the peer is gone"));
        } else if (moved == 0 && canMove()) {
            int most = (int) Math.min(flushed, CAPACITY - peer.arrived.readableBytes());
            moved = 1 + transport.random.nextInt(most);
            copy(moved, peer.arrived);
            transport.notifyAll();
        } else if (canEnd()) {
            outputEnded = true;
            peer.endArrived = true;
            transport.notifyAll();
        }
    }

    private void copy(int bytes, ByteBuf target) {
        target.discardReadBytes();
        int left = bytes;
        for (ByteBuf each : outgoing) {
            int part = Math.min(left, each.readableBytes());
            target.writeBytes(each, each.readerIndex(), part);
            left -= part;
        }
    }

    private @Nullable Runnable arrival() {
        if (state != State.OPEN || !connectedTold || !canRead()) {
            return null;
        }
        if (arrived.isReadable()) {
            int most = Math.min(MOST_PER_READ, arrived.readableBytes());
            ByteBuf bytes = Unpooled.directBuffer(most);
            bytes.writeBytes(arrived, 1 + transport.random.nextInt(most));
            transport.notifyAll();
            return () -> {
                listener.read(bytes);
                bytes.release();
            };
        }
        if (resetArrived) {
            fail(new SocketException("read from " + remote + ": reset by the peer"));
            return null;
        }
        endTold = true;
        return listener::inputEnded;
    }

    // ---- Wire

    @Override
    public void write(ByteBuf buffer) {
        synchronized (transport) {
            if (isClosed() || shutdown || !buffer.isReadable()) {
                buffer.release();
                return;
            }
            appended += buffer.readableBytes();
            outgoing.add(buffer);
        }
    }

    @Override
    public long flush() {
        flushed = appended;
        return 0; // completion is learned of later
    }

    @Override
    public void pauseReads() {
        paused = true;
    }

    @Override
    public void resumeReads() {
        paused = false;
    }

    @Override
    public void shutdownOutput() {
        shutdown = true;
        flush();
    }

    @Override
    public void close() {
        synchronized (transport) {
            end(null, arrived.isReadable()); // as a system does: who closes with input unread resets
        }
    }

    @Override
    public void abort() {
        synchronized (transport) {
            end(null, true);
        }
    }

    private void end(@Nullable IOException why, boolean reset) {
        if (isClosed()) {
            return;
        }
        end(why);
        if (peer != null && reset) {
            peer.reset();
        } else if (peer != null) {
            peer.endArrived = true;
        }
    }

    private void end(@Nullable IOException why) {
        state = State.CLOSED;
        cause = why;
        outgoing.forEach(ByteBuf::release);
        outgoing.clear();
        arrived.release();
        transport.notifyAll();
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        InProcessTransport.require(option);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        InProcessTransport.require(option);
        return option.type().cast(true);
    }

    private void requireUsable() throws ClosedChannelException {
        if (isClosed()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return connectedTold ? local : null;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
