package rill.examples.inprocess;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Uncaught;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * One end of a connection, confined to its loop. While it has no peer, it is connecting.
 *
 * <pre>
 *  write, flush ──▶ move ──▶ arrived, at the peer ──▶ deliver ──▶ read
 *                    ▲ └─▶ complete ──▶ written         │
 *                    └────────────── credit ◀───────────┘
 * </pre>
 */
final class InProcessWire implements Wire {
    private static final int WINDOW = 64 * 1024;
    private static final int MOST_PER_READ = 16 * 1024;
    private static final int READS_PER_TURN = 16;

    final InProcessSelector selector;
    final SocketAddress local;
    private final SocketAddress remote;
    private final WireListener listener;
    private @Nullable InProcessWire peer;
    private boolean closed;
    private boolean unwritable; // the peer takes nothing more; bytes that it sent before are still delivered

    private final List<ByteBuf> outgoing = new ArrayList<>(); // until they are reported as written
    private long appended; // bytes in outgoing
    private long flushed; // those of them that were flushed
    private int moving; // those of them that are in flight and not reported yet
    private int window = WINDOW; // bytes that the peer still has room for
    private boolean shutdown;
    private boolean endSent;

    private final ByteBuf arrived = Unpooled.buffer(0);
    private boolean endArrived;
    private @Nullable IOException failure; // reported once everything that has arrived is read
    private boolean delivering; // a message to do so is in flight
    private boolean paused;
    private boolean endTold;

    InProcessWire(InProcessSelector selector, SocketAddress local, SocketAddress remote, WireListener listener) {
        this.selector = selector;
        this.local = local;
        this.remote = remote;
        this.listener = listener;
        selector.wires.add(this);
    }

    // // ---- messages, run within select

    /** Queues a message, which a later select runs. If a listener throws, which it should not do, only this Wire fails. Any thread. */
    boolean post(Runnable message) {
        return selector.post(() -> {
            try {
                message.run();
            } catch (RuntimeException | Error e) {
                serviceFails(e);
            }
        });
    }

    private void serviceFails(Throwable thrown) {
        if (closed) { // closed was the last event, so nobody is left to be notified
            Uncaught.tell(thrown);
        }
        fail(new IOException("serve " + remote, thrown));
    }

    void connected(InProcessWire other) {
        if (closed) {
            other.post(other::reset);
            return;
        }
        peer = other;
        listener.connected();
        move();
        deliverSoon();
    }

    void refused() {
        fail(new ConnectException("connect to " + remote + ": nobody listens, or the backlog is full"));
    }

    /** The peer has aborted. */
    void reset() {
        if (closed) {
            return;
        }
        failure = new SocketException((peer == null ? "connect to " : "read from ") + remote + ": reset by the peer");
        if (peer == null) {
            fail(failure);
        } else {
            if (appended > 0) {
                broken(); // since the rest will never leave
            }
            deliverSoon();
        }
    }

    private void arrive(byte[] bytes, InProcessWire from) {
        if (closed) {
            from.post(from::broken);
        } else {
            arrived.discardReadBytes().writeBytes(bytes);
            deliverSoon();
        }
    }

    private void end() {
        endArrived = true;
        deliverSoon();
    }

    private void broken() {
        boolean resetIsNext = failure != null && !paused && !arrived.isReadable();
        if (!closed && !unwritable && !resetIsNext) {
            unwritable = true;
            failure = new SocketException("write to " + remote + ": the peer is gone");
            outgoing.forEach(ByteBuf::release);
            outgoing.clear();
            listener.writeFailed(failure);
            deliverSoon();
        }
    }

    private void complete() {
        if (selector.transport.random.nextInt(3) == 0) {
            post(this::complete); // late
        } else if (!closed && !unwritable) {
            int n = moving;
            releaseMoved();
            listener.written(n);
            move();
        }
    }

