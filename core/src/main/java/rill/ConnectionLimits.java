package rill;

import java.time.Duration;

/**
 * Bounds of one connection; immutable, each method that takes arguments gives a changed copy.
 *
 * <p><b>Units:</b> sizes are in bytes.
 */
public final class ConnectionLimits {
    private static final ConnectionLimits DEFAULTS =
            new ConnectionLimits(64 * 1024, 256 * 1024, 1024 * 1024, Duration.ofSeconds(5), 1024 * 1024);

    private final int lowWaterMark;
    private final int highWaterMark;
    private final int hardLimit;
    private final Duration closeProgress;
    private final int drainBytes;

    private ConnectionLimits(
            int lowWaterMark, int highWaterMark, int hardLimit, Duration closeProgress, int drainBytes) {
        if (lowWaterMark < 0 || highWaterMark <= lowWaterMark || hardLimit < highWaterMark) {
            throw new IllegalArgumentException("water marks have to be 0 <= low < high <= hard limit, not "
                    + lowWaterMark + ", " + highWaterMark + ", " + hardLimit);
        }
        if (closeProgress.isNegative() || closeProgress.isZero() || drainBytes < 0) {
            throw new IllegalArgumentException(
                    "closing needs time and no negative number of bytes: " + closeProgress + ", " + drainBytes);
        }
        this.lowWaterMark = lowWaterMark;
        this.highWaterMark = highWaterMark;
        this.hardLimit = hardLimit;
        this.closeProgress = closeProgress;
        this.drainBytes = drainBytes;
    }

    /** 64 KiB, 256 KiB and 1 MiB; 5 seconds; 1 MiB. */
    public static ConnectionLimits defaults() {
        return DEFAULTS;
    }

    /** Writers that were told to wait go on once no more than this is pending. */
    public int lowWaterMark() {
        return lowWaterMark;
    }

    /** Writers are told to wait once this is pending. */
    public int highWaterMark() {
        return highWaterMark;
    }

    /**
     * If a write comes while this is pending, it fails, and the connection fails with it unless its owner carries on: see {@link Failure}.
     * Sessions' own answers and calls of a {@link Client} are held up before.
     */
    public int hardLimit() {
        return hardLimit;
    }

    /**
     * How long a close may take without progress. Progress is bytes that the peer takes, or sends. Where the system does not tell what the
     * peer takes (all transports but epoll), what counts is whether it makes room for more: it may be some KiB before that shows.
     *
     * <p>If a connection has failed, this is also how long its receiver may take nothing of what came before, until {@link Connection#closed}
     * is done.
     */
    public Duration closeProgress() {
        return closeProgress;
    }

    /** How much of what a peer still sends is discarded on close before it is cut off. */
    public int drainBytes() {
        return drainBytes;
    }

    /** With these marks. */
    public ConnectionLimits waterMarks(int low, int high, int hard) {
        return new ConnectionLimits(low, high, hard, closeProgress, drainBytes);
    }

    /** With these bounds of closing. */
    public ConnectionLimits closing(Duration newCloseProgress, int newDrainBytes) {
        return new ConnectionLimits(lowWaterMark, highWaterMark, hardLimit, newCloseProgress, newDrainBytes);
    }

    @Override
    public String toString() {
        return "ConnectionLimits[lowWaterMark=" + lowWaterMark + ", highWaterMark=" + highWaterMark + ", hardLimit="
                + hardLimit + ", closeProgress=" + closeProgress + ", drainBytes=" + drainBytes + "]";
    }
}
