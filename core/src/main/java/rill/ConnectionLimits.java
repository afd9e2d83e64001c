package rill;

import java.time.Duration;

/**
 * Bounds of one connection. Immutable; each method with parameters returns a changed copy.
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
        if (closeProgress.isNegative() || closeProgress.isZero()) {
            throw new IllegalArgumentException("closeProgress has to be positive, not " + closeProgress);
        }
        if (drainBytes < 0) {
            throw new IllegalArgumentException("drainBytes can't be negative: " + drainBytes);
        }
        this.lowWaterMark = lowWaterMark;
        this.highWaterMark = highWaterMark;
        this.hardLimit = hardLimit;
        this.closeProgress = closeProgress;
        this.drainBytes = drainBytes;
    }

    /** The default bounds: water marks of 64 KiB, 256 KiB and 1 MiB; 5 seconds; 1 MiB. */
    public static ConnectionLimits defaults() {
        return DEFAULTS;
    }

    /** The number of pending bytes at or below which waiting writers may continue. */
    public int lowWaterMark() {
        return lowWaterMark;
    }

    /** The number of pending bytes at which writers have to wait. */
    public int highWaterMark() {
        return highWaterMark;
    }

    /**
     * The number of pending bytes at which a write fails, and the connection with it unless its owner carries on: see {@link Failure}. Sessions' own
     * answers and calls of a {@link Client} are held up earlier.
     */
    public int hardLimit() {
        return hardLimit;
    }

    /**
     * How long a close may take without progress. Progress means that the peer takes bytes, or sends some. Where the system does not report what the
     * peer takes ({@code nio} and {@code epoll-nio}), progress is when it makes room for more, which may show only after some KiB.
     *
     * <p>If a connection has failed, this is also how long its receiver may take nothing of what arrived before, until {@link Connection#closed} is
     * done.
     */
    public Duration closeProgress() {
        return closeProgress;
    }

    /** How many bytes that a peer still sends are discarded on close before the peer is cut off. */
    public int drainBytes() {
        return drainBytes;
    }

    /** With these water marks. */
    public ConnectionLimits waterMarks(int low, int high, int hard) {
        return new ConnectionLimits(low, high, hard, closeProgress, drainBytes);
    }

    /** With this bound on a close without progress. */
    public ConnectionLimits closeProgress(Duration newCloseProgress) {
        return new ConnectionLimits(lowWaterMark, highWaterMark, hardLimit, newCloseProgress, drainBytes);
    }

    /** With this bound on what is discarded on close. */
    public ConnectionLimits drainBytes(int newDrainBytes) {
        return new ConnectionLimits(lowWaterMark, highWaterMark, hardLimit, closeProgress, newDrainBytes);
    }

    @Override
    public String toString() {
        return "ConnectionLimits[lowWaterMark=" + lowWaterMark + ", highWaterMark=" + highWaterMark + ", hardLimit="
                + hardLimit + ", closeProgress=" + closeProgress + ", drainBytes=" + drainBytes + "]";
    }
}
