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
 *          close() ¹               all written               end of input, or the CloseTimer
 *  OPEN ───────────▶ FLUSHING ─────────────────▶ DRAINING ───────────────────────────────────▶ CLOSED
 *    │                  └ CloseTimer, while nothing can leave: the wire is closed ───────────────▶│
 *    ├── abort() ────────────────────────────────────────────────────────────────────────────────▶│
 *    └── a write fails, or the wire: BROKEN ── what came before was received, or nobody ──────────▶┘
 *                                              takes it (CloseTimer), or close()
 * </pre>
 *
 * ¹ If a layer still holds back writes (TLS, in its handshake), it is first left time to let them go; and what other threads were
 * told is accepted is left time to arrive.
 *
 * <p>In FLUSHING and DRAINING whatever comes in is thrown away: an answer already written is never destroyed by a reset that unread
 * input would cause. In BROKEN it is delivered as in OPEN, since the peer sent it in good order; nothing leaves any more.
 *
 * <p>It is longer than others since it is where every event of the wire and every end of a connection comes by.
 */
final class Link extends Node implements WireListener, Observed {
    private enum State {
        OPEN,
        BROKEN,
        FLUSHING,
        DRAINING,
        CLOSED
    }

    private final Loop loop;
    private final ConnectionLimits limits;
    private final Stack stack = new Stack();
    private final Inbound inbound;
    private final Outbound outbound;
    private @Nullable CloseTimer closeTimer; // while it closes
    private @Nullable Promise<@Nullable Void> closed; // made on demand, and handed out as copies; guarded by this
    private boolean gone; // guarded by this
    private @Nullable Wire wire;
    private @Nullable Pipeline<?, ?> pipeline;
    private @Nullable Connection<?, ?> connection; // the present one
    private @Nullable Consumer<? super Failure> onFailure;
    private @Nullable Consumer<? super @Nullable Throwable>
            onConnect; // until connected, and then, if asked for, until ready
    private State state = State.OPEN;
    private boolean
            closing; // once a layer lets go the writes that it holds back, and those that were admitted are there
    private boolean endingOutput; // likewise
    private boolean dirty;
    private int messagesInBatch;
    private boolean receiverTold; // of the end
    private @Nullable Admission admission; // by a listener
    private @Nullable Route route; // of one that was dialed
    private @Nullable Runnable onFinish;
    private boolean receivesOn; // although its owner was told to finish
    private boolean ownFinish; // which its owner was told by
    private @Nullable Failure failure; // while its owner is told, and for good unless he carries on
    private @Nullable Throwable failedWith; // told, or to be told once what came before was received
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
        this.outbound = new Outbound(this);
    }

    /** One that a listener has accepted: whoever receives from it is left time to finish when the loop closes. */
    Link accepted(Admission by) {
        admission = by;
        return this;
    }

    /** It is in no list of its loop any more. */
    void removed() {
        if (admission != null) {
            admission.gone();
        }
    }

    /** Whether it is one of those, and has not done its work yet. */
    boolean isAccepted() {
        return admission != null && admission.atWork(); // see Links.acceptedAtWork
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

    /** It was dialed, for this. */
    void route(Route to) {
        route = to;
    }

    @Override
    public @Nullable SocketAddress target() {
        return route == null ? null : route.target();
    }

    @Override
    public boolean cameIn() {
        return admission != null;
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

    ConnectionLimits limits() {
        return limits;
    }

    /** From any thread. The caller's own. */
    synchronized Future<@Nullable Void> closedFuture() {
        if (gone) {
            return Promise.done(loop, null);
        }
        if (closed == null) {
            closed = loop.promise();
        }
        return closed.copy();
    }

    /** How many have asked for it, and still wait. */
    synchronized int waitingForClosed() {
        return closed == null ? 0 : closed.waiting();
    }

    private synchronized void noteGone() {
        gone = true;
        if (closed != null) {
            closed.complete(null);
        }
    }

    private CloseTimer closeTimer() {
        if (closeTimer == null) {
            closeTimer = new CloseTimer(this);
        }
        return closeTimer;
    }

    // ---- pipelines

    /** The first pipeline. Called when connected. */
    <R, W> Connection<R, W> open(Pipeline<R, W> first) {
        return install(routed(first), null);
    }

    /** On top of what leads to the target, and of what tells the bytes of the wire. */
    private <R, W> Pipeline<R, W> routed(Pipeline<R, W> above) {
        Pipeline<R, W> whole = route == null ? above : route.beneath(above);
        WireLog log = WireLog.wanted(localAddress(), remoteAddress());
        return log == null ? whole : whole.over(log);
    }

    /** Of one that is closing only the name changes: its new receiver is told what the old one was. */
    <R, W> Connection<R, W> become(Pipeline<R, W> above) {
        return goOnWith(routed(above));
    }

    /** Likewise, with the byte layers that there are. */
    <R, W> Connection<R, W> become(Codec<R, W> top) {
        return goOnWith(Objects.requireNonNull(pipeline).beneath(top));
    }

    private <R, W> Connection<R, W> goOnWith(Pipeline<R, W> next) {
        if (outbound.inSession()) {
            throw new IllegalStateException("become: within a call of a session of " + this);
        }
        Pipeline<?, ?> before = Objects.requireNonNull(pipeline);
        if (receives()) {
            stack.requireReplaceable(before.shared(next));
            if (!outbound.encodeThrough() && state == State.OPEN) {
                throw new IllegalStateException("become: a layer of " + this + " still holds back writes");
            }
        }
        if (receives()) { // still: a layer may have failed
            return install(next, before);
        }
        inbound.replaceReceiver();
        return rename(next);
    }

    private <R, W> Connection<R, W> install(Pipeline<R, W> next, @Nullable Pipeline<?, ?> before) {
        int kept = before == null ? 0 : before.shared(next);
        Stage[] stages = inbound.stagesOf(next, kept);
        Connection<R, W> fresh = rename(next);
        inbound.install(stages, kept);
        return fresh;
    }

    private <R, W> Connection<R, W> rename(Pipeline<R, W> next) {
        var fresh = new Connection<>(this, next.codec());
        connection = fresh;
        pipeline = next;
        receiverTold = false;
        noMoreOnFinishing();
        return fresh;
    }

    /** Who was to be told so of messages that are not received any more: whoever receives others is told as if nobody had been. */
    private void noMoreOnFinishing() {
        if (receivesOn) {
            if (ownFinish) { // of which the new receiver has not heard
                ownFinish = false;
                inbound.finish(false);
            }
            onFinish = null;
            receivesOn = false;
        }
    }

    /** From any thread: does something that ends it, on the loop. */
    void onLoop(String what, Runnable action) {
        if (loop.isCurrent()) {
            action.run();
        } else {
            loop.enqueue(new Handle(loop, what + " of ", this, action));
        }
    }

    boolean isCurrent(Connection<?, ?> candidate) {
        return connection == candidate;
    }

    /** For how many bytes a message of the present pipeline counts until it is encoded. */
    @SuppressWarnings("unchecked")
    int weight(Object message) {
        var codec = (Codec<?, Object>) Objects.requireNonNull(pipeline).codec();
        return Messages.weight(codec, message, limits);
    }

    @SuppressWarnings("unchecked")
    void receiver(Receiver<?> receiver) {
        inbound.receiver((Receiver<Object>) receiver);
        if (!receives()) {
            tellReceiver(null); // it has come too late to be told with the others
        } else if (inbound.finishing()) { // likewise
            if (receiver instanceof Pulling) {
                inbound.finish(true);
            } else if (!ownFinish) {
                guarded(() -> receiver.finish(this));
            }
        }
    }

    /** Somebody else than its receiver was given the cause of its end. */
    void heardOf() {
        if (inbound.hasReceiver()) {
            inbound.receiver().heardOf();
        }
    }

    /** Whether messages still reach a receiver. */
    boolean receives() {
        return (state == State.OPEN || state == State.BROKEN) && !closing;
    }

    void onFailure(Consumer<? super Failure> handler) {
        onFailure = handler;
    }

    /** Unless its owner has said something else meanwhile. */
    void noMoreOnFailure(Consumer<? super Failure> handler) {
        if (onFailure == handler) {
            onFailure = null;
        }
    }

    void onFinish(Runnable handler) {
        onFinish = handler;
        receivesOn = false;
    }

    /** Likewise, and messages are handed out as before. */
    void onFinishing(Runnable handler) {
        onFinish = handler;
        receivesOn = true;
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
            boolean closes = state == State.OPEN || state == State.BROKEN;
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
                drain();
                wire().abort(); // whose end concludes it
            }
        } finally {
            loop.report(new Report.Thrown(loop.name(), toString(), cause));
        }
    }

    /**
     * When connected, before a pipeline is opened: tells once when every layer of it is ready, which is null, or why that failed; then nobody
     * else is told. It may be ready at once: see {@link #tellIfReady}.
     */
    void awaitReady(Consumer<? super @Nullable Throwable> told) {
        onConnect = told;
    }

    /**
     * Opens the first pipeline of one that was accepted, and hands the connection over once every layer is ready. If that never comes
     * about, nobody has it: a failure is reported.
     */
    <R, W> void openWhenReady(Pipeline<R, W> first, ThrowingConsumer<? super Connection<R, W>> then) {
        Connection<R, W> opened = open(first);
        awaitReady(failure -> {
            if (failure != null) {
                loop.connectionFailed(this, failure);
            } else if (state == State.OPEN && !closing) {
                handOver(opened, then);
            }
        });
        tellIfReady();
    }

    private <T> void handOver(T opened, ThrowingConsumer<? super T> then) {
        try {
            then.accept(opened);
        } catch (Throwable t) {
            failed(t, true);
        }
    }

    /** Not connected yet. */
    private boolean isConnecting() {
        return onConnect != null && stack.isEmpty();
    }

    /** There will be no layers, or nobody who wants to know. */
    void awaitNothing() {
        onConnect = null;
    }

    void tellIfReady() {
        if (onConnect != null && !stack.isEmpty() && stack.ready()) {
            loop.observing().ready(this);
            tellAwaiting(null);
        }
    }

    /**
     * The peer has ended its stream, and a layer still waits for something. Of a connection that was accepted its owner has to know, or nobody
     * would ever close it; whoever has dialed one waits for as long as he has said.
     */
    void tellUnready() {
        if (route == null) {
            tellAwaiting(null);
        }
    }

    /** Tells whoever waits for its layers to be ready, if somebody does: then true. */
    private boolean tellAwaiting(@Nullable Throwable failure) {
        Consumer<? super @Nullable Throwable> told = onConnect;
        onConnect = null;
        if (told != null) {
            guarded(() -> told.accept(failure));
        }
        return told != null;
    }

    private void nowConnected() {
        Consumer<? super @Nullable Throwable> told = onConnect;
        onConnect = null;
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
        if ((state != State.OPEN && state != State.BROKEN) || stack.isEmpty()) {
            attempt(() -> drained(bytes));
            return;
        }
        Node before = loop.activity().enter(this);
        loop.links().reads(this);
        messagesInBatch = 0;
        try {
            if (closing) {
                closeTimer().drained(bytes.readableBytes());
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
        boolean enough = closeTimer().drained(bytes.readableBytes());
        if (state == State.DRAINING && enough) {
            wire().close();
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
        if (isConnecting()) {
            tellAwaiting(cause == null ? new CancelledException("connecting to " + this + " was given up") : cause);
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

    /** A failure of the wire, for whoever waits for it to be ready: with where it was to go. */
    private Throwable named(Throwable failure) {
        return route == null || onConnect == null ? failure : route.told(failure);
    }

    /** Nothing leaves any more; unless we are closing, what came before is still of interest. */
    private void nowBroken(Throwable cause) {
        outbound.close(cause);
        if (tellAwaiting(named(cause))) { // nobody has it yet
            abort();
            return;
        }
        if (state == State.OPEN && !closing) {
            state = State.BROKEN;
            failedWith = cause;
        }
        if (state == State.BROKEN) {
            inbound.broken(wireGone);
        } else {
            wire().close();
        }
    }

    /** Called while BROKEN, whenever everything was decoded that could be. */
    void whileBroken(boolean somethingWaits, boolean wirePaused) {
        if (wireGone && !somethingWaits) {
            conclude(failedWith);
        } else if (wireGone || wirePaused) {
            if (inbound.finishing()) {
                endBroken();
            } else {
                closeTimer().whileReceiverIsIdle();
                if (!inbound.hasReceiver()) {
                    receiverIsIdle();
                }
            }
        } // else there is more to be read
    }

    /** What came before may wait for long, or for ever: it is told now that the connection is gone, for that is so. */
    void receiverIsIdle() {
        Throwable cause = Objects.requireNonNull(failedWith);
        if (onFailure != null && closeTimer().told != cause) {
            closeTimer().told = cause;
            runHandler(onFailure, new Failure(cause, false));
        }
        noteGone();
    }

    /** What waits is of no use to anybody. */
    void endBroken() {
        Throwable cause = failedWith;
        if (wireGone) {
            conclude(cause);
        } else if (cause != null) {
            tellFailure(new Failure(cause, false));
            cutOffBroken();
        }
    }

    private void cutOffBroken() {
        if (wireGone) {
            conclude(null);
        } else {
            drain();
            inbound.decodeNoMore();
            wire().close();
        }
    }

    private Throwable closedByUs() {
        Throwable before = outbound.closed();
        Throwable why = failure == null ? null : failure.cause();
        return before instanceof ClosedHere ? before : new ClosedHere(peer(), loop.origins() != null, why);
    }

    /** Nothing more will come: tells everybody, and lets go of everything. */
    private void conclude(@Nullable Throwable cause) {
        if (state == State.CLOSED) {
            return;
        }
        boolean untold = state == State.OPEN || state == State.BROKEN;
        state = State.CLOSED;
        try {
            if (closeTimer != null) {
                closeTimer.end();
            }
            if (cause != null && untold && failure == null) {
                failure = new Failure(cause, false);
                tellFailure(failure);
            } else {
                if (route == null) {
                    awaitNothing(); // whoever accepted it has ended it
                } else if (onConnect != null) {
                    tellAwaiting(named(new IOException(this + " has ended before its layers were ready")));
                }
                tellReceiver(null);
            }
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
                noteGone();
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
        if (state != State.OPEN && state != State.BROKEN) {
            if (survivable || !(cause instanceof IOException)) { // the user's, and not what the network does to it now
                loop.threw("", this, cause);
            }
            return false;
        }
        if (failure != null) {
            failure.followedBy(cause);
            return false;
        }
        var now = new Failure(cause, survivable);
        failure = now;
        tellFailure(now);
        if (now.carriesOn()) {
            failure = null;
            return true;
        }
        closeNow();
        return false;
    }

    /** The Task that looked after it has thrown: nobody receives any more, so nobody can be told of anything. */
    void deserted(Throwable thrown) {
        Throwable cause = NoMemory.unwrapped(thrown);
        boolean wasTold = inbound.hasReceiver() && inbound.receiver().deserted(); // of the end, and of nothing more
        if ((state == State.OPEN || state == State.BROKEN) && failure == null) {
            failed(cause, false);
            return;
        }
        boolean passedOn = cause == failedWith;
        if (passedOn && wasTold) {
            heardOf();
        }
        if (passedOn && (onFailure != null || !wasTold)) {
            return; // others were told when the connection failed
        }
        if (cause instanceof IOException) {
            loop.connectionFailed(this, cause);
        } else {
            loop.threw("the Task of ", this, cause);
        }
    }

    /** Why it has ended, or ends; null if that is in good order. */
    @Nullable
    Throwable failedWith() {
        return failedWith;
    }

    private void tellFailure(Failure told) {
        Consumer<? super Failure> handler = onFailure;
        Throwable cause = told.cause();
        if (handler != null && (closeTimer == null || closeTimer.told != cause)) {
            runHandler(handler, told);
        }
        if (told.carriesOn()) {
            return;
        }
        if (told.isToBeReported()) {
            onFailure = null; // as if there were none
        }
        failedWith = cause;
        boolean awaited = tellAwaiting(cause);
        Throwable overruled = told.overruledBy();
        if (overruled != null) {
            loop.connectionFailed(this, overruled);
        }
        boolean receiverHeard = tellReceiver(cause);
        if (!receiverHeard && !awaited && onFailure == null) {
            loop.connectionFailed(this, cause);
        }
    }

    private void runHandler(Consumer<? super Failure> handler, Failure failure) {
        loop.runReporting("onFailure of ", this, () -> handler.accept(failure));
    }

    private boolean tellReceiver(@Nullable Throwable cause) {
        if (receiverTold || stack.isEmpty() || !inbound.hasReceiver()) {
            return false;
        }
        receiverTold = true;
        Throwable why =
                cause == null ? failedWith : cause; // a receiver that came after the failure hears of it as well
        try {
            return inbound.receiver().closed(why);
        } catch (Throwable t) {
            loop.threw("the end of ", this, t);
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
        if (state == State.DRAINING || state == State.CLOSED) {
            return;
        }
        tellIfReady();
        outbound.flush();
        if (ending() && !hasToWaitToEnd()) {
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
        Runnable own = onFinish;
        if (state == State.DRAINING) {
            closeTimer().whileDraining(); // less of it, from now on
        } else if (state == State.OPEN && !closing && own != null) {
            onFinish = null;
            ownFinish = true;
            guarded(own);
            if (!receivesOn) {
                inbound.finish(inbound.hasReceiver() && inbound.receiver() instanceof Pulling);
            }
        } else if (state == State.OPEN && !closing && inbound.hasReceiver()) {
            guarded(() -> inbound.receiver().finish(this));
        } else {
            end();
        }
    }

    /** Closes it, though not because its owner wants that: he is told if it is broken. */
    void end() {
        if (state == State.BROKEN) {
            endBroken();
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

    /** Closing the loop need not wait for it any more before it goes on with those that it has opened itself. */
    private void workIsDone() {
        if (admission != null && admission.atWork() && !isConnecting()) {
            admission = admission.workDone();
            loop.links().acceptedEnds();
        }
    }

    /** Whether our stream ends as soon as what was accepted has come down. */
    boolean ending() {
        return state == State.OPEN && (closing || endingOutput);
    }

    private boolean hasToWaitToEnd() {
        return outbound.holdsBack()
                || outbound.inSession()
                || outbound.reserved() > 0
                || (endingOutput && !closing && !stack.ready()); // our half alone ends: the other needs the handshake
    }

    /** A write that another thread was told is accepted has come, or will not: our end may have waited for it. */
    void admittedArrived() {
        if (ending()) {
            dirty();
        }
    }

    /** Whether nothing holds up its end any more; it ends with this tick. */
    boolean endsNow() {
        boolean now = ending() && !hasToWaitToEnd();
        if (now) {
            dirty();
        }
        return now;
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
        endingOutput = true;
        outbound.settle();
        if (state != State.OPEN) {
            return; // a layer has failed
        }
        if (hasToWaitToEnd()) {
            dirty();
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
        if (state == State.BROKEN) {
            failedWith = null; // its owner closes it, and does not want to know any more
            cutOffBroken();
            return;
        }
        if (state != State.OPEN || wire == null || closing) {
            return;
        }
        outbound.refuse(closedByUs());
        outbound.settle();
        if (state != State.OPEN) {
            return; // a layer has failed
        }
        if (hasToWaitToEnd()) {
            closing = true;
            inbound.ignoreMessages();
            tellReceiverLater();
            closeTimer().whileFlushing();
            dirty(); // once the session's call has returned, or later
        } else {
            closeNow();
        }
    }

    private void closeNow() {
        if (state == State.BROKEN) {
            cutOffBroken();
        }
        if (state != State.OPEN) {
            return;
        }
        outbound.sayGoodBye();
        if (state != State.OPEN) {
            return; // a session's good-bye has gone wrong, and whoever was told of it has ended the connection
        }
        state = State.FLUSHING;
        if (closeTimer != null) {
            closeTimer.end(); // that with a layer that held back writes
        }
        outbound.refuse(closedByUs());
        outbound.giveUpHeldBack(closedByUs());
        inbound.decodeNoMore();
        tellReceiverLater();
        dirty(); // flushed, and then shut down, at the end of the tick
    }

    /** Tells the receiver from a Handle: close() may have been called while it was given a message. */
    private void tellReceiverLater() {
        loop.enqueue(new Handle(loop, "end of ", this, () -> tellReceiver(null)));
    }

    /** While it flushes: goes on once everything has left; until then the CloseTimer watches. */
    void goOnFlushing() {
        if (state != State.FLUSHING) {
            return;
        }
        if (wireGone) { // and its end has gone wrong half-way
            drain();
            conclude(null);
            return;
        }
        if (!outbound.allWritten()) {
            closeTimer().whileFlushing();
            return;
        }
        drain();
        if (inbound.inputEnded()) {
            wire().close();
        } else {
            wire().shutdownOutput();
            closeTimer().whileDraining();
        }
    }

    private void drain() {
        state = State.DRAINING;
        if (closeTimer != null) {
            closeTimer.end(); // with what was waited for before
        }
        workIsDone();
    }

    /** While it flushes: sees whether the peer has made room. */
    void retry() {
        outbound.retry();
        goOnFlushing();
    }

    /** Whether it is not idle although no bytes come or go: we hold up its input, or requests are in flight. */
    boolean isBusy() {
        return inbound.heldUp()
                || (inbound.hasReceiver() && !inbound.receiver().unfinished().isEmpty());
    }

    /** Whether no event will come from the wire any more. */
    boolean gone() {
        return wireGone || state == State.CLOSED;
    }

    void abort() {
        failedWith = state == State.BROKEN ? null : failedWith; // as in close()
        if (wireGone && outbound.inSession()) {
            loop.enqueue(new Handle(loop, "abort of ", this, this::abort));
        } else if (wireGone) {
            conclude(null);
        } else if (wire != null && state != State.CLOSED) {
            inbound.decodeNoMore();
            if (state == State.OPEN || state == State.BROKEN) {
                drain();
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
        drain();
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
        if (unfinished.isEmpty()) {
            unfinished = state == State.OPEN && inbound.finishing()
                    ? "told to finish, it has not been closed"
                    : state.name().toLowerCase(java.util.Locale.ROOT);
        }
        return this + " (" + unfinished + ")";
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
        return Wording.connection(peer());
    }

    private @Nullable SocketAddress peer() {
        Wire known = wire;
        return known == null ? null : known.remoteAddress();
    }
}
