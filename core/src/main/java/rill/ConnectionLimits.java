package rill;

import java.time.Duration;

/**
 * Bounds of one connection; immutable, each method gives a changed copy. Sizes are in bytes.
 *
 * @param lowWaterMark writers that were told to wait go on once no more than this is pending
 * @param highWaterMark writers are told to wait once this is pending
 * @param hardLimit a write that comes once this is pending fails, and the connection with it unless its owner carries on: see
 *     {@link Failure}. Sessions' own answers and calls of a {@link Client} are held up before
 * @param closeProgress how long a close may take without any progress: bytes taken by the peer, or sent by it. Where the system does not
 *     tell what the peer takes (all transports but epoll), what counts is whether it makes room for more: it may be some KiB before that
 *     shows. And, of a connection that has failed, how long its receiver may take nothing of what came before until
 *     {@link Connection#closed} is done
 * @param drainBytes how much of what a peer still sends is discarded on close before it is cut off
 */
public record ConnectionLimits(
        int lowWaterMark, int highWaterMark, int hardLimit, Duration closeProgress, int drainBytes) {
    private static final ConnectionLimits DEFAULTS =
            new ConnectionLimits(64 * 1024, 256 * 1024, 1024 * 1024, Duration.ofSeconds(5), 1024 * 1024);

    /** Checks that the marks are in order. */
    public ConnectionLimits {
        if (lowWaterMark < 0 || highWaterMark <= lowWaterMark || hardLimit < highWaterMark) {
            throw new IllegalArgumentException("water marks have to be 0 <= low < high <= hard limit, not "
                    + lowWaterMark + ", " + highWaterMark + ", " + hardLimit);
        }
        if (closeProgress.isNegative() || closeProgress.isZero() || drainBytes < 0) {
            throw new IllegalArgumentException(
                    "closing needs time and no negative number of bytes: " + closeProgress + ", " + drainBytes);
        }
    }

    /** 64 KiB, 256 KiB and 1 MiB; 5 seconds; 1 MiB. */
    public static ConnectionLimits defaults() {
        return DEFAULTS;
    }

    /** With these marks. */
    public ConnectionLimits waterMarks(int low, int high, int hard) {
        return new ConnectionLimits(low, high, hard, closeProgress, drainBytes);
    }

    /** With these bounds of closing. */
    public ConnectionLimits closing(Duration newCloseProgress, int newDrainBytes) {
        return new ConnectionLimits(lowWaterMark, highWaterMark, hardLimit, newCloseProgress, newDrainBytes);
    }
}
