package rill.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import rill.spi.SocketOptions;
import rill.spi.Uncaught;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.readiness.SocketFailures;

/**
 * A wire of a {@link MemoryTransport}: two of them are connected, and each holds what is on its way to it.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ CLOSED ──▶ gone (closed was reported)
 *                   └─ a write fails: what has arrived is still delivered ─▶ CLOSED
 * </pre>
 *
 * <p>Each select gives it one turn, in which it reports that it is connected, that a write has failed, or that it is closed; otherwise it completes
 * at most one write and delivers at most one piece, or the end of input.
 */
public final class MemoryWire implements Wire {
    private static final Set<SocketOption<?>> OPTIONS = Set.of(
            StandardSocketOptions.TCP_NODELAY, StandardSocketOptions.SO_KEEPALIVE, StandardSocketOptions.SO_REUSEADDR);

    private enum State {
        CONNECTING,
        OPEN,
        CLOSED
    }

    private final MemoryTransport transport;
    private final MemorySelector selector;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final Faults faults;
    private final Map<SocketOption<?>, Object> options = new HashMap<>();
    private WireListener listener;

    // All guarded by the transport's lock.
    private State state = State.CONNECTING;
    private MemoryWire peer;
    private boolean told; // whether connected() was called
    private boolean paused;
    private boolean shutdownWanted;
    private boolean outputShut;
    private boolean endTold;
    private IOException failure;
    private IOException writeFailure; // if set, nothing more leaves
    private boolean writeFailureTold;
    private boolean closedBefore; // the present select
    private int delay = -1; // selects that the next event still waits; negative if undecided
    private final ArrayDeque<ByteBuf> outgoing = new ArrayDeque<>();
    private long appended;
    private long submitted; // of the bytes appended, by flush
    private long written;
    private long delivered;

    private final ByteBuf incoming = Unpooled.buffer();
    private boolean incomingEnded;
    private IOException incomingReset;

    MemoryWire(
            MemoryTransport transport,
            MemorySelector selector,
            SocketAddress local,
            SocketAddress remote,
            Faults faults) {
        this.transport = transport;
        this.selector = selector;
        this.local = local;
        this.remote = remote;
        this.faults = faults;
    }

    // ---- for tests

    /** The peer resets the connection, behind the bytes on their way. Any thread. */
    public void reset() {
        synchronized (transport.lock) {
            incomingReset = new IOException("Connection reset");
            selector.nudge();
        }
    }

    /** The number of written bytes not reported as such yet. */
    public long unreported() {
        synchronized (transport.lock) {
            return appended - written;
        }
    }

    // ---- for the selector; called with the lock held, except for turn()

    /** Fails for an unknown option. */
    static final SocketOptions.Setter<RuntimeException> CHECK = new SocketOptions.Setter<>() {
        @Override
        public <T> void set(SocketOption<T> option, T value) {
            requireKnown(option);
        }
    };