    private void deliver() {
        delivering = false;
        for (int n = 0; n < READS_PER_TURN && !closed && !paused && arrived.isReadable(); n++) {
            readSome();
        }
        if (closed || paused) {
            return;
        }
        if (arrived.isReadable()) {
            deliverSoon();
        } else if (failure != null) {
            fail(failure);
        } else if (endArrived && !endTold) {
            endTold = true;
            listener.inputEnded();
        }
    }

    private void readSome() {
        int n = 1 + selector.transport.random.nextInt(Math.min(MOST_PER_READ, arrived.readableBytes()));
        ByteBuf bytes = Unpooled.directBuffer(n).writeBytes(arrived, n);
        InProcessWire to = Objects.requireNonNull(peer);
        to.post(() -> {
            to.window += n; // the peer's credit
            to.move();
        });
        try {
            listener.received(bytes);
            listener.turnEnded();
        } finally {
            ReferenceCountUtil.safeRelease(bytes); // whatever was done to a buffer that was only borrowed
        }
    }

    // // ---- what sends them

    private void deliverSoon() {
        if (!delivering && peer != null) {
            delivering = true;
            post(this::deliver);
        }
    }

    private void move() {
        InProcessWire to = peer;
        if (closed || unwritable || moving > 0 || to == null) {
            return;
        }
        int most = (int) Math.min(window, flushed);
        if (most > 0) {
            moving = 1 + selector.transport.random.nextInt(most);
            window -= moving;
            ByteBuf bytes = Unpooled.buffer(moving, moving);
            outgoing.forEach(each ->
                    bytes.writeBytes(each, each.readerIndex(), Math.min(bytes.writableBytes(), each.readableBytes())));
            post(to.post(() -> to.arrive(bytes.array(), this)) ? this::complete : this::broken);
        } else if (shutdown && appended == 0 && !endSent) {
            endSent = true;
            to.post(to::end);
        }
    }

    private void releaseMoved() {
        appended -= moving;
        flushed -= moving;
        while (moving > 0) {
            ByteBuf first = outgoing.getFirst();
            int part = Math.min(moving, first.readableBytes());
            moving -= part;
            if (!first.skipBytes(part).isReadable()) {
                outgoing.removeFirst().release();
            }
        }
    }

    void fail(IOException cause) {
        finish(cause, false);
    }

    private void finish(@Nullable IOException cause, boolean reset) {
        if (closed) {
            return;
        }
        closed = true;
        outgoing.forEach(ByteBuf::release);
        outgoing.clear();
        arrived.release();
        selector.wires.remove(this);
        selector.transport.inUse.remove(local);
        if (peer != null) {
            peer.post(reset ? peer::reset : peer::end);
        }
        failure = cause;
        post(() -> {
            if (!selector.closed) { // otherwise nobody is to be notified
                listener.closed(failure);
            }
        });
    }

    // ---- Wire

    @Override
    public void write(ByteBuf buffer) {
        if (closed || unwritable || shutdown || !buffer.isReadable()) {
            buffer.release();
        } else {
            try {
                outgoing.add(buffer); // a list grows before it changes, which an ArrayDeque does not
            } catch (OutOfMemoryError e) {
                buffer.release();
                throw e;
            }
            appended += buffer.readableBytes();
        }
    }

    @Override
    public long flush() {
        flushed = appended;
        move();
        return 0; // completion is reported later
    }

    @Override
    public void pauseReads() {
        paused = true;
    }

    @Override
    public void resumeReads() {
        paused = false;
        deliverSoon();
    }

    @Override
    public void shutdownOutput() {
        shutdown = true;
        flush();
    }

    @Override
    public void close() {
        finish(null, !closed && arrived.isReadable()); // as a system does: closing with unread input resets
        failure = null; // a failure that was not reported yet is dropped
    }

    @Override
    public void abort() {
        finish(null, true);
        failure = null;
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        InProcessTransport.set(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        set(option, option.type().cast(true));
        return option.type().cast(true);
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return peer == null ? null : local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
