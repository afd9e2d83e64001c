package rill.transport.uring;

import org.jspecify.annotations.Nullable;
import rill.transport.epoll.linux.Errno;

/**
 * How a {@link UringWire} ends. Closing its descriptor would not end what is under way, and the kernel reads and writes buffers until it has
 * answered: so that comes first.
 *
 * <pre>
 *  begin ──▶ nothing is told any more; what no request points to is released; all requests are cancelled
 *    ──the last answer──▶ OVER: the rest is released, the descriptor is given back
 *    ──the next select──▶ TOLD: closed, the last event
 *
 *  a request to cancel ──▶ done (no answer) or not found, or too late for that: asked again if there is still something to cancel
 * </pre>
 */
final class Ending {
    private final UringWire wire;
    private final Receiving receiving;
    private final Sending sending;
    private @Nullable Throwable cause;
    private boolean reset;
    private boolean held; // the end waits until an answer is dealt with
    private boolean told;

    Ending(UringWire wire, Receiving receiving, Sending sending) {
        this.wire = wire;
        this.receiving = receiving;
        this.sending = sending;
    }

    // ---- why

    /** What it will have ended for, unless it is closed before. */
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

    /** Said only of one that was not found (it had not begun to wait, or is just about to be answered), or is being dealt with. */
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
            wire.selector.later(wire); // nobody says when that is over
        }
    }

    // ---- the end

    /** The Wire is closed. */
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

    /** So is what was to be told, and what was to be sent. */
    void giveUp() {
        receiving.giveUp();
        sending.giveUp();
    }

    /** Cancels what is under way. */
    void advance() {
        cancel();
        finishIfOver();
    }

    /** An answer is dealt with. */
    void hold() {
        held = true;
    }

    void letGo() {
        held = false;
    }

    /** Once the last answer has come. */
    void finishIfOver() {
        if (!isUnderWay() && !held && !told) {
            sending.release();
            wire.announce();
            giveBackDescriptor();
        }
    }

    private void giveBackDescriptor() {
        wire.closeDescriptor(reset || receiving.hasLost());
    }

    /** The Selector closes, and nothing is under way any more. */
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
