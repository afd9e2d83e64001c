package rill;

import java.util.Locale;

/**
 * How a connection ends from this side: what was written leaves, and what still arrives is discarded, so that an answer already written is never
 * destroyed by a reset that unread input would cause. Created when the end begins.
 *
 * <pre>
 *  close(), and something holds up
 *  the end of our stream ──▶ WAITING
 *                               │ nothing does any more      all written               end of input, enough of it,
 *  close() ─────────────────────┴────────────────▶ FLUSHING ────────────▶ DRAINING ──▶ or the CloseTimer: the wire is closed
 *                                                     │                      ▲
 *              the CloseTimer, while nothing can leave: abort()              │
 *                                                     └──────────────────────┤
 *  abort(); waiting input of a BROKEN one is dropped; the loop is closed ────┘
 * </pre>
 *
 * <p>While it is WAITING, the {@link Link} is still OPEN: layers continue, but messages from the peer are no longer needed.
 */
final class Ending {
    private enum State {
        WAITING,
        FLUSHING,
        DRAINING
    }

    private final Link link;
    private final CloseTimer timer;
    private State state = State.WAITING;

    Ending(Link link) {
        this.link = link;
        this.timer = new CloseTimer(link, this);
    }

    /** Something holds up the end of our stream: continues once nothing does. */
    void await() {
        link.inbound().ignoreMessages();
        link.audience().tellReceiverLater();
        timer.whileFlushing();
        link.dirty(); // once the session's call has returned, or later
    }

    /** The good-byes are written: what was written leaves. */
    void flush() {
        state = State.FLUSHING;
        timer.end(); // the one for a layer that held back writes
        Outbound outbound = link.outbound();
        outbound.refuse(link.closedByUs());
        outbound.giveUpHeldBack(link.closedByUs());
        link.inbound().decodeNoMore();
        link.audience().tellReceiverLater();
        link.dirty(); // flushed, and then shut down, at the end of the tick
    }

    /** While flushing: continues once everything has left; until then the CloseTimer watches. */
    void goOn() {
        if (state != State.FLUSHING) {
            return;
        }
        if (link.isWireGone()) { // and handling its end has failed half-way
            link.drain();
            link.conclude(null);
        } else if (!link.outbound().allWritten()) {
            timer.whileFlushing();
        } else {
            link.drain();
            if (link.inbound().inputEnded()) {
                link.wire().close();
            } else {
                link.wire().shutdownOutput();
                timer.whileDraining();
            }
        }
    }

    /** While flushing: checks whether the peer has made room. */
    void retry() {
        link.outbound().retry();
        link.goOnFlushing();
    }

    /** Nothing of ours leaves any more. */
    void drain() {
        state = State.DRAINING;
        timer.end(); // and with it the earlier wait
    }

    /** The loop is closing: shortens the wait from now on. */
    void hurry() {
        if (state == State.DRAINING) {
            timer.whileDraining();
        }
    }

    /** The peer has sent bytes that nobody wants. */
    void drained(int bytes) {
        boolean enough = timer.drained(bytes);
        if (state == State.DRAINING && enough) {
            link.wire().close();
        }
    }

    /** The peer has ended its stream. */
    void inputEnded() {
        if (state == State.DRAINING) {
            link.wire().close();
        }
    }

    boolean isDraining() {
        return state == State.DRAINING;
    }

    /** The connection is closed. */
    void over() {
        timer.end();
    }

    /** The state, for people to read. */
    String situation() {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
