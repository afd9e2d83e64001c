package rill;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who is told what becomes of a connection: whoever awaits it, its {@link Connection#onFailure}, its receiver, and those who have asked for
 * {@link Connection#closed}. What none of them is told is reported.
 *
 * <pre>
 *  whoever awaits it:   connecting ── connected ──▶ (if asked for) every layer ready ──▶ told, and forgotten
 *                            └───────── a failure, or the end ──────────┴──────────────▶ told, and nobody else is
 *
 *  of a failure:        onFailure ── unless he carries on ──▶ the receiver ── if none was told ──▶ the Reporter
 * </pre>
 *
 * <p><b>Threading:</b> the loop, except for {@link #closed}.
 */
final class Audience {
    private final Link link;
    private @Nullable Consumer<? super @Nullable Throwable>
            awaiting; // it to be connected, and then, if asked for, to be ready
    private @Nullable Consumer<? super Failure> onFailure;
    private @Nullable Failure failure; // while its owner is told, and for good unless he carries on
    private @Nullable Throwable failedWith; // told, or to be told once what came before was received
    private boolean toldEarly; // onFailure, of that, while what came before was not received
    private boolean receiverTold; // of the end
    private @Nullable Promise<@Nullable Void> closed; // made on demand, and handed out as copies; guarded by this
    private boolean gone; // guarded by this

    /**
     * @param awaiting told once: null when connected, or why that failed
     */
    Audience(Link link, Consumer<? super @Nullable Throwable> awaiting) {
        this.link = link;
        this.awaiting = awaiting;
    }

    private Loop loop() {
        return link.loop();
    }

    // ---- whoever awaits it

    /** Not connected yet. */
    boolean isConnecting() {
        return awaiting != null && link.stack().isEmpty();
    }

    /**
     * When connected, before a pipeline is opened: tells once when every layer of it is ready, which is null, or why that failed; then nobody
     * else is told. It may be ready at once: see {@link #tellIfReady}.
     */
    void awaitReady(Consumer<? super @Nullable Throwable> told) {
        awaiting = told;
    }

    /** There will be no layers, or nobody who wants to know. Gives who did. */
    @Nullable
    Consumer<? super @Nullable Throwable> awaitNothing() {
        Consumer<? super @Nullable Throwable> awaited = awaiting;
        awaiting = null;
        return awaited;
    }

    void tellIfReady() {
        if (awaiting != null && !link.stack().isEmpty() && link.stack().ready()) {
            loop().observing().ready(link);
            tellAwaiting(null);
        }
    }

    /**
     * The peer has ended its stream, and a layer still waits for something. Of a connection that was accepted its owner has to know, or nobody
     * would ever close it; whoever has dialed one waits for as long as he has said.
     */
    void tellUnready() {
        if (link.route() == null) {
            tellAwaiting(null);
        }
    }

    /** Tells whoever awaits it, if somebody does: then true. */
    boolean tellAwaiting(@Nullable Throwable why) {
        Consumer<? super @Nullable Throwable> awaited = awaitNothing();
        if (awaited != null) {
            link.guarded(() -> awaited.accept(why));
        }
        return awaited != null;
    }

    /** Likewise, of a failure of the wire. */
    boolean tellAwaitingOfWire(Throwable why) {
        return tellAwaiting(ofWire(why));
    }

    /** A failure of the wire; for whoever awaits the connection, with where it was to go. */
    Throwable ofWire(Throwable why) {
        Route route = link.route();
        return route == null || awaiting == null ? why : route.told(why);
    }

    // ---- failures

    void onFailure(Consumer<? super Failure> handler) {
        onFailure = handler;
    }

    /** Unless its owner has said something else meanwhile. */
    void noMoreOnFailure(Consumer<? super Failure> handler) {
        if (onFailure == handler) {
            onFailure = null;
        }
    }

    /** Whether failures are told to somebody in any case. */
    boolean tellsFailures() {
        return onFailure != null;
    }

    /** Why it has ended, or ends; null if that is in good order. */
    @Nullable
    Throwable failedWith() {
        return failedWith;
    }

    /** It has failed, and what came before is to be received first. */
    void failsLater(Throwable cause) {
        failedWith = cause;
    }

    /** Its owner closes what has failed, and does not want to know any more. */
    void forgetFailure() {
        failedWith = null;
    }

    /** Why it fails, once its owner is told; null if it does not. */
    @Nullable
    Throwable failing() {
        return failure == null ? null : failure.cause();
    }

    /** Something else goes wrong although they are told of a failure, or were: then true. */
    boolean hasFailedBefore(Throwable another) {
        if (failure == null) {
            return false;
        }
        failure.followedBy(another);
        return true;
    }

    /** Tells of a failure; true if its owner carries on. */
    boolean tellFailure(Throwable cause, boolean survivable) {
        var now = new Failure(cause, survivable);
        failure = now;
        tell(now);
        if (now.carriesOn()) {
            failure = null;
            return true;
        }
        return false;
    }

    /** That it has failed and what came before was of no use to anybody. */
    void tellFailureLate(Throwable cause) {
        tell(new Failure(cause, false));
    }

    private void tell(Failure told) {
        Throwable cause = told.cause();
        if (onFailure != null && !(toldEarly && cause == failedWith)) {
            callOnFailure(onFailure, told);
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
            loop().connectionFailed(link, overruled);
        }
        boolean receiverHeard = tellReceiver(cause);
        if (!receiverHeard && !awaited && onFailure == null) {
            loop().connectionFailed(link, cause);
        }
    }

    private void callOnFailure(Consumer<? super Failure> handler, Failure told) {
        loop().runReporting("onFailure of ", link, () -> handler.accept(told));
    }

    /** What came before may wait for long, or for ever: it is told now that the connection is gone, for that is so. */
    void tellEarly(Throwable cause) {
        if (onFailure != null && !toldEarly) {
            toldEarly = true;
            callOnFailure(onFailure, new Failure(cause, false));
        }
        tellClosed();
    }

    /** The Task that looked after it has thrown: nobody receives any more, so nobody can be told of anything. */
    void deserted(Throwable thrown) {
        Throwable cause = NoMemory.unwrapped(thrown);
        Inbound inbound = link.inbound();
        boolean wasTold = inbound.hasReceiver() && inbound.receiver().deserted(); // of the end, and of nothing more
        if (link.mayFail() && failure == null) {
            link.failed(cause, false);
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
            loop().connectionFailed(link, cause);
        } else {
            loop().threw("the Task of ", link, cause);
        }
    }

    // ---- its receiver, and the end

    /** Whoever receives from now on was told nothing yet. */
    void receiverIsNew() {
        receiverTold = false;
    }

    /** Somebody else than its receiver was given the cause of its end. */
    void heardOf() {
        if (link.inbound().hasReceiver()) {
            link.inbound().receiver().heardOf();
        }
    }

    /**
     * Tells the receiver that nothing more comes, once. One that came after a failure hears of that as well.
     *
     * @return whether somebody was told of the cause
     */
    boolean tellReceiver(@Nullable Throwable cause) {
        Inbound inbound = link.inbound();
        if (receiverTold || link.stack().isEmpty() || !inbound.hasReceiver()) {
            return false;
        }
        receiverTold = true;
        try {
            return inbound.receiver().closed(cause == null ? failedWith : cause);
        } catch (Throwable t) {
            loop().threw("the end of ", link, t);
            return false;
        }
    }

    /** From a Handle: close() may have been called while the receiver was given a message. */
    void tellReceiverLater() {
        loop().enqueue(new Handle(loop(), "end of ", link, () -> tellReceiver(null)));
    }

    /**
     * It ends.
     *
     * @param cause why, unless that was in good order, or they know already
     */
    void tellEnd(@Nullable Throwable cause) {
        if (cause != null && failure == null) {
            tellFailure(cause, false);
            return;
        }
        if (link.route() == null) {
            awaitNothing(); // whoever accepted it has ended it
        } else if (awaiting != null) {
            tellAwaitingOfWire(new IOException(link + " has ended before its layers were ready"));
        }
        tellReceiver(null);
    }

    // ---- closed()

    /** From any thread. The caller's own. */
    synchronized Future<@Nullable Void> closed() {
        if (gone) {
            return Promise.done(loop(), null);
        }
        if (closed == null) {
            closed = Promise.openEnded(loop());
        }
        return closed.copy();
    }

    /** How many have asked for it, and still wait. */
    synchronized int waitingForClosed() {
        return closed == null ? 0 : closed.waiting();
    }

    /** It is gone. */
    synchronized void tellClosed() {
        gone = true;
        if (closed != null) {
            closed.complete(null);
        }
    }
}
