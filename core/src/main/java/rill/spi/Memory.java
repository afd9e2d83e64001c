package rill.spi;

import java.nio.ByteBuffer;
import rill.system.SystemMemory;

/**
 * Allocates the memory of loops' buffers, outside the heap. A loop gets all its direct memory here: its receive buffer, the output of connections,
 * and input that is not decoded yet. It keeps a few pieces for reuse, so it allocates seldom.
 *
 * <p>Tests wrap one and refuse the n-th piece, to see what happens to the connection that wanted it.
 *
 * <p><b>Threading:</b> any thread, also for the release of a piece. Neither may block for long: the caller is a loop.
 */
@FunctionalInterface
public interface Memory {
    /**
     * Allocates a piece of this many bytes. Its content is unspecified.
     *
     * <p><b>Errors:</b> a refusal fails the connection that wanted the piece, with an {@link java.io.IOException} whose cause is this error; the loop
     * continues.
     *
     * @param bytes a power of two and at least 4,096; beyond 2<sup>30</sup> any number
     * @throws OutOfMemoryError if the memory is not available; the message says which bound was reached, and how to raise it
     */
    Piece allocate(int bytes);

    /** A piece of memory, owned by the code that allocated it. */
    interface Piece {
        /** The bytes: a direct buffer, writable by any thread, from 0 to the requested size. Must not be used after the release. */
        ByteBuffer bytes();

        /** Releases the piece; must be called once. Any thread. */
        void release();

        /**
         * Whether a loop may keep the piece for reuse. If false, the loop releases it at once after use, so that memory needed only by a burst can be
         * returned to the system as a whole.
         */
        default boolean lasting() {
            return true;
        }
    }

    /**
     * The memory shared by all loops of this process. It is bounded like the JVM's direct buffers: by {@code -XX:MaxDirectMemorySize}, or else by the
     * maximum heap size. Direct buffers allocated by other code, which the JVM counts, are not counted here.
     *
     * <p>While no more than 32 MiB are held, no thread waits for the bound to be determined, which takes a moment once more than four are held. A
     * bound below 32 MiB may therefore be exceeded, up to that amount, for this moment.
     *
     * <p>Memory unused for a second is returned to the system, except for the first mebibyte. <b>Not guaranteed:</b> that the system's allocator
     * returns it in turn; {@code -XX:TrimNativeHeapInterval} makes glibc's do so.
     */
    static Memory system() {
        return SystemMemory.INSTANCE;
    }
}
