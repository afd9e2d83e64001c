package rill.spi.readiness;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Tally;
import rill.spi.Transport;
import rill.spi.Uncaught;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.writing.SpareQueues;
import rill.spi.writing.WriteQueue;

/**
 * The Selector of a transport whose system reports readiness. A transport extends it and adds only its system calls.
 *
 * <pre>
 *  select ──▶ poll: the system waits ──▶ Watched.ready (a Wire reads and writes, an Acceptor accepts)
 *     └─────▶ undelivered events, which no readiness announces (closed, accepted, written by a half-close)
 *
 *  connect ─▶ newWire(remote) ──▶ options, bind, connect ──▶ connected already: undelivered
 *                                                       └──▶ under way: waits until it is writable
 *  open ────▶ newWire(accepted) ─▶ options ──▶ undelivered
 *  listen ──▶ newAcceptor(local) ─▶ options, bind, listen
 *  close ───▶ each that is watched, ──▶ closeSelector
 * </pre>
 *
 * <p>State shared by its Wires is kept here as well, so that an idle Wire holds none of it: the loop's receive buffer, the list of the undelivered,
 * spare queues of writes.
 *
 * @param <A> the type of sockets that its Acceptors accept
 */
public abstract class ReadinessSelector<A extends ReadinessAccepted> implements Selector {
    /** The maximum delay before a connect for which there was no room is tried again. */
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    /** So many of them are tried again in one select: each takes system calls, and others wait meanwhile. */
    private static final int AGAIN_PER_TURN = 16;

    private final String transport;
    private final Class<A> accepted;
    private final Supplier<ByteBuf> receiveBuffer;
    private final SpareQueues queues = new SpareQueues();
    private final Undelivered undelivered = new Undelivered();
    private final ArrayDeque<Attempt> withoutRoom = new ArrayDeque<>();
    private Tally tally = Tally.NONE;
    private boolean selecting;
    private boolean closed;

    /**
     * Creates the Selector of one loop.
     *
     * @param transport the transport's name, for messages
     * @param accepted the class of the sockets that its Acceptors accept
     * @param receiveBuffer as passed to {@link Transport#open}
     */
    protected ReadinessSelector(String transport, Class<A> accepted, Supplier<ByteBuf> receiveBuffer) {
        this.transport = transport;
        this.accepted = accepted;
        this.receiveBuffer = receiveBuffer;
    }

    // ---- what a transport adds

    /**
     * Waits until a watched socket is ready, {@link #wakeup} is called, the thread is interrupted, or the timeout expires; then calls
     * {@link Watched#ready} of those that are ready. One of them may close others, which are then not notified, or this Selector, in which case this
     * method returns at once. Unless the timeout is 0, it calls {@link #awake} once it has waited, before anything else.
     *
     * @param timeoutNanos nanoseconds; 0 never blocks, {@link #FOREVER} has no limit
     */
    protected abstract void poll(long timeoutNanos) throws IOException;

    /** All sockets that have a descriptor, except those for which {@code interest} was not called yet. */
    protected abstract Collection<? extends Watched> watched();

    /** Releases the system's resources of the Selector itself. Called once, when nothing is watched any more. */
    protected abstract void closeSelector() throws IOException;

    /** Whether the transport supports addresses of this kind. */
    protected abstract boolean knows(SocketAddress address);

    /**
     * Makes a non-blocking socket for a connection to {@code remote}, in its initial state.
     *
     * @param local the address it will be bound to, or null
     */
    protected abstract ReadinessWire newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException;

    /** Makes the Wire of an accepted socket, and takes ownership of the socket unless it throws. */
    protected abstract ReadinessWire newWire(A socket, WireListener listener);

    /** Makes a non-blocking socket to listen at {@code local}, in its initial state. */
    protected abstract ReadinessAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException;

    /** The file that binding to this address has just made. It is the system's, unless the transport has a file system of its own. */
    protected SocketFile file(UnixDomainSocketAddress address) {
        return SocketFile.bound(address);
    }

    /** The failure of binding to this address, with advice if a file is in the way. */
    protected IOException refused(UnixDomainSocketAddress address, IOException cause) {
        return SocketFile.refused(address, cause);
    }

    // ---- selecting

    @Override
    public final void select(long timeoutNanos) throws IOException {
        requireOpen("select", "");
        selecting = true;
        int waiting = undelivered.size(); // later events are for a later select, as promised
        if (waiting > 0 && timeoutNanos != 0) {
            awake(); // the loop was busy all the time
        }
        poll(waiting > 0 ? 0 : withoutRoom.isEmpty() ? timeoutNanos : soon(timeoutNanos));
        for (int n = waiting; n > 0 && !closed; n--) {
            deliver(undelivered.remove());
        }
        for (int n = Math.min(withoutRoom.size(), AGAIN_PER_TURN); n > 0 && !closed; n--) {
            tryAgain(withoutRoom.remove());
        }
        selecting = false;
    }

    /** If a listener throws at its last event, or when it is notified of a failure, nobody else can be notified. */
    private static void deliver(Watched each) {
        try {
            each.deliver();
        } catch (RuntimeException | Error e) {
            Uncaught.tell(e);
        }
    }

    /** Called when the system has waited, if it had to, and the ready sockets come next. */
    protected final void awake() {
        tally.awake();
    }

    @Override
    public final void tellInto(Tally newTally) {
        tally = newTally;
    }

    private static long soon(long timeoutNanos) {
        return timeoutNanos < 0 ? AGAIN_NANOS : Math.min(timeoutNanos, AGAIN_NANOS);
    }

