package rill;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who is notified of what becomes of a connection: its awaiter, its {@link Connection#onFailure}, its receiver, and those who have asked for
 * {@link Connection#closed}. A failure of which none of them is notified is reported.
 *
 * <pre>
 *  the awaiter:         connecting ── connected ──▶ (if asked for) every layer ready ──▶ notified, and forgotten
 *                            └───────── a failure, or the end ──────────┴──────────────▶ notified, and nobody else is
 *
 *  of a failure:        onFailure ── unless it carries on ──▶ the receiver ── if none was notified ──▶ the Reporter
 * </pre>
 *
 * <p><b>Threading:</b> the loop, except for {@link #closed}.
 */
final class Audience {
    private final Link link;
    private @Nullable Consumer<? super @Nullable Throwable>
            awaiting; // waits until it is connected, and then, if asked for, ready
    private @Nullable Consumer<? super Failure> onFailure;
    private @Nullable Failure failure; // while its owner is notified, and for good unless the owner carries on
    private @Nullable Throwable failedWith; // delivered, or to be delivered once the earlier input was received
    private boolean toldEarly; // onFailure was notified of that before the earlier input was received
    private boolean receiverTold; // was notified of the end
    private @Nullable Promise<@Nullable Void> closed; // made on demand, and handed out as copies; guarded by this
    private boolean gone; // guarded by this

    /**
     * @param awaiting called once: with null when connected, or with the reason for failing to connect
     */
    Audience(Link link, Consumer<? super @Nullable Throwable> awaiting) {
        this.link = link;
        this.awaiting = awaiting;
    }

    private Loop loop() {
        return link.loop();
    }

    // ---- the awaiter

    /** Whether it is not connected yet. */
    boolean isConnecting() {
        return awaiting != null && link.stack().isEmpty();
    }

    /**
     * Called when connected, before a pipeline is opened. Notifies {@code told} once: with null when every layer of the pipeline is ready, or with
     * the reason for failing; in that case nobody else is notified. The layers may be ready at once: see {@link #tellIfReady}.
     */
    void awaitReady(Consumer<? super @Nullable Throwable> told) {
        awaiting = told;
    }

    /** Stops awaiting: there will be no layers, or nobody is interested. Returns the awaiter. */
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
     * Called when the peer has ended its stream, or nothing more arrives, while a layer still waits for something. The owner of an accepted connection
     * has to be notified, or nobody would ever receive what waits, and close it; a dialing side waits up to its own limit.
     */
    void tellUnready() {
        if (link.route() == null) {
            tellAwaiting(null);
        }
    }

    /** Notifies the awaiter; false if there is none. */
    boolean tellAwaiting(@Nullable Throwable why) {
        Consumer<? super @Nullable Throwable> awaited = awaitNothing();
        if (awaited != null) {
            link.guarded(() -> awaited.accept(why));
        }
        return awaited != null;
    }

    /** Likewise, for a failure of the wire. */
    boolean tellAwaitingOfWire(Throwable why) {
        return tellAwaiting(ofWire(why));
    }

    /** The failure of the wire; for the awaiter, with the route of the connection. */
    Throwable ofWire(Throwable why) {
        Route route = link.route();
        return route == null || awaiting == null ? why : route.told(why);
    }

    // ---- failures

    void onFailure(Consumer<? super Failure> handler) {
        onFailure = handler;
    }

    /** Removes {@code handler}, unless the owner has set another one meanwhile. */
    void noMoreOnFailure(Consumer<? super Failure> handler) {
        if (onFailure == handler) {
            onFailure = null;
        }
    }

    /** Whether there is a handler that is notified of failures in any case. */
    boolean tellsFailures() {
        return onFailure != null;
    }

    /** Why it has ended, or is ending; null if in good order. */
    @Nullable
    Throwable failedWith() {
        return failedWith;
    }

    /** It has failed, and earlier input is to be received first. */
    void failsLater(Throwable cause) {
        failedWith = cause;
    }

    /** Its owner closes a failed connection, and does not want to be notified any more. */
    void forgetFailure() {
        failedWith = null;
    }

    /** Why it fails, once its owner is being notified; null if it does not. */
    @Nullable
    Throwable failing() {
        return failure == null ? null : failure.cause();
    }

    /** Records another failure; true if a failure is being delivered, or was before. */
    boolean hasFailedBefore(Throwable another) {
        if (failure == null) {
            return false;
        }
        failure.followedBy(another);
        return true;
    }

    /** Notifies its owner of a failure; true if the owner carries on. */
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

    /** Delivers the failure of a connection whose earlier input could not be delivered. */
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

    /** Notifies {@code onFailure} and {@code closed} that the connection is gone, although earlier input may still wait for long, or for ever. */
    void tellEarly(Throwable cause) {
        if (onFailure != null && !toldEarly) {
            toldEarly = true;
            callOnFailure(onFailure, new Failure(cause, false));
        }
        tellClosed();
    }

    /** The Task that looked after it has thrown: nobody receives any more, so nobody can be notified. */
    void deserted(Throwable thrown) {
        Throwable cause = NoMemory.unwrapped(thrown);
        Inbound inbound = link.inbound();
        boolean wasTold = inbound.hasReceiver() && inbound.receiver().deserted(); // of the end only
        if (link.mayFail() && failure == null) {
            link.failed(cause, false);
            return;
        }
        boolean passedOn = cause == failedWith;
        if (passedOn && wasTold) {
            heardOf();
        }
        if (passedOn && (onFailure != null || !wasTold)) {
            return; // others were notified when the connection failed
        }
        if (cause instanceof IOException) {
            loop().connectionFailed(link, cause);
        } else {
            loop().threw("the Task of ", link, cause);
        }
    }

    // ---- its receiver, and the end

    /** There is a new receiver, which has not been notified of anything yet. */
    void receiverIsNew() {
        receiverTold = false;
    }

    /** The cause of its end was passed to someone other than its receiver. */
    void heardOf() {
        if (link.inbound().hasReceiver()) {
            link.inbound().receiver().heardOf();
        }
    }

    /**
     * Notifies the receiver, once, that nothing more arrives. A receiver that was set after a failure is also notified of that.
     *
     * @return whether someone was notified of the cause
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

    /** From a Handle, since close() may have been called while the receiver was handling a message. */
    void tellReceiverLater() {
        loop().enqueue(new Handle(loop(), "end of ", link, () -> tellReceiver(null)));
    }

    /**
     * Notifies all of the end.
     *
     * @param cause the reason; null if the end is in good order, or they already know it
     */
    void tellEnd(@Nullable Throwable cause) {
        if (cause != null && failure == null) {
            tellFailure(cause, false);
            return;
        }
        if (link.route() == null) {
            awaitNothing(); // the accepting side has ended it
        } else if (awaiting != null) {
            tellAwaitingOfWire(new IOException(link + " has ended before its layers were ready"));
        }
        tellReceiver(null);
    }

    // ---- closed()

    /** From any thread. The Future is the caller's own. */
    synchronized Future<@Nullable Void> closed() {
        if (gone) {
            return Promise.done(loop(), null);
        }
        if (closed == null) {
            closed = Promise.ofEnd(loop(), link);
        }
        return closed.copy();
    }

    /** The number of Futures handed out that are still awaited. */
    synchronized int waitingForClosed() {
        return closed == null ? 0 : closed.waiting();
    }

    /** It is gone. */
    synchronized void tellClosed() {
        gone = true;
        if (closed != null) {
            closed.complete(null);
            closed.forgetPurpose();
        }
    }
}
