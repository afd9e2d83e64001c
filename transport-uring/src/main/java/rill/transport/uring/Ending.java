package rill.transport.uring;

import org.jspecify.annotations.Nullable;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * How a {@link UringWire} ends. Closing its descriptor would not end what is under way, and the kernel reads and writes buffers until it has
 * answered, so the answers come first.
 *
 * <pre>
 *  begin ──▶ no more events; what no request points to is released; all requests are cancelled
 *    ──the last answer──▶ OVER: the rest is released, the descriptor is closed
 *    ──the next select──▶ TOLD: closed, the last event
 *
 *  a cancel request ──▶ done (no answer), or not found, or too late: repeated if there is still something to cancel
 * </pre>
 */
final class Ending {
    private static final int SHUT_RDWR = 2;

    private final UringWire wire;
    private final Receiving receiving;
    private final Sending sending;
    private @Nullable Throwable cause;
    private boolean reset;
    private boolean held; // the end waits until an answer is handled
    private boolean over; // to be told
    private boolean told;

    Ending(UringWire wire, Receiving receiving, Sending sending) {
        this.wire = wire;
        this.receiving = receiving;
        this.sending = sending;
    }

    // ---- why

    /** Sets the cause of the end, unless it is closed before. */
    void because(@Nullable Throwable why) {
        cause = why;
    }

    @Nullable
    Throwable cause() {
        return cause;
    }

    // ---- what is under way

    private boolean isUnderWay() {
        Connecting connecting = wire.connecting();
        return receiving.isUnderWay() || sending.isUnderWay() || (connecting != null && connecting.isUnderWay());
    }

    private void cancel() {
        receiving.cancel();
        sending.cancel();
        Connecting connecting = wire.connecting();
        if (connecting != null) {
            connecting.cancel();
        }
    }

    /**
     * Handles the answer to a cancel request. It arrives only if the request was not found (it had not begun to wait, or is about to be answered), or
     * is being executed.
     */
    void cancelIsDecided(int result) {
        receiving.cancelAgain();
        sending.cancelAgain();
        Connecting connecting = wire.connecting();
        if (connecting != null) {
            connecting.cancelAgain();
        }
        if (result == -Errno.ENOENT) {
            wire.changed();
        } else {
            wire.selector.later(wire); // nothing announces when that is over
        }
    }

    // ---- the end

    /** Begins the end, because the Wire is closed. */
    void begin(@Nullable Throwable why, boolean withReset) {
        cause = why;
        reset = withReset;
        giveUp();
        if (isUnderWay()) {
            wire.changed();
        } else {
            finishIfOver();
        }
    }

    /** Gives up what was to be delivered, and what was to be sent. */
    void giveUp() {
        receiving.giveUp();
        sending.giveUp();
    }

    /** Cancels what is under way. */
    void advance() {
        cancel();
        finishIfOver();
    }

    /** Delays the end while an answer is handled. */
    void hold() {
        held = true;
    }

    void letGo() {
        held = false;
    }

    /** Finishes the end, once the last answer has arrived. */
    void finishIfOver() {
        if (!over && !isUnderWay() && !held) {
            sending.release();
            wire.announceEnd();
            giveBackDescriptor();
            over = true;
        }
    }

    private void giveBackDescriptor() {
        wire.closeDescriptor(reset || receiving.hasLost());
    }

    /**
     * Ends the stream in both directions and takes what has arrived: from then on a send fails, and there is nothing to receive. The peer of a Wire that
     * is being aborted may see an end before the reset.
     */
    void cutOff() {
        if (isUnderWay()) {
            LibC.shutdown(wire.selector.memory().errno, wire.fd(), SHUT_RDWR);
            receiving.discard();
        }
    }

    /** Releases everything: the Selector closes, and no request uses it any more. */
    void release() {
        sending.release();
        giveBackDescriptor();
    }

    void tell() {
        if (wire.isGone() && !told) {
            told = true;
            wire.listener.closed(cause);
        }
    }
}
