package rill;

import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCounted;

/** What the framework does with messages without knowing their type. */
final class Messages {
    /** What one counts for at least while it waits to be encoded: about what it takes in a queue. */
    private static final int LEAST_ESTIMATE = 64;

    /** So many find room in any case, however small the hard limit. */
    private static final int SMALLEST_QUEUE = 1024;

    private Messages() {}

    /** For how many bytes a message counts until it is encoded. From any thread. */
    static <W> int weight(Codec<?, W> codec, W message, ConnectionLimits limits) {
        int least = Math.clamp(limits.hardLimit() / SMALLEST_QUEUE, 1, LEAST_ESTIMATE);
        return Math.max(least, SizeGuess.of(codec, message));
    }

    /**
     * Releases a message that nobody received, or that has been sent; never throws. If its owner has released it as well, there is nothing
     * left to do.
     */
    static void release(Object message) {
        if (message instanceof ReferenceCounted counted) {
            try {
                counted.release();
            } catch (IllegalReferenceCountException gone) {
                // It shows where that was encoded or read.
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
