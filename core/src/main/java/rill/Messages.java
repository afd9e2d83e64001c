package rill;

import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCounted;

/** What Rill does with messages without knowing their type. */
final class Messages {
    /** The least that a message counts for while it waits to be encoded: about what it takes up in a queue. */
    private static final int LEAST_ESTIMATE = 64;

    /** At least this many messages fit in any case, however small the hard limit. */
    private static final int SMALLEST_QUEUE = 1024;

    private Messages() {}

    /** The number of bytes that a message counts for until it is encoded. Any thread. */
    static <W> int weight(Codec<?, W> codec, W message, ConnectionLimits limits) {
        int least = Math.clamp(limits.hardLimit() / SMALLEST_QUEUE, 1, LEAST_ESTIMATE);
        return Math.max(least, SizeGuess.of(codec, message));
    }

    /** Releases a message that was not received, or that has been sent; never throws. If its owner has released it as well, this is a no-op. */
    static void release(Object message) {
        if (message instanceof ReferenceCounted counted) {
            try {
                counted.release();
            } catch (IllegalReferenceCountException gone) {
                // The failure shows where the message was encoded or read.
            } catch (Throwable t) {
                releaseFailed(message, t);
            }
        }
    }

    private static void releaseFailed(Object message, Throwable cause) {
        OnLoop here = OnLoop.current();
        if (here != null) {
            here.loop().threw("the release of ", message.getClass(), cause);
        } else {
            LoggingReporter.INSTANCE.threw("the release of ", message.getClass(), cause);
        }
    }
}
