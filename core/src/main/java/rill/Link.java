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
 *          close() ¹, abort()                                the wire is closed
 *  OPEN ─────────────────────────────────────────▶ ENDING ────────────────────▶ CLOSED
 *    │                                               ▲                             ▲
 *    │                      close(), or nobody takes │ what came before            │
 *    └── a write fails, or the wire ──▶ BROKEN ──────┴── that was received ────────┘
 * </pre>
 *
 * ¹ If a layer still holds back writes (TLS, in its handshake), it is first left time to let them go; and what other threads were
 * told is accepted is left time to arrive.
 *
 * <p>Its parts: the {@link Stack} of sessions, which an {@link Installation} puts in place; {@link Inbound} and {@link Outbound}, the halves that
 * go up and down through them; the {@link Audience}, which is told what becomes of it; and, only where they are needed, {@link Finishing}, what
 * its owner does when the loop closes, {@link Broken}, what is still delivered when the wire has failed, and {@link Ending}, how it closes.
 *
 * <p>It is longer than others since it is where every event of the wire and every end of a connection comes by.
 */
final class Link extends Node implements WireListener, Observed {
    private enum State {
        OPEN,
        BROKEN, // in which it goes on as its Broken says
        ENDING, // and here as its Ending says
        CLOSED
    }

    private final Loop loop;
    private final ConnectionLimits limits;
    private final Stack stack = new Stack();
    private final Inbound inbound;
    private final Outbound outbound;
    private final Audience audience;
    private @Nullable Broken broken; // once its wire has failed
    private @Nullable Ending ending; // once it is asked to end
    private @Nullable Wire wire;
    private @Nullable Connection<?, ?> connection; // the present one
    private State state = State.OPEN;
    private boolean dirty;
    private int messagesInBatch;
    private @Nullable Provenance provenance;
    private @Nullable Finishing finishing; // once its owner has said what he does then
    private boolean wireGone; // what it brought may still be waiting to be received

    /** In the loop's list of open connections, as {@link #next} is: see {@link #nextLink}. */
    @Nullable
    Link previousLink;

    /**
     * @param onConnect told once: null when connected, or why that failed
     */
    Link(Loop loop, ConnectionLimits limits, Consumer<? super @Nullable Throwable> onConnect) {
        this.loop = loop;
        this.limits = limits;
        this.audience = new Audience(this, onConnect);
        this.inbound = new Inbound(this, loop);
        this.outbound = new Outbound(this);
    }

    /** Said before it is connected. */
    Link from(Provenance known) {
        provenance = known;
        return this;
    }

    /** How it was dialed; null if it was not. */
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

    /** Whether it came in and is still at work: whoever receives from it is left time to finish when the loop closes. */
    boolean isAccepted() {
        return provenance instanceof Admission admission && admission.atWork(); // see Links.acceptedAtWork
    }

    /** Whether it ends, if it ends now, with what it belongs to. */
    boolean isGoingAway() {
        return loop.closing().hasBegun() || (provenance instanceof Admission admission && admission.isOver());
    }

    /** Closing the loop need not wait for it any more before it goes on with those that it has opened itself. */
    private void workIsDone() {
        if (provenance instanceof Admission admission && admission.atWork() && !audience.isConnecting()) {
            provenance = admission.workDone();
            loop.links().acceptedEnds();
        }
    }

    /** It is in no list of its loop any more. */
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

    /** What its owner does himself when it is to finish; made when he says something. */
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

    /** From any thread: does something that ends it, on the loop. */
    void onLoop(String what, Runnable action) {
        if (loop.isCurrent()) {
            action.run();
        } else {
            loop.enqueue(new Handle(loop, what + " of ", this, action));
        }
    }

    // ---- its pipeline, and who receives

    /** The first pipeline. Called when connected. */
    <R, W> Connection<R, W> open(Pipeline<R, W> first) {
        return Installation.first(this, first);
    }