    /** Adds a socket whose events the next select delivers. */
    final void undelivered(Watched each) {
        undelivered.add(each);
    }

    /** Whether a select would deliver something that {@link #poll} does not know of. */
    protected final boolean hasUndelivered() {
        return undelivered.size() > 0;
    }

    /** Whether a select is under way. */
    final boolean isSelecting() {
        return selecting;
    }

    final String transport() {
        return transport;
    }

    /** Whether it is closed: no event is delivered any more. */
    protected final boolean isClosed() {
        return closed;
    }

    private void requireOpen(String what, Object address) {
        if (closed) {
            throw new IllegalStateException(what + address + ": the selector is closed");
        }
    }

    // ---- connecting

    @Override
    public final Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        requireOpen("connect to ", remote);
        requireKnown(remote);
        if (local != null) {
            requireKnown(local);
        }
        ReadinessWire wire;
        try {
            wire = newWire(remote, local, listener);
        } catch (IOException noDescriptor) {
            wire = new NoSocket(remote, listener, this);
            wire.startFailed(noDescriptor);
            return wire;
        }
        try {
            start(new Attempt(wire, local, options, null), true);
        } catch (RuntimeException | Error e) {
            wire.closeSocket(false);
            throw e;
        }
        return wire;
    }

    /**
     * A connection to be made.
     *
     * @param file the file that binding its present socket has made, while it waits for room
     */
    private record Attempt(
            ReadinessWire wire,
            @Nullable SocketAddress local,
            SocketOptions options,
            @Nullable SocketFile file) {
        Attempt bound() {
            return local instanceof UnixDomainSocketAddress path
                    ? new Attempt(wire, local, options, wire.selector().file(path))
                    : this;
        }

        /** Makes the socket anew if necessary, and returns whether it did. A new socket is bound again, to a path that has to be free. */
        boolean renew() throws IOException {
            boolean anew = wire.renew();
            if (anew && file != null) {
                file.remove();
            }
            return anew;
        }
    }

    private void start(Attempt attempt, boolean newSocket) {
        ReadinessWire wire = attempt.wire;
        try {
            if (newSocket) {
                attempt.options.<IOException>applyTo(wire::setOption);
                bind(wire, attempt.local);
            }
            switch (wire.connect(wire.remoteAddress())) {
                case DONE -> wire.startConnected();
                case UNDER_WAY -> wire.startConnecting();
                case NO_ROOM -> withoutRoom.add(newSocket ? attempt.bound() : attempt);
            }
        } catch (IOException e) {
            wire.startFailed(e);
        }
    }

    private static void bind(ReadinessWire wire, @Nullable SocketAddress local) throws IOException {
        if (local == null) {
            return;
        }
        try {
            wire.bind(local);
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    private void tryAgain(Attempt attempt) {
        if (!attempt.wire.isClosed()) {
            try {
                start(attempt, attempt.renew());
            } catch (IOException | RuntimeException | Error e) {
                fail(attempt.wire, e);
            }
        }
    }

    private static void fail(ReadinessWire wire, Throwable e) {
        try {
            wire.startFailed(e instanceof IOException known ? known : new IOException(e));
        } catch (RuntimeException | Error noMemory) {
            wire.broken(e);
        }
    }

    private void requireKnown(SocketAddress address) {
        SocketFailures.requireAddress(transport, address, knows(address));
    }

    // ---- those that were accepted

    @Override
    public final Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!accepted.isInstance(socket)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        A ours = accepted.cast(socket);
        ours.take();
        ReadinessWire wire;
        try {
            requireOpen("open a connection from ", ours.remoteAddress());
            wire = newWire(ours, listener);
        } catch (RuntimeException | Error e) {
            ours.closeSocket();
            throw e;
        }
        try {
            options.<IOException>applyTo(wire::setOption);
            wire.startConnected();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException | Error e) {
            wire.closeSocket(false);
            throw e;
        }
        return wire;
    }

    // ---- listening

    @Override
    public final Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        requireOpen("listen on ", local);
        requireKnown(local);
        try {
            ReadinessAcceptor acceptor = newAcceptor(local, listener);
            acceptor.start(local, backlog, options);
            return acceptor;
        } catch (IOException e) {
            throw local instanceof UnixDomainSocketAddress path
                    ? refused(path, e)
                    : SocketFailures.naming("listen on " + local, e);
        }
    }

    // ---- for its Wires

    final ByteBuf receiveBuffer() {
        return receiveBuffer.get();
    }

    final Tally tally() {
        return tally;
    }

    final WriteQueue takeQueue() {
        return queues.take();
    }

    final void giveBack(WriteQueue queue) {
        queues.giveBack(queue);
    }

    // ---- closing

    @Override
    public final void close() {
        if (closed) {
            return;
        }
        var all = new ArrayList<Watched>(watched());
        withoutRoom.forEach(each -> all.add(each.wire));
        closed = true; // once all are known: without memory for that, it can be closed later
        @Nullable Throwable failure = null;
        for (Watched each : all) {
            failure = close(each, failure);
        }
        while (undelivered.size() > 0) {
            failure = close(undelivered.remove(), failure);
        }
        withoutRoom.clear();
        try {
            closeSelector();
        } catch (IOException e) {
            failure = e;
        }
        if (failure != null) {
            throw new IllegalStateException("closing the selector", failure);
        }
    }

    /** Closes a socket, and returns what has failed so far. */
    private static @Nullable Throwable close(Watched each, @Nullable Throwable failure) {
        try {
            each.close();
            return failure;
        } catch (RuntimeException | Error e) {
            return e; // the others are closed nevertheless
        }
    }
}
