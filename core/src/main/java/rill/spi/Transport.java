package rill.spi;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A socket mechanism: NIO, epoll, a simulated network, one of your own.
 *
 * <p>Found by {@link java.util.ServiceLoader}; of those that are available here the one with the highest
 * {@link #preference()} is the default of {@link rill.Loop#open()}.
 *
 * <p><b>Lifetime:</b> of those that the {@link java.util.ServiceLoader} finds, a process has one instance each, and all loops on it reach
 * each other; what its Selectors share lives in it. One that is made by {@code new} is one more, and need not reach the loops of another. A
 * Transport is never closed.
 *
 * <p><b>Threading:</b> every method may be called from any thread.
 */
public interface Transport {
    /** A short lower-case name, by which users ask for this transport: {@code nio}. */
    String name();

    /** Why this transport can't be used here, in words for a user; empty if it can. Never throws. */
    default Optional<String> unavailable() {
        return Optional.empty();
    }

    /** Rank among the transports that are available; the highest wins. Plain NIO has 0. */
    int preference();

    /** Time, randomness, names, memory and driving for the loops that use this transport. */
    default Environment environment() {
        return Environment.production();
    }

    /**
     * Whether the first thread that calls {@link Selector#select} is that Selector's driver for good, since the system binds the two together. Then
     * {@code select} on another thread throws {@link IllegalStateException}, and a loop refuses other drivers and says what to do. {@link
     * Selector#close} on another thread, while nobody drives, ends all the same what there is, though not as orderly.
     */
    default boolean keepsDriver() {
        return false;
    }

    /**
     * Opens the selector of one loop.
     *
     * @param receiveBuffer the loop's receive buffer: each call gives a direct buffer that is empty, has at least 16 KiB
     *     of writable space, and is the transport's to fill until the {@link WireListener#received} that delivers it has
     *     returned. Called on the loop only, anew for each read. If there is no memory for it, it throws
     *     {@link java.io.UncheckedIOException} or {@link OutOfMemoryError}: then the Wire that wanted to read fails, and no other.
     * @throws IOException if the system refuses, for example for want of descriptors; nothing is left open then
     */
    Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException;
}