    /** Another pipeline is the present one from now on; whoever receives from it was told nothing yet. */
    <R, W> Connection<R, W> rename(Pipeline<R, W> next) {
        var fresh = new Connection<>(this, next);
        connection = fresh;
        audience.receiverIsNew();
        if (finishing != null && !finishing.staysAcrossBecome()) {
            finishing = null;
        }
        return fresh;
    }

    /** The present one. */
    Pipeline<?, ?> pipeline() {
        return Objects.requireNonNull(connection).pipeline();
    }

    boolean isCurrent(Connection<?, ?> candidate) {
        return connection == candidate;
    }

    /** For how many bytes a message of the present pipeline counts until it is encoded. */
    @SuppressWarnings("unchecked")
    int weight(Object message) {
        return ((Connection<?, Object>) Objects.requireNonNull(connection)).weight(message);
    }

    @SuppressWarnings("unchecked")
    void receiver(Receiver<?> receiver) {
        inbound.receiver((Receiver<Object>) receiver);
        if (!receives()) {
            audience.tellReceiver(null); // it has come too late to be told with the others
        } else if (inbound.finishing()) { // likewise
            if (receiver instanceof Pulling) {
                inbound.finish(true);
            } else if (finishing == null || !finishing.isTold()) {
                guarded(() -> receiver.finish(this));
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

    /** Whether it closes once a layer lets go the writes that it holds back, and those that were admitted are there. */
    boolean closing() {
        return inbound.isDeaf();
    }

    // ---- events from the wire, each of which is the failure of this connection alone if it goes wrong

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

    /** Does something of this connection's: whatever it throws is its failure, and nobody else's. */
    void attempt(Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            goneWrong(t);
        }
    }

    /** Something threw that is neither a session's call nor the user's: want of memory, or our mistake. */
    private void goneWrong(Throwable cause) {
        try {
            boolean closes = mayFail();
            failed(cause, false);
            if (!closes) {
                abort(); // it was closing already, and may have stopped half-way
            }
        } catch (Throwable another) {
            letGo(another);
        }
    }

    /** Not even the failure could be told. */
    private void letGo(Throwable cause) {
        try {
            if (state != State.CLOSED && wireGone) {
                conclude(cause);
            } else if (state != State.CLOSED) {
                try {
                    drain();
                } finally { // even if there is no memory for that
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
            finish(); // it has come after all others were asked to
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

    /** Nothing leaves any more; unless we are closing, what came before is still of interest. */
    private void nowBroken(Throwable cause) {
        outbound.close(cause);
        if (!mayStillFailInLayer() && audience.tellAwaitingOfWire(cause)) { // nobody has it yet
            abort();
            return;
        }
        if (open()) {
            broken = new Broken(this);
            state = State.BROKEN;
            audience.failsLater(audience.ofWire(cause));
        }
        if (state == State.BROKEN) {
            inbound.broken(wireGone);
            return;
        }
        if (mayFail()) { // it waits for a layer before it closes: what that holds back will never leave
            drain();
            inbound.decodeNoMore();
            audience.tellEnd(cause);
        }
        wire().close();
    }

    /**
     * Whether a layer that is not ready has not seen all that the peer has said, which may be why the peer refuses: whoever awaits the connection
     * is told that, rather than that the wire has failed.
     */
    private boolean mayStillFailInLayer() {
        return receives() && !stack.isEmpty() && !stack.ready() && (!wireGone || stack.waits());
    }

    /** Why nothing is written any more. */
    Throwable closedByUs() {
        Throwable before = outbound.closed();
        return before instanceof ClosedHere
                ? before
                : new ClosedHere(peer(), loop.origins() != null, audience.failing());
    }

    /** Nothing more will come: tells everybody, and lets go of everything. */
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

    /** Whatever goes wrong with those who make use of it: it is gone, and in no list. */
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

    /** Something went wrong. Closes the connection, unless the failure is survivable and its owner carries on: then true. */
    boolean failed(Throwable thrown, boolean survivable) {
        Throwable cause = NoMemory.unwrapped(thrown);
        if (cause instanceof ProtocolException violation && !violation.streamEnded()) {
            loop.violated(this, violation);
        }
        if (!mayFail()) {
            if (survivable || !(cause instanceof IOException)) { // the user's, and not what the network does to it now
                loop.threw("", this, cause);
            }
            return false;
        }
        if (audience.hasFailedBefore(cause)) {
            return false;
        }
        boolean goesOn = audience.tellFailure(cause, survivable);
        if (!goesOn) {
            closeNow();
        }
        return goesOn;
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

    /** Something is to be flushed at the end of this tick, or of the turn of reading in which it came up. */
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
            abort(); // ready, but of no use to anybody
            return;
        }
        audience.tellIfReady();
        outbound.flush();
        if (outputEnds() && !outbound.end().isHeldUp()) {
            goOnEnding();
        }
        goOnFlushing();
    }

    /** Goes on with decoding, from a Handle. */
    void decodeWaiting() {
        try {
            inbound.pump();
        } catch (Throwable t) {
            goneWrong(t);
        }
        flushIfDirty();
    }

    // ---- closing

    /** Sees to it that the connection ends once what is in flight is done: the loop is closing, or a Client finishes. */
    void finish() {
        if (state == State.ENDING) {
            ending().hurry();
        } else if (!open()) {
            end();
        } else if (finishing == null || !finishing.tell()) {
            askReceiverToFinish();
        }
    }

    private void askReceiverToFinish() {
        if (inbound.hasReceiver()) {
            guarded(() -> inbound.receiver().finish(this));
        } else {
            end();
        }
    }

    /** Closes it, though not because its owner wants that: he is told if it is broken. */
    void end() {
        if (state == State.BROKEN) {
            broken().end();
        } else {
            close();
        }
    }

    /** Whoever receives messages of an accepted connection closes it, once it has finished what it has received; others need not. */
    void finishReceiving() {
        if (isAccepted()) {
            inbound.finish(true);
        } else {
            close();
        }
    }

    /** Whether our stream ends as soon as what was accepted has come down. */
    boolean outputEnds() {
        return state == State.OPEN && (closing() || outbound.endsAlone());
    }

    /** A write that another thread was told is accepted has come, or will not: our end may have waited for it. */
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

    /** Ends our stream after everything written; the peer's goes on. */
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
        }
        if (state != State.OPEN) {
            return;
        }
        outbound.end().sayGoodBye();
        if (state != State.OPEN) {
            return; // a session's good-bye has gone wrong, and whoever was told of it has ended the connection
        }
        Ending begins = ending();
        state = State.ENDING;
        begins.flush();
    }

    /** Goes on with closing once everything has left. */
    void goOnFlushing() {
        if (state == State.ENDING) {
            ending().goOn();
        }
    }

    /** Nothing of ours leaves any more, and what comes is thrown away. */
    void drain() {
        Ending begins = ending();
        state = State.ENDING;
        endTimers(); // with what was waited for before
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

    /** Whether it is not idle although no bytes come or go: we hold up its input, or requests are in flight. */
    boolean isBusy() {
        return inbound.heldUp()
                || (inbound.hasReceiver() && !inbound.receiver().unfinished().isEmpty());
    }

    /** Whether the wire is, though what it brought may still be waiting to be received. */
    boolean isWireGone() {
        return wireGone;
    }

    /** Whether no event will come from the wire any more. */
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

    /** The loop ends: no further event will come from the wire. */
    void cutOff(Throwable cause) {
        if (state == State.BROKEN) {
            broken().end(); // what it had of its peer is lost, and was not missed yet
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

    /** Whether something of ours has not left yet, or is waited for; a connection that drains has done its work. */
    boolean unfinished() {
        return state == State.OPEN || (state == State.ENDING && !isDraining());
    }

    /** For the list of survivors. */
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

    /** The next in the loop's list of open connections: a place that it has as a Node, and that is free since it is never queued. */
    @Nullable
    Link nextLink() {
        return (Link) next;
    }

    /** As a Node it stands for whatever event of its own holds the loop. */
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
