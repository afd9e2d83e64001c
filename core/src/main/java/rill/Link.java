package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * A Wire with what is on top of it: the machine behind a {@link Connection}.
 *
 * <pre>
 *          close() ¹               all written               end of input, or no more Patience
 *  OPEN ───────────▶ FLUSHING ─────────────────▶ DRAINING ───────────────────────────────────▶ CLOSED
 *    │                  └ no more Patience: abort ───────────────────────────────────────────────▶│
 *    └── abort(), the wire fails ────────────────────────────────────────────────────────────────▶┘
 * </pre>
 *
 * ¹ If a layer still holds back writes (TLS, in its handshake), it is first left time to let them go.
 *
 * <p>In FLUSHING and DRAINING whatever comes in is thrown away: an answer already written is never destroyed by a reset that unread
 * input would cause.
 */
final class Link extends Node implements WireListener {
    private enum State {
        OPEN,
        FLUSHING,
        DRAINING,
        CLOSED
    }

    private final Loop loop;
    private final ConnectionLimits limits;
    private final Inbound inbound;
    private final Outbound outbound;
    private @Nullable Patience patience; // while it closes
    private @Nullable Promise<@Nullable Void> closed; // made when somebody asks; guarded by this
    private boolean gone; // guarded by this
    private @Nullable Wire wire;
    private @Nullable Pipeline<?, ?> pipeline;
    private @Nullable Connection<?, ?> connection; // the present one
    private @Nullable Consumer<? super Failure> onFailure;
    private @Nullable Consumer<? super @Nullable Throwable> onConnect; // until connected or failed
    private State state = State.OPEN;
    private boolean closing; // once a layer lets go the writes that it holds back
    private boolean endingOutput; // likewise
    private boolean dirty;
    private boolean reading; // within a read event, at whose end there is a flush anyway
    private int messagesInBatch;
    private boolean receiverTold; // of the end
    private @Nullable Throwable failedWith;
    private boolean endSeen; // of input, while closing
    private boolean wireGone; // what it brought may still be waiting to be received

    // The loop's list of open connections.
    @Nullable
    Link previousLink;

    @Nullable
    Link nextLink;

    /**
     * @param onConnect told once: null when connected, or why that failed
     */
    Link(Loop loop, ConnectionLimits limits, Consumer<? super @Nullable Throwable> onConnect) {
        this.loop = loop;
        this.limits = limits;
        this.onConnect = onConnect;
        this.inbound = new Inbound(this, loop);
        this.outbound = new Outbound(this, loop, limits);
    }

    void wire(Wire newWire) {
        wire = newWire;
    }

    Wire wire() {
        return Objects.requireNonNull(wire);
    }

    Loop loop() {
        return loop;
    }

    Inbound inbound() {
        return inbound;
    }

    Outbound outbound() {
        return outbound;
    }

    ConnectionLimits limits() {
        return limits;
    }

    /** From any thread. */
    synchronized Future<@Nullable Void> closedFuture() {
        if (closed == null) {
            closed = loop.promise();
            if (gone) {
                closed.complete(null);
            }
        }
        return closed;
    }

    private synchronized void noteGone() {
        gone = true;
        if (closed != null) {
            closed.complete(null);
        }
    }

    private Patience patience() {
        if (patience == null) {
            patience = new Patience(this);
        }
        return patience;
    }

    // ---- pipelines

    /** The first pipeline. Called when connected. */
    <R, W> Connection<R, W> open(Pipeline<R, W> first) {
        return install(first, null);
    }

    <R, W> Connection<R, W> become(Pipeline<R, W> next) {
        Pipeline<?, ?> before = Objects.requireNonNull(pipeline);
        inbound.requireReplaceable(before, next);
        if (!outbound.encodeThrough()) {
            throw new IllegalStateException("become: a layer of " + this + " still holds back writes");
        }
        return install(next, before);
    }

    private <R, W> Connection<R, W> install(Pipeline<R, W> next, @Nullable Pipeline<?, ?> before) {
        var fresh = new Connection<>(this, next.codec());
        connection = fresh;
        pipeline = next;
        inbound.install(next, before, new SessionContext(loop.random(), wire().remoteAddress()));
        return fresh;
    }

    boolean isCurrent(Connection<?, ?> candidate) {
        return connection == candidate;
    }

    @SuppressWarnings("unchecked")
    void receiver(Receiver<?> receiver) {
        inbound.receiver((Receiver<Object>) receiver);
        if (state == State.CLOSED) {
            tellReceiver(null); // it has come too late to be told with the others
        }
    }

    void onFailure(Consumer<? super Failure> handler) {
        onFailure = handler;
    }

    // ---- events from the wire

    @Override
    public void connected() {
        asActivity(this::nowConnected);
    }

    /** Names the connection to the watchdog while its event holds the loop. */
    private void asActivity(Runnable event) {
        Node before = loop.activity().enter(this);
        event.run();
        loop.activity().enter(before);
    }

