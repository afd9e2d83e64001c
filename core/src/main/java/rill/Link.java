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
 * A Wire with everything on top of it: the implementation behind a {@link Connection}.
 *
 * <pre>
 *          close() ¹, abort()                                the wire is closed
 *  OPEN ─────────────────────────────────────────▶ ENDING ────────────────────▶ CLOSED
 *    │                                               ▲                             ▲
 *    │                      close(), or nobody takes │ earlier input               │
 *    └── a write fails, or the wire ──▶ BROKEN ──────┴── that was received ² ──────┘
 * </pre>
 *
 * <p>¹ If a layer still holds back writes (TLS, in its handshake), it first gets time to release them; and writes of other threads that were admitted
 * get time to arrive.
 *
 * <p>² If a layer's output is over while the wire works, it is BROKEN as well, and then ENDING.
 *
 * <p>Its parts: the {@link Stack} of sessions, which an {@link Installation} puts in place; {@link Inbound} and {@link Outbound}, the halves that go
 * up and down through them; the {@link Audience}, which is notified of what becomes of it; and, only where needed, {@link Finishing}, what its owner
 * does when the loop closes, {@link Broken}, what is still delivered when the wire has failed, and {@link Ending}, how it closes.
 *
 * <p>It is longer than other classes because every event of the wire and every end of a connection passes through it.
 */
final class Link extends Node implements WireListener, Observed {
    private enum State {
        OPEN,
        BROKEN, // see Broken
        ENDING, // see Ending
        CLOSED
    }

    private final Loop loop;
    private final ConnectionLimits limits;
    private final Stack stack = new Stack();
    private final Inbound inbound;
    private final Outbound outbound;
    private final Audience audience;
    private @Nullable Broken broken; // set once its wire has failed
    private @Nullable Ending ending; // set once it is asked to end
    private @Nullable Wire wire;
    private @Nullable Connection<?, ?> connection; // the present one
    private State state = State.OPEN;
    private boolean dirty;
    private int messagesInBatch;
    private @Nullable Provenance provenance;
    private @Nullable Finishing finishing; // set once its owner has set a handler for it
    private boolean wireGone; // its input may still be waiting to be received

    /** Links the loop's list of open connections, as {@link #next} does: see {@link #nextLink}. */
    @Nullable
    Link previousLink;

    /**
     * @param onConnect called once: with null when connected, or with the reason for failing
     */
    Link(Loop loop, ConnectionLimits limits, Consumer<? super @Nullable Throwable> onConnect) {
        this.loop = loop;
        this.limits = limits;
        this.audience = new Audience(this, onConnect);
        this.inbound = new Inbound(this);
        this.outbound = new Outbound(this);
    }

    /** Called before it is connected. */
    Link from(Provenance known) {
        provenance = known;
        return this;
    }

    /** The route by which it was dialed; null if it was not dialed. */
    @Nullable
    Route route() {
        return provenance instanceof Route route ? route : null;
    }

    @Override
    public @Nullable SocketAddress target() {
        return provenance instanceof Route route ? route.target() : null;
    }

    @Override
    public boolean cameIn() {
        return provenance instanceof Admission;
    }

    /** Whether it was accepted and is still at work: its receiver gets time to finish when the loop closes. */
    boolean isAccepted() {
        return provenance instanceof Admission admission && admission.atWork(); // see Links.acceptedAtWork
    }

    /** Whether, if it ends now, that is because its loop or its listener is going out of service. */
    boolean isGoingAway() {
        return loop.closing().hasBegun() || (provenance instanceof Admission admission && admission.isOver());
    }

    /** A closing loop need not wait for it any more before it finishes outgoing connections. */
    private void workIsDone() {
        if (provenance instanceof Admission admission && admission.atWork() && !audience.isConnecting()) {
            provenance = admission.workDone();
            loop.links().acceptedEnds();
        }
    }

    /** It has been removed from all lists of its loop. */
    void removed() {
        if (provenance instanceof Admission admission) {
            admission.gone();
        }
    }

    void wire(Wire newWire) {
        wire = newWire;
    }

    Wire wire() {
        return Objects.requireNonNull(wire);
    }

    @Override
    public SocketAddress remoteAddress() {
        return wire().remoteAddress();
    }

    @Override
    public SocketAddress localAddress() {
        return Objects.requireNonNull(wire().localAddress());
    }

    @Override
    public Loop loop() {
        return loop;
    }

    Stack stack() {
        return stack;
    }

