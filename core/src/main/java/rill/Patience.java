package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a connection that closes waits for its peer.
 *
 * <p>While it flushes: as long as the peer takes something, or sends something, at least every
 * {@link ConnectionLimits#closeProgress}. Without progress it is aborted.
 *
 * <p>While it drains: for {@link ConnectionLimits#closeProgress} in all. Everything has left by then, so nothing is lost when it is
 * closed in good order. A loop that closes waits for {@link #QUIET} only, unless the peer is sending still.
 */
final class Patience {
    /** The silence after which a peer is taken for idle: a long round trip. */
    private static final Duration QUIET = Duration.ofMillis(250);

    private final Link link;
    private final Loop loop;
    private final ConnectionLimits limits;
    private long drainedBytes;
    private long drainUntil;
    private boolean draining;
    private @Nullable Handle timer;

    Patience(Link link) {
        this.link = link;
        this.loop = link.loop();
        this.limits = link.limits();
    }

    /** The peer has sent bytes that nobody wants; true if those are enough. */
    boolean drained(int bytes) {
        drainedBytes += bytes;
        return drainedBytes > limits.drainBytes();
    }

    /** Called as often as you like until it drains. */
    void whileFlushing() {
        if (timer == null) {
            watchFlushing();
        }
    }

    private void watchFlushing() {
        long before = progress();
        startTimer(limits.closeProgress(), () -> {
            if (progress() == before) {
                link.abort();
            } else {
                watchFlushing();
            }
        });
    }

    /** A peer that sends for ever and reads nothing makes no progress. */
    private long progress() {
        return Math.min(drainedBytes, limits.drainBytes()) - link.outbound().pending();
    }

    void whileDraining() {
        if (!draining) {
            draining = true;
            drainUntil = loop.nanoTime() + Loop.nanos(limits.closeProgress());
        }
        long before = drainedBytes;
        Duration left = Duration.ofNanos(Math.max(0, drainUntil - loop.nanoTime()));
        boolean hurry = loop.closing().hasBegun() && left.compareTo(QUIET) > 0;
        startTimer(hurry ? QUIET : left, () -> {
            if (hurry && drainedBytes > before) {
                whileDraining();
            } else {
                link.wire().close();
            }
        });
    }

    private void startTimer(Duration after, Runnable action) {
        end();
        timer = loop.schedule(after, "progress of closing ", link, action);
    }

    /** The connection is closed. */
    void end() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
