package rill.spi;

import java.nio.ByteBuffer;
import rill.system.SystemMemory;

/**
 * Where the buffers of loops live, outside the heap. A loop asks for all its direct memory here: its receive buffer, what connections
 * send, and what they have read and not understood yet. It keeps a few pieces to use them again, so it asks seldom.
 *
 * <p>Tests wrap one and refuse the n-th piece, to see what becomes of the connection that wanted it.
 *
 * <p><b>Threading:</b> any thread, for a piece's release as well. Neither may wait for long: it is a loop that calls.
 */
@FunctionalInterface
public interface Memory {
    /**
     * A piece of so many bytes. What is in them is not specified.
     *
     * <p><b>Errors:</b> a refusal fails the connection that wanted it, with an {@link java.io.IOException} whose cause this error is; the
     * loop goes on.
     *
     * @param bytes a power of two and at least 4,096; beyond 2<sup>30</sup> any number
     * @throws OutOfMemoryError if it can't be had; the message says which bound was met, and how to raise it
     */
    Piece allocate(int bytes);

    /** A piece of memory, which belongs to whoever asked for it. */
    interface Piece {
        /** Its bytes: direct, writable by any thread, from 0 to as many as were asked for. Not to be touched once it is released. */
        ByteBuffer bytes();

        /** Gives it back, once. Any thread. */
        void release();

        /**
         * Whether a loop may keep it after its use, to use it again. Pieces of which that is false come back at once; so what only a burst
         * has needed can be given back to the system as a whole.
         */
        default boolean lasting() {
            return true;
        }
    }

    /**
     * That of all loops of this process together. It is bounded as the JVM's direct buffers are: by {@code -XX:MaxDirectMemorySize}, or
     * else by the largest size of the heap. Direct buffers of others, which the JVM counts, are not counted here.
     *
     * <p>As long as no more than 32 MiB are held, nobody waits until it is known what the bound is, which takes a moment once there are
     * more than four; so a bound below that may be exceeded by as much for this moment.
     *
     * <p>What has not been used for a second goes back to the system, but for the first mebibyte. <b>Not guaranteed:</b> that the
     * system's allocator gives it back in turn; {@code -XX:TrimNativeHeapInterval} makes glibc's do so.
     */
    static Memory system() {
        return SystemMemory.INSTANCE;
    }
}