    void start(SocketOptions wanted, WireListener newListener) {
        wanted.applyTo(CHECK);
        listener = newListener;
        selector.add(this);
        wanted.applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                options.put(option, value);
            }
        });
    }

    void connectedTo(MemoryWire client) {
        if (client.state == State.CLOSED) {
            incomingReset = new IOException("Connection reset");
        } else {
            client.peer = this;
            client.state = State.OPEN;
            client.selector.nudge();
        }
        peer = client;
        state = State.OPEN;
    }

    void fail(String doing, IOException cause) {
        if (state != State.CLOSED) {
            end(SocketFailures.naming(doing + remote, cause));
        }
    }

    /** Whether a turn would do something, now or after a delay. */
    boolean ready() {
        return switch (state) {
            case CONNECTING -> false;
            case CLOSED -> true;
            case OPEN ->
                !told || (writeFailure != null && !writeFailureTold) || canWrite() || canShutDown() || canRead();
        };
    }

    private boolean canWrite() {
        return writeFailure == null
                && submitted > written
                && (peer.state == State.CLOSED || broken(written, faults.resetAfterWritten()) || room() > 0);
    }

    private static boolean broken(long so, long limit) {
        return limit >= 0 && so >= limit;
    }

    private int room() {
        long most = Math.min(submitted - written, transport.capacity - peer.incoming.readableBytes());
        most = Math.min(most, faults.writeAtMost());
        if (faults.stallAfterWritten() >= 0) {
            most = Math.min(most, faults.stallAfterWritten() - written);
        }
        if (faults.resetAfterWritten() >= 0) {
            most = Math.min(most, faults.resetAfterWritten() - written);
        }
        return (int) Math.max(0, most);
    }

    private boolean canShutDown() {
        return writeFailure == null && shutdownWanted && !outputShut && written == appended;
    }

    private boolean canRead() {
        return !paused
                && (incoming.isReadable()
                        || incomingReset != null
                        || writeFailure != null
                        || broken(delivered, faults.resetAfterRead())
                        || (incomingEnded && !endTold));
    }

    /** Notes whether it is closed as a select begins: what a listener closes is told so by a later one. */
    void selectBegins() {
        synchronized (transport.lock) {
            closedBefore = state == State.CLOSED;
        }
    }

    void turn() {
        synchronized (transport.lock) {
            if (!ready() || delayed() || (state == State.CLOSED && !closedBefore)) {
                return;
            }
            if (state == State.CLOSED) {
                selector.remove(this);
            }
        }
        try {
            tell();
        } catch (RuntimeException | Error e) { // a listener should not throw
            boolean fails;
            synchronized (transport.lock) {
                fails = state != State.CLOSED;
                if (fails) {
                    tellPeer(true);
                    fail("serve ", new IOException(e));
                }
            }
            if (!fails) {
                Uncaught.tell(e);
            }
        }
    }

    private void tell() {
        if (state == State.CLOSED) {
            listener.closed(failure);
        } else if (!told) {
            told = true;
            listener.connected();
        } else if (writeFailure != null && !writeFailureTold) {
            writeFailureTold = true;
            listener.writeFailed(writeFailure);
        } else {
            completeWrite();
            if (state == State.OPEN && (writeFailure == null || writeFailureTold)) {
                deliver();
            }
        }
    }

    private boolean delayed() {
        if (delay < 0) {
            delay = transport.delay();
        }
        delay--;
        return delay >= 0;
    }

    private void completeWrite() {
        long n;
        synchronized (transport.lock) {
            if (!canWrite()) {
                if (canShutDown()) {
                    outputShut = true;
                    peer.incomingEnded = true;
                    peer.selector.nudge();
                }
                return;
            }
            if (peer.state == State.CLOSED) {
                writeFails(new IOException("Broken pipe"));
                return;
            }
            if (broken(written, faults.resetAfterWritten())) {
                peer.reset();
                writeFails(new IOException("Connection reset"));
                return;
            }
            n = transport.piece(room());
            transfer((int) n);
            peer.selector.nudge();
        }
        listener.written(n);
    }

    private void writeFails(IOException cause) {
        writeFailure = SocketFailures.naming("write to " + remote, cause);
        outgoing.forEach(ByteBuf::release);
        outgoing.clear();
    }

    private void transfer(int n) {
        selector.tally().written();
        written += n;
        for (int left = n; left > 0; ) {
            ByteBuf first = outgoing.element();
            int part = Math.min(left, first.readableBytes());
            peer.incoming.writeBytes(first, part);
            left -= part;
            if (!first.isReadable()) {
                outgoing.remove().release();
            }
        }
    }

    private void deliver() {
        ByteBuf hint = transport.takesHints && incoming.isReadable() ? listener.readTarget() : null;
        ByteBuf read = null;
        boolean end = false;
        synchronized (transport.lock) {
            if (!canRead()) {
                return;
            }
            if (broken(delivered, faults.resetAfterRead())) {
                peer.reset();
                fail("read from ", new IOException("Connection reset"));
            } else if (incoming.isReadable()) {
                read = take(hint);
            } else if (writeFailure != null) {
                end(writeFailure);
            } else if (incomingReset != null) {
                fail("read from ", incomingReset);
            } else {
                endTold = true;
                end = true;
            }
            peer.selector.nudge();
        }
        if (read != null && read == hint) {
            listener.received(read);
        } else if (read != null) {
            lend(read);
        } else if (end) {
            listener.inputEnded();
        }
    }

    private ByteBuf take(ByteBuf hint) {
        selector.tally().read();
        int most = hint == null ? incoming.readableBytes() : Math.min(incoming.readableBytes(), hint.writableBytes());
        if (faults.resetAfterRead() >= 0) {
            most = (int) Math.min(most, faults.resetAfterRead() - delivered);
        }
        int n = transport.piece(most);
        ByteBuf target = hint == null ? Unpooled.directBuffer(n) : hint;
        target.writeBytes(incoming, n);
        incoming.discardSomeReadBytes();
        delivered += n;
        return target;
    }

    /** Lends the bytes for one call; a receiver that reads them later without having retained them sees zeros. */
    private void lend(ByteBuf bytes) {
        try {
            listener.received(bytes);
        } finally {
            if (bytes.refCnt() == 1) {
                bytes.setZero(0, bytes.capacity());
            }
            if (bytes.refCnt() > 0) { // else a receiver has released bytes that were only lent
                bytes.release();
            }
        }
    }

    // ---- Wire

    @Override
    public void write(ByteBuf buffer) {
        synchronized (transport.lock) {
            if (state == State.CLOSED || writeFailure != null || shutdownWanted || !buffer.isReadable()) {
                buffer.release();
                return;
            }
            appended += buffer.readableBytes();
            outgoing.add(buffer);
        }
    }

    @Override
    public long flush() {
        submitted = appended;
        return 0;
    }

    @Override
    public long unacknowledged() {
        synchronized (transport.lock) {
            return state == State.OPEN ? peer.incoming.readableBytes() : UNKNOWN;
        }
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
        shutdownWanted = true;
        submitted = appended;
    }

    @Override
    public void close() {
        synchronized (transport.lock) {
            if (state != State.CLOSED) {
                tellPeer(incoming.isReadable());
                end(null);
            }
            failure = null; // a failure not reported yet is dropped
        }
    }

    @Override
    public void abort() {
        synchronized (transport.lock) {
            if (state != State.CLOSED) {
                end(null);
                tellPeer(true);
            }
            failure = null;
        }
    }

    private void end(IOException cause) {
        state = State.CLOSED;
        failure = cause;
        delay = -1;
        outgoing.forEach(ByteBuf::release);
        outgoing.clear();
        incoming.clear();
    }

    /** Closes as a kernel does: with input unread, the peer is reset. */
    private void tellPeer(boolean reset) {
        if (peer == null) {
            return;
        }
        if (reset) {
            peer.reset();
        } else {
            peer.incomingEnded = true;
            peer.selector.nudge();
        }
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        requireKnown(option);
        options.put(option, value);
    }

    private static void requireKnown(SocketOption<?> option) {
        if (!OPTIONS.contains(option)) {
            throw new IllegalArgumentException("transport memory has no option " + option.name());
        }
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        requireKnown(option);
        return option.type().cast(options.getOrDefault(option, Boolean.FALSE));
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public SocketAddress localAddress() {
        return told || peer != null ? local : null;
    }

    /** The address that its peer sees. */
    SocketAddress from() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public String toString() {
        return state + " memory wire to " + remote;
    }
}