    Inbound inbound() {
        return inbound;
    }

    Outbound outbound() {
        return outbound;
    }

    Audience audience() {
        return audience;
    }

    /** What its owner does when it is to finish; created when the owner sets a handler. */
    Finishing finishing() {
        if (finishing == null) {
            finishing = new Finishing(this);
        }
        return finishing;
    }

    ConnectionLimits limits() {
        return limits;
    }

    Broken broken() {
        return Objects.requireNonNull(broken);
    }

    private Ending ending() {
        if (ending == null) {
            ending = new Ending(this);
        }
        return ending;
    }

    /** Runs an action that ends it, on the loop. From any thread. */
    void onLoop(String what, Runnable action) {
        if (loop.isCurrent()) {
            action.run();
        } else {
            loop.enqueue(new Handle(loop, what + " of ", this, action));
        }
    }

    // ---- its pipeline and receiver

    /** Installs the first pipeline. Called when connected. */
    <R, W> Connection<R, W> open(Pipeline<R, W> first) {
        return Installation.first(this, first);
    }

    /** Makes another pipeline the present one; its receiver has not been notified of anything yet. */
    <R, W> Connection<R, W> rename(Pipeline<R, W> next) {
        var fresh = new Connection<>(this, next);
        connection = fresh;
        audience.receiverIsNew();
        if (finishing != null && !finishing.staysAcrossBecome()) {
            finishing = null;
        }
        return fresh;
    }

    /** The present pipeline. */
    Pipeline<?, ?> pipeline() {
        return Objects.requireNonNull(connection).pipeline();
    }

    boolean isCurrent(Connection<?, ?> candidate) {
        return connection == candidate;
    }

    /** The number of bytes that a message of the present pipeline counts for until it is encoded. */
    @SuppressWarnings("unchecked")
    int weight(Object message) {
        return ((Connection<?, Object>) Objects.requireNonNull(connection)).weight(message);
    }

    @SuppressWarnings("unchecked")
    void receiver(Receiver<?> receiver) {
        inbound.receiver((Receiver<Object>) receiver);
        if (!receives()) {
            audience.tellReceiver(null); // it was set too late to be notified with the others
        } else if (inbound.finishing()) { // likewise
            if (receiver instanceof Pulling) {
                inbound.finish(true);
            } else if (finishing == null || !finishing.isTold()) {
                guarded(receiver::finish);
            }
        }
    }

    /** Whether messages still reach a receiver. */
    boolean receives() {
        return mayFail() && !closing();
    }

    /** Whether it has not ended, and is not about to: what goes wrong now is its failure. */
    boolean mayFail() {
        return state == State.OPEN || state == State.BROKEN;
    }

    boolean open() {
        return state == State.OPEN && !closing();
    }

    /** Whether it closes once a layer releases the writes that it holds back, and admitted writes have arrived. */
    boolean closing() {
        return inbound.isDeaf();
    }

    // ---- events from the wire; if handling one goes wrong, only this connection fails

    @Override
    public void connected() {
        asActivity(this::nowConnected);
    }

    /** Names the connection to the watchdog while its event holds the loop. */
    private void asActivity(Runnable event) {
        Node before = loop.activity().enter(this);
        attempt(event);
        loop.activity().enter(before);
    }

