package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits how long a closing connection waits for its peer. Progress is what the peer takes, not what leaves us: the system makes room for more only
 * from time to time, and reports it later still. So the system is asked how much the peer has not taken yet; where it does not tell, a retry shows
 * whether it takes a little more.
 *
 * <p>While flushing: the connection waits as long as the peer takes something, or sends something, at least every
 * {@link ConnectionLimits#closeProgress}. Without progress it is aborted.
 *
 * <p>While draining: it waits as long as the peer takes something of what the system still has for it, at least every
 * {@link ConnectionLimits#closeProgress}; where that is not known, for that long in total. Everything has left us by then, so nothing is lost when it
 * is closed in good order, unless the peer sends something afterwards and gets a reset for it. A closing loop waits for {@link #QUIET} only, unless
 * the peer is still sending.
 */
final class CloseTimer {
    /** The silence after which a peer counts as idle: a long round trip. */
    private static final Duration QUIET = Duration.ofMillis(250);

    private final Link link;
    private final Ending ending;
    private final Loop loop;
    private final ConnectionLimits limits;
    private long drainedBytes;
    private long drainUntil;
    private boolean draining;
    private boolean overslept; // its time was up before it looked at the input
    private long notTaken = Long.MAX_VALUE; // when last asked, while draining
    private @Nullable Handle timer;

    CloseTimer(Link link, Ending ending) {
        this.link = link;
        this.ending = ending;
        this.loop = link.loop();
        this.limits = link.limits();
    }

    /** The peer has sent bytes that nobody wants; true if the limit is reached. */
    boolean drained(int bytes) {
        drainedBytes += bytes;
        return drainedBytes > limits.drainBytes();
    }

    /** May be called any number of times until it drains. */
    void whileFlushing() {
        if (timer == null) {
            watchFlushing();
        }
    }

    private void watchFlushing() {
        overslept = false;
        watchFlushing(limits.closeProgress());
    }

    private void watchFlushing(Duration limit) {
        long before = progress();
        startTimer(limit, () -> {
            ending.retry();
            if (ending.isDraining() || link.gone() || link.endsNow()) {
                return; // the rest has left
            }
            if (progress() != before) {
                watchFlushing();
            } else if (link.outbound().reserved() > 0
                    && !overslept) { // admitted messages may be in the inbox, behind this timer
                overslept = true;
                watchFlushing(Duration.ZERO);
            } else {
                link.abort();
            }
        });
    }

    /** A peer that sends for ever and reads nothing makes no progress. */
    private long progress() {
        return Math.min(drainedBytes, limits.drainBytes()) - link.outbound().pending() - notTaken();
    }

    /** The number of bytes that the system has and the peer has not; 0 if that is not known. */
    private long notTaken() {
        return Math.max(0, link.wire().unacknowledged());
    }

    void whileDraining() {
        if (!draining) {
            draining = true;
            drainUntil = loop.nanoTime() + Loop.nanos(limits.closeProgress());
        }
        long drainedBefore = drainedBytes;
        Duration left = Duration.ofNanos(Math.max(0, drainUntil - loop.nanoTime()));
        boolean hurry = loop.closing().hasBegun() && left.compareTo(QUIET) > 0;
        startTimer(hurry ? QUIET : left, () -> {
            if (hurry && drainedBytes > drainedBefore) {
                whileDraining();
            } else if (!hurry && takesStill()) {
                draining = false; // start again
                whileDraining();
            } else {
                link.wire().close();
            }
        });
    }

    /** Whether the system has bytes for the peer, and the peer has taken some of them since the last check. */
    private boolean takesStill() {
        long before = notTaken;
        notTaken = notTaken();
        return notTaken > 0 && notTaken < before;
    }

    private void startTimer(Duration after, Runnable action) {
        end();
        timer = loop.schedule(after, "progress of closing ", link, () -> link.attempt(action));
    }

    /** The connection is closed. */
    void end() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