    private void nowConnected() {
        Consumer<? super @Nullable Throwable> told = onConnect;
        onConnect = null;
        loop.links().add(this);
        if (told != null) {
            guarded(() -> told.accept(null));
        }
        flushIfDirty();
    }

    @Override
    public @Nullable ByteBuf readTarget() {
        return inbound.readTarget();
    }

    @Override
    public void read(ByteBuf bytes) {
        if (state != State.OPEN || inbound.stages().length == 0) {
            drained(bytes);
            return;
        }
        if (closing) {
            patience().drained(bytes.readableBytes());
        }
        Node before = loop.activity().enter(this);
        reading = true;
        messagesInBatch = 0;
        try {
            inbound.read(bytes);
        } catch (Throwable t) {
            failed(t, false); // nothing that goes wrong in one connection may reach the selector
        }
        reading = false;
        if (messagesInBatch > 0 && inbound.hasReceiver()) {
            outbound.batchOf(inbound.receiver().batch(messagesInBatch));
        }
        flushIfDirty();
        loop.activity().enter(before);
    }

    private void drained(ByteBuf bytes) {
        boolean enough = patience().drained(bytes.readableBytes());
        if (state == State.DRAINING && enough) {
            wire().close();
        }
    }

    @Override
    public void written(long bytes) {
        outbound.progress(bytes);
        goOnFlushing();
    }

    @Override
    public void inputEnded() {
        asActivity(this::nowEnded);
    }

    private void nowEnded() {
        if (state == State.OPEN) {
            inbound.ended();
            flushIfDirty();
        } else {
            endSeen = true;
            if (state == State.DRAINING) {
                wire().close();
            }
        }
    }

    @Override
    public void closed(@Nullable Throwable cause) {
        asActivity(() -> nowClosed(cause));
    }

    private void nowClosed(@Nullable Throwable cause) {
        if (onConnect != null) {
            Consumer<? super @Nullable Throwable> told = onConnect;
            onConnect = null;
            Throwable why = cause == null ? new CancelledException("connecting to " + this + " was given up") : cause;
            guarded(() -> told.accept(why));
            return;
        }
        wireGone = true;
        boolean wasOpen = state == State.OPEN;
        outbound.close(cause == null ? closedByUs() : cause);
        if (wasOpen && cause != null) {
            inbound.wireClosed(cause);
        } else {
            conclude(null);
        }
    }

    private Throwable closedByUs() {
        Throwable before = outbound.closed();
        return before instanceof ClosedHere ? before : new ClosedHere(peer(), loop.origins() != null);
    }

    /** Nothing more will come: tells everybody, and lets go of everything. */
    void conclude(@Nullable Throwable cause) {
        if (state == State.CLOSED) {
            return;
        }
        boolean wasOpen = state == State.OPEN;
        state = State.CLOSED;
        if (patience != null) {
            patience.end();
        }
        if (cause != null && wasOpen) {
            tellFailure(cause, new Failure(cause, false));
        } else {
            tellReceiver(null);
        }
        inbound.close();
        outbound.close(cause == null ? closedByUs() : cause);
        loop.links().remove(this);
        noteGone();
    }

    // ---- failures

    /** Something threw. Closes the connection, unless the failure is survivable and the handler carries on. */
    void failed(Throwable cause, boolean survivable) {
        if (state != State.OPEN) {
            if (!(cause instanceof IOException)) {
                loop.report(new Report.Thrown(loop.name(), toString(), cause));
            }
            return;
        }
        var failure = new Failure(cause, survivable);
        tellFailure(cause, failure);
        if (!failure.carriesOn()) {
            closeNow();
        }
    }

    private void tellFailure(Throwable cause, Failure failure) {
        Consumer<? super Failure> handler = onFailure;
        if (handler != null) {
            loop.runReporting("onFailure of " + this, () -> handler.accept(failure));
        }
        if (failure.carriesOn()) {
            return;
        }
        failedWith = cause;
        boolean told = tellReceiver(cause);
        if (!told && handler == null) {
            loop.report(new Report.ConnectionFailed(loop.name(), toString(), cause));
        }
    }

    private boolean tellReceiver(@Nullable Throwable cause) {
        if (receiverTold || inbound.stages().length == 0 || !inbound.hasReceiver()) {
            return false;
        }
        receiverTold = true;
        Throwable why =
                cause == null ? failedWith : cause; // a receiver that came after the failure hears of it as well
        try {
            return inbound.receiver().closed(why);
        } catch (Throwable t) {
            loop.report(new Report.Thrown(loop.name(), "the end of " + this, t));
            return false;
        }
    }

    /** Whether failures are told to somebody in any case. */
    boolean tellsFailures() {
        return onFailure != null;
    }

    /** Calls the user; what that throws fails the connection, which may survive it. */
    void guarded(Runnable call) {
        try {
            call.run();
        } catch (Throwable t) {
            failed(t, true);
        }
    }

    // ---- writing and flushing

    void messageArrived() {
        messagesInBatch++;
    }

