package rill;

import java.util.Locale;

/**
 * How a connection ends from this side: what was written leaves, and what still comes is thrown away, so that an answer already written is never
 * destroyed by a reset that unread input would cause. Made when that begins.
 *
 * <pre>
 *  close(), and something holds up
 *  the end of our stream ──▶ WAITING
 *                               │ nothing does any more      all written               end of input, enough of it,
 *  close() ─────────────────────┴────────────────▶ FLUSHING ────────────▶ DRAINING ──▶ or the CloseTimer: the wire is closed
 *                                                     │                      ▲
 *              the CloseTimer, while nothing can leave: abort()              │
 *                                                     └──────────────────────┤
 *  abort(); what waits in one that is BROKEN is dropped; the loop is closed ─┘
 * </pre>
 *
 * <p>While it is WAITING, the {@link Link} is still OPEN: layers go on, and messages of the peer are of no use any more.
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

    /** Something holds up the end of our stream: goes on once that does so no more. */
    void await() {
        link.inbound().ignoreMessages();
        link.audience().tellReceiverLater();
        timer.whileFlushing();
        link.dirty(); // once the session's call has returned, or later
    }

    /** Good-byes are said: what was written leaves. */
    void flush() {
        state = State.FLUSHING;
        timer.end(); // that with a layer that held back writes
        Outbound outbound = link.outbound();
        outbound.refuse(link.closedByUs());
        outbound.giveUpHeldBack(link.closedByUs());
        link.inbound().decodeNoMore();
        link.audience().tellReceiverLater();
        link.dirty(); // flushed, and then shut down, at the end of the tick
    }

    /** While it flushes: goes on once everything has left; until then the CloseTimer watches. */
    void goOn() {
        if (state != State.FLUSHING) {
            return;
        }
        if (link.isWireGone()) { // and its end has gone wrong half-way
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

    /** While it flushes: sees whether the peer has made room. */
    void retry() {
        link.outbound().retry();
        link.goOnFlushing();
    }

    /** Nothing of ours leaves any more. */
    void drain() {
        state = State.DRAINING;
        timer.end(); // with what was waited for before
    }

    /** The loop closes: less is waited for from now on. */
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

    /** Which state it is in, for people. */
    String situation() {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
