package rill;

/** A codec's estimate of the size of a message. It may be wrong in any way: only speed depends on it. */
final class SizeGuess {
    private static final int LARGEST_SPACE = 64 * 1024;

    private SizeGuess() {}

    /** Any thread. */
    static <W> int of(Codec<?, W> codec, W message) {
        try {
            return codec.sizeEstimate(message);
        } catch (Throwable t) {
            return Codec.DEFAULT_SIZE_ESTIMATE; // what is wrong with the message shows when it is encoded
        }
    }

    /** The initial space for an encoder; the buffer grows if that is not enough. A wrong guess costs no more than a chunk. */
    static <W> int space(Codec<?, W> codec, W message) {
        return Math.clamp(of(codec, message), 0, LARGEST_SPACE);
    }
}