    /** Something is to be flushed at the end of this tick, or earlier. */
    void dirty() {
        if (!dirty) {
            dirty = true;
            if (!reading) {
                loop.links().dirty(this);
            }
        }
    }

    void flushIfDirty() {
        if (dirty) {
            dirty = false;
            if (state == State.OPEN || state == State.FLUSHING) {
                outbound.flush();
                if (state == State.OPEN && (closing || endingOutput) && !outbound.holdsBack()) {
                    goOnEnding();
                }
                goOnFlushing();
            }
        }
    }

    // ---- closing

    /** Sees to it that the connection ends once what is in flight is done: the loop is closing, or a Client finishes. */
    void finish() {
        if (state == State.OPEN && inbound.hasReceiver()) {
            guarded(() -> inbound.receiver().finish(this));
        } else if (state == State.DRAINING) {
            patience().whileDraining(); // less of it, from now on
        } else {
            close();
        }
    }

    private void goOnEnding() {
        if (closing) {
            closeNow();
        } else {
            shutdownNow();
        }
    }

    /** Ends our stream after everything written; the peer's goes on. */
    void shutdownOutput() {
        if (state != State.OPEN || wire == null || closing || endingOutput || outbound.saidGoodBye()) {
            return;
        }
        outbound.refuse(new IOException(this + ": its output was shut down"));
        if (outbound.holdsBack()) {
            endingOutput = true;
        } else {
            shutdownNow();
        }
    }

    private void shutdownNow() {
        endingOutput = false;
        outbound.sayGoodBye();
        outbound.flush();
        outbound.shut();
        wire().shutdownOutput();
    }

    void close() {
        if (state != State.OPEN || wire == null || closing) {
            return;
        }
        if (!wireGone && outbound.holdsBack()) {
            closing = true;
            outbound.refuse(closedByUs());
            inbound.ignoreMessages();
            tellReceiverLater();
            patience().whileFlushing();
        } else {
            closeNow();
        }
    }

    private void closeNow() {
        if (state != State.OPEN) {
            return;
        }
        if (wireGone) {
            conclude(null);
            return;
        }
        outbound.sayGoodBye();
        if (state != State.OPEN) {
            return; // a session's good-bye has gone wrong, and whoever was told of it has ended the connection
        }
        state = State.FLUSHING;
        if (patience != null) {
            patience.end(); // that with a layer that held back writes
        }
        endSeen = inbound.inputEnded();
        outbound.refuse(closedByUs());
        outbound.giveUpHeldBack(closedByUs());
        inbound.decodeNoMore();
        tellReceiverLater();
        dirty(); // flushed, and then shut down, at the end of the tick
    }

    /** Who waits for messages is told from a Handle: close() may have been called from within a message's delivery. */
    private void tellReceiverLater() {
        loop.enqueue(new Handle(loop, "end of ", this, () -> tellReceiver(null)));
    }

    /** While it flushes: goes on once everything has left; until then it has Patience. */
    void goOnFlushing() {
        if (state != State.FLUSHING) {
            return;
        }
        if (!outbound.allWritten()) {
            patience().whileFlushing();
            return;
        }
        state = State.DRAINING;
        if (endSeen) {
            wire().close();
        } else {
            wire().shutdownOutput();
            patience().whileDraining();
        }
    }

    void abort() {
        if (wireGone) {
            conclude(null);
        } else if (wire != null && state != State.CLOSED) {
            inbound.decodeNoMore();
            if (state == State.OPEN) {
                state = State.DRAINING;
            }
            outbound.refuse(closedByUs());
            wire.abort();
        }
    }

    /** The loop ends: no further event will come from the wire. */
    void cutOff(Throwable cause) {
        if (wire != null && state == State.DRAINING) {
            wire.close();
        } else if (wire != null) {
            wire.abort();
        }
        outbound.close(cause);
        state = State.DRAINING;
        tellReceiver(cause);
        conclude(null);
    }

    boolean open() {
        return state == State.OPEN && !closing;
    }

    /** Whether something of ours has not left yet, or is waited for; a connection that drains has done its work. */
    boolean unfinished() {
        return state == State.OPEN || state == State.FLUSHING;
    }

    /** For the list of survivors. */
    String situation() {
        String unfinished = inbound.hasReceiver() ? inbound.receiver().unfinished() : "";
        return this + " (" + (unfinished.isEmpty() ? state.name().toLowerCase(java.util.Locale.ROOT) : unfinished)
                + ")";
    }

    /** As a Node it stands for whatever event of its own holds the loop; it is never queued. */
    @Override
    void execute() {}

    @Override
    String label() {
        return "an event of " + this;
    }

    @Override
    public String toString() {
        return describe(peer());
    }

    private @Nullable SocketAddress peer() {
        Wire known = wire;
        return known == null ? null : known.remoteAddress();
    }

    static String describe(@Nullable SocketAddress peer) {
        return peer == null ? "connection" : "connection to " + peer;
    }
}