    /** Runs an action of this connection: whatever it throws fails this connection only. */
    void attempt(Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            goneWrong(t);
        }
    }

    /** Something threw that is neither a session's call nor the user's: lack of memory, or a mistake of ours. */
    private void goneWrong(Throwable cause) {
        try {
            boolean closes = mayFail();
            failed(cause, false);
            if (!closes) {
                abort(); // it was already closing, and may have stopped half-way
            }
        } catch (Throwable another) {
            letGo(another);
        }
    }

    /** Not even the failure could be delivered. */
    private void letGo(Throwable cause) {
        try {
            if (state != State.CLOSED && wireGone) {
                conclude(cause);
            } else if (state != State.CLOSED) {
                try {
                    drain();
                } finally { // even without memory for that
                    wire().abort(); // whose end concludes it
                }
            }
        } finally {
            loop.report(new Report.Thrown(loop.name(), toString(), cause));
        }
    }

    private void nowConnected() {
        Consumer<? super @Nullable Throwable> told = audience.awaitNothing();
        loop.links().add(this);
        if (isAccepted()) {
            loop.links().acceptedBegins();
        }
        if (told != null) {
            guarded(() -> told.accept(null));
        }
        if (isAccepted() && loop.closing().hasBegun()) {
            finish(); // it was connected after all others were asked to finish
        }
        flushIfDirty();
    }

    @Override
    public @Nullable ByteBuf readTarget() {
        try {
            return inbound.readTarget();
        } catch (Throwable t) {
            goneWrong(t);
            return null;
        }
    }

    @Override
    public void received(ByteBuf bytes) {
        if (!mayFail() || stack.isEmpty()) {
            attempt(() -> drained(bytes));
            return;
        }
        Node before = loop.activity().enter(this);
        loop.links().reads(this);
        messagesInBatch = 0;
        try {
            if (closing()) {
                ending().drained(bytes.readableBytes());
            }
            inbound.read(bytes);
        } catch (Throwable t) {
            goneWrong(t);
        }
        batchIsOver();
        loop.activity().enter(before);
    }

    @Override
    public void turnEnded() {
        Node before = loop.activity().enter(this);
        flushIfDirty();
        loop.activity().enter(before);
    }

    private void batchIsOver() {
        try {
            if (messagesInBatch > 0 && inbound.hasReceiver()) {
                outbound.batchOf(inbound.receiver().batch(messagesInBatch));
            }
        } catch (Throwable t) {
            goneWrong(t);
        }
    }

    private void drained(ByteBuf bytes) {
        loop.counters().bytesReceived += bytes.readableBytes();
        if (state == State.ENDING) {
            ending().drained(bytes.readableBytes());
        }
    }

    @Override
    public void written(long bytes) {
        try {
            outbound.wireHasWritten(bytes);
            goOnFlushing();
        } catch (Throwable t) {
            goneWrong(t);
        }
    }

    @Override
    public void writeFailed(Throwable cause) {
        asActivity(() -> nowBroken(cause));
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
            inbound.inputEnds();
            if (state == State.ENDING) {
                ending().inputEnded();
            }
        }
    }

    @Override
    public void closed(@Nullable Throwable cause) {
        asActivity(() -> nowClosed(cause));
    }

    private void nowClosed(@Nullable Throwable cause) {
        if (audience.isConnecting()) {
            audience.tellAwaiting(
                    cause == null ? new CancelledException("connecting to " + this + " was given up") : cause);
            return;
        }
        wireGone = true;
        if (receives() && cause != null) {
            nowBroken(cause);
        } else {
            outbound.close(cause == null ? closedByUs() : cause);
            conclude(cause);
        }
    }

    /** Nothing leaves any more; unless we are closing, earlier input is still wanted. */
    private void nowBroken(Throwable cause) {
        outbound.close(cause);
        if (!mayStillFailInLayer() && audience.tellAwaitingOfWire(cause)) { // not handed over yet
            abort();
            return;
        }
        if (open()) {
            broken = new Broken(this, false);
            state = State.BROKEN;
            audience.failsLater(audience.ofWire(cause));
        }
        if (state == State.BROKEN) {
            inbound.broken(wireGone);
            return;
        }
        if (mayFail()) { // it waits for a layer before it closes: the writes held back will never leave
            drain();
            inbound.decodeNoMore();
            audience.tellEnd(cause);
        }
        wire().close();
    }

    /**
     * Whether a layer that is not ready has not seen everything that the peer has sent, which may explain why the peer refuses: the awaiter is then
     * notified of that, rather than of the wire's failure.
     */
    private boolean mayStillFailInLayer() {
        return receives() && !stack.isEmpty() && !stack.ready() && (!wireGone || stack.waits());
    }

    /** Any thread: why nothing is written any more after {@link #shutdownOutput}. */
    Throwable outputShutDown() {
        return new IOException(this + ": its output was shut down");
    }

    /** Any thread: why nothing is written any more once the caller has closed it. */
    Throwable closedByCaller() {
        return new ClosedHere(peer(), loop.origins() != null, null);
    }

    /** Why nothing is written any more. */
    Throwable closedByUs() {
        Throwable before = outbound.closed();
        return before instanceof ClosedHere
                ? before
                : new ClosedHere(peer(), loop.origins() != null, audience.failing());
    }

    /** Nothing more will arrive: notifies everyone, and releases everything. */
    void conclude(@Nullable Throwable cause) {
        if (state == State.CLOSED) {
            return;
        }
        boolean untold = mayFail();
        state = State.CLOSED;
        try {
            endTimers();
            audience.tellEnd(untold ? cause : null);
            inbound.close();
            outbound.close(cause == null ? closedByUs() : cause);
        } finally {
            leave();
        }
    }

    /** Removes it from all lists, even if its users throw. */
    private void leave() {
        try {
            workIsDone();
        } finally {
            try {
                loop.links().remove(this);
            } finally {
                audience.tellClosed();
            }
        }
    }

    // ---- failures

    /** Something went wrong. Closes the connection, unless the failure is survivable and its owner carries on: then returns true. */
    boolean failed(Throwable thrown, boolean survivable) {
        Throwable cause = NoMemory.unwrapped(thrown);
        if (cause instanceof ProtocolException violation && !violation.streamEnded()) {
            loop.violated(this, violation);
        }
        if (!mayFail()) {
            if (survivable || !(cause instanceof IOException)) { // the user's failure, not the network's
                loop.threw("", this, cause);
            }
            return false;
        }
        if (audience.hasFailedBefore(cause)) {
            return false;
        }
        boolean goesOn = audience.tellFailure(cause, survivable);
        if (!goesOn) {
            try {
                closeNow();
            } catch (Throwable t) { // it is over: no later failure would be told
                letGo(t);
            }
        }
        return goesOn;
    }

    /** Nothing that is written passes a layer any more. Unless it is closing, it fails once what has arrived was delivered. */
    void outputOver(Throwable cause) {
        if (state == State.BROKEN) {
            return;
        }
        if (!open() || audience.failing() != null || outbound.closed() instanceof ClosedHere) {
            failed(cause, false);
            return;
        }
        outbound.giveUpHeldBack(cause);
        broken = new Broken(this, true);
        state = State.BROKEN;
        audience.failsLater(cause);
        inbound.outputOver();
        dirty(); // what has passed the layer leaves
    }

    /** Calls the user; what the user throws fails the connection, which may survive that. */
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

    /** Something is to be flushed at the end of this tick, or of the current read batch. */
    void dirty() {
        if (!dirty) {
            loop.links().dirty(this);
            dirty = true;
        }
    }

    void flushIfDirty() {
        if (dirty) {
            dirty = false;
            try {
                flushNow();
            } catch (Throwable t) {
                goneWrong(t);
            }
        }
    }

    private void flushNow() {
        if (state == State.CLOSED || isDraining()) {
            return;
        }
        if (state == State.BROKEN && stack.ready() && audience.tellAwaiting(audience.failedWith())) {
            abort(); // ready, but of no use
            return;
        }
        audience.tellIfReady();
        outbound.flush();
        if (outputEnds() && !outbound.end().isHeldUp()) {
            goOnEnding();
        }
        goOnFlushing();
    }

    /** Decodes what waits, as far as that is allowed now. */
    void decode() {
        try {
            inbound.pump();
        } catch (Throwable t) {
            goneWrong(t);
        }
    }

    /** Continues decoding, from a Handle. */
    void decodeWaiting() {
        decode();
        flushIfDirty();
    }

    // ---- closing

    /** Has the connection end once what is in flight is done: the loop is closing, or a Client is finishing. */
    void finish() {
        if (state == State.ENDING) {
            ending().hurry();
        } else if (!open()) {
            end();
        } else if (finishing != null) {
            finishing.tell();
        } else {
            askReceiverToFinish();
        }
    }

    private void askReceiverToFinish() {
        if (inbound.hasReceiver()) {
            guarded(() -> inbound.receiver().finish());
        } else {
            end();
        }
    }

    /** Closes it, but not at the owner's request: the owner is notified if it is broken. */
    void end() {
        if (state == State.BROKEN) {
            broken().end();
        } else {
            close();
        }
    }

    /** On an accepted connection, has the receiver finish what it has received, and then close the connection; others are closed. */
    void finishReceiving() {
        if (isAccepted()) {
            inbound.finish(true);
        } else {
            close();
        }
    }

    /** Whether our stream ends as soon as accepted writes have arrived. */
    boolean outputEnds() {
        return state == State.OPEN && (closing() || outbound.endsAlone());
    }

    /** A write accepted from another thread has arrived, or will not: our end may have waited for it. */
    void admittedArrived() {
        if (outputEnds()) {
            dirty();
        }
    }

    /** Whether nothing holds up its end any more; it ends with this tick. */
    boolean endsNow() {
        boolean now = outputEnds() && !outbound.end().isHeldUp();
        if (now) {
            dirty();
        }
        return now;
    }

    private void goOnEnding() {
        if (closing()) {
            closeNow();
        } else {
            outbound.end().shutNow();
        }
    }

    /** Ends our stream after everything written; the peer's continues. */
    void shutdownOutput() {
        if (open() && wire != null) {
            outbound.end().shutdownOutput();
        }
    }

    void close() {
        if (state == State.BROKEN) {
            broken().close();
            return;
        }
        if (!open() || wire == null) {
            return;
        }
        outbound.refuse(closedByUs());
        outbound.settle();
        if (state != State.OPEN) {
            return; // a layer has failed
        }
        if (outbound.end().isHeldUp()) {
            ending().await();
        } else {
            closeNow();
        }
    }

    private void closeNow() {
        if (state == State.BROKEN) {
            broken().letGo();
        } else {
            sayGoodBye();
        }
    }

    /** Has the sessions write their closing messages, and then what was written leave. */
    void sayGoodBye() {
        State before = state;
        if (!mayFail()) {
            return;
        }
        outbound.end().sayGoodBye();
        if (state != before) {
            return; // a session's good-bye has failed, and the notified owner has ended the connection
        }
        Ending begins = ending();
        state = State.ENDING;
        begins.flush();
    }

    /** Continues closing once everything has left. */
    void goOnFlushing() {
        if (state == State.ENDING) {
            ending().goOn();
        }
    }

    /** Nothing of ours leaves any more, and input is discarded. */
    void drain() {
        Ending begins = ending();
        state = State.ENDING;
        endTimers(); // and with them the earlier waits
        begins.drain();
        workIsDone();
    }

    private void endTimers() {
        if (ending != null) {
            ending.over();
        }
        if (broken != null) {
            broken.over();
        }
    }

    private boolean isDraining() {
        return state == State.ENDING && ending().isDraining();
    }

    /** Whether it is not idle although no bytes are received or sent: we hold up its input, or requests are in flight. */
    boolean isBusy() {
        return inbound.heldUp()
                || (inbound.hasReceiver() && !inbound.receiver().unfinished().isEmpty());
    }

    /** Whether the wire is gone; its input may still be waiting to be received. */
    boolean isWireGone() {
        return wireGone;
    }

    /** Whether no more events will arrive from the wire. */
    boolean gone() {
        return wireGone || state == State.CLOSED;
    }

    void abort() {
        if (state == State.BROKEN) {
            audience.forgetFailure(); // as in close()
        }
        if (wireGone && outbound.inSession()) {
            loop.enqueue(new Handle(loop, "abort of ", this, this::abort));
        } else if (wireGone) {
            conclude(null);
        } else if (wire != null && state != State.CLOSED) {
            inbound.decodeNoMore();
            if (mayFail()) {
                drain();
            }
            outbound.refuse(closedByUs());
            wire.abort();
        }
    }

    /** The loop ends: no more events will arrive from the wire. */
    void cutOff(Throwable cause) {
        if (state == State.BROKEN) {
            broken().end(); // its remaining input is lost, which has not been reported yet
        }
        if (state == State.CLOSED) {
            return;
        }
        if (wire != null && isDraining()) {
            wire.close();
        } else if (wire != null) {
            wire.abort();
        }
        outbound.close(cause);
        drain();
        audience.tellReceiver(cause);
        conclude(null);
    }

    /** Whether something of ours has not left yet, or is awaited; a connection that drains has done its work. */
    boolean unfinished() {
        return state == State.OPEN || (state == State.ENDING && !isDraining());
    }

    /** Its description in the list of survivors. */
    String situation() {
        String unfinished = inbound.hasReceiver() ? inbound.receiver().unfinished() : "";
        if (unfinished.isEmpty()) {
            unfinished = state == State.OPEN && inbound.finishing()
                    ? "told to finish, it has not been closed"
                    : state == State.ENDING
                            ? ending().situation()
                            : state.name().toLowerCase(java.util.Locale.ROOT);
        }
        return this + " (" + unfinished + ")";
    }

    /** The next in the loop's list of open connections. Uses the field that it has as a Node, which is free since it is never queued. */
    @Nullable
    Link nextLink() {
        return (Link) next;
    }

    /** As a Node, it stands for any event of this connection that holds the loop. */
    @Override
    void execute() {}

    @Override
    String label() {
        return "an event of " + this;
    }

    @Override
    public String toString() {
        return Wording.connection(peer());
    }

    private @Nullable SocketAddress peer() {
        Wire known = wire;
        return known == null ? null : known.remoteAddress();
    }
}
