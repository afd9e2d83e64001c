package rill;

import io.netty.util.ReferenceCounted;

/** What the framework does with messages without knowing their type. */
final class Messages {
    /** What one counts for at least while it waits to be encoded: about what it takes in a queue. */
    private static final int LEAST_ESTIMATE = 64;

    /** So many find room in any case, however small the hard limit. */
    private static final int SMALLEST_QUEUE = 1024;

    private Messages() {}

    /** What a codec guesses of a message's size; it may be wrong in any way. From any thread. */
    static <W> int guess(Codec<?, W> codec, W message) {
        try {
            return codec.sizeEstimate(message);
        } catch (Throwable t) {
            return Codec.DEFAULT_SIZE_ESTIMATE; // what is wrong with the message shows when it is encoded
        }
    }

    /** For how many bytes a message counts until it is encoded. From any thread. */
    static <W> int weight(Codec<?, W> codec, W message, ConnectionLimits limits) {
        int least = Math.clamp(limits.hardLimit() / SMALLEST_QUEUE, 1, LEAST_ESTIMATE);
        return Math.max(least, guess(codec, message));
    }

    /** Releases a message that nobody received, or that has been sent. */
    static void release(Object message) {
        if (message instanceof ReferenceCounted counted) {
            counted.release();
        }
    }
}
