package rill.spi;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A socket mechanism: NIO, epoll, a simulated network, or a custom one.
 *
 * <p>Found by {@link java.util.ServiceLoader}; of those that are available, the one with the highest {@link #preference()} is the default of
 * {@link rill.Loop#open()}.
 *
 * <p><b>Lifetime:</b> a process has one instance of each transport that the {@link java.util.ServiceLoader} finds, and all loops on it can reach each
 * other; state shared by its Selectors lives in it. An instance made by {@code new} is separate, and need not reach the loops of another. A Transport
 * is never closed.
 *
 * <p><b>Threading:</b> every method may be called from any thread.
 */
public interface Transport {
    /** A short lower-case name, by which users select this transport, such as {@code nio}. */
    String name();

    /** Why this transport can't be used here, as a message for the user; null if it can. Never throws. */
    default @Nullable String unavailable() {
        return null;
    }

    /** The rank among the available transports; the highest wins. Plain NIO has 0. */
    int preference();

    /** Time, randomness, name resolution, memory and driving for the loops that use this transport. */
    default Environment environment() {
        return Environment.production();
    }

    /**
     * Whether the first thread that calls {@link Selector#select} is that Selector's driver for good, since the system binds the two together. In
     * that case {@code select} on another thread throws {@link IllegalStateException}, and a loop refuses other drivers and says what to do.
     * {@link Selector#close} on another thread, while nobody drives, still closes everything, though less gracefully.
     */
    default boolean keepsDriver() {
        return false;
    }

    /**
     * Opens the selector of one loop.
     *
     * @param receiveBuffer the loop's receive buffer: each call returns an empty direct buffer with at least 16 KiB of writable space, which the
     *     transport may fill until the {@link WireListener#received} that delivers it has returned. Called on the loop only, anew for each read. If
     *     there is no memory for it, it throws {@link java.io.UncheckedIOException} or {@link OutOfMemoryError}: then only the Wire that wanted to
     *     read fails.
     * @throws IOException if the system refuses, for example for want of descriptors; nothing is left open then
     */
    Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException;
}
