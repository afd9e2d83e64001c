package rill.spi;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/**
 * One byte stream to a peer.
 *
 * <pre>
 *              connected            close, abort, failure
 *  CONNECTING ──────────▶ OPEN ─────────────────────────▶ CLOSED ──▶ closed(cause), the last event
 *       │                  └ output shut ┐ in either order
 *       │                  └ input ended ┘ (neither closes the Wire)
 *       └──────────────── failure, close, abort ─────────▶ CLOSED
 * </pre>
 *
 * <p><b>Threading:</b> only on its Selector's driver. No method calls the listener before it returns.
 *
 * <p><b>After it is closed</b> every method does nothing, except that {@code write} releases the buffer and
 * {@code set}/{@code get} throw {@link java.nio.channels.ClosedChannelException}.
 */
public interface Wire {
    /**
     * Appends a buffer's readable bytes to the outgoing stream. Nothing need leave before {@link #flush()}.
     *
     * <p><b>Ownership:</b> takes one reference; it is released once the bytes are written or the Wire is closed. The
     * content must not change until then. Allowed before {@code connected}: the bytes leave in order afterwards. A buffer with
     * nothing to read is released and counts for nothing.
     */
    void write(ByteBuf buffer);

    /**
     * Starts to write all that was appended so far.
     *
     * @return how many bytes left during this call. What leaves later is reported by {@link WireListener#written}, so
     *     each byte is counted exactly once. A transport that learns of completion later always returns 0.
     */
    long flush();

    /**
     * Stops the read side at once: from here on neither bytes, nor end of input, nor a close by the peer is reported.
     * What this side does itself is: its {@code close} and {@code abort}, and a write that fails. A transport may go on
     * taking bytes from the kernel up to one receive buffer, and keeps them. Idempotent.
     */
    void pauseReads();

    /** Undoes {@link #pauseReads()}. Whatever waited is delivered in order by a later {@code select}. Idempotent. */
    void resumeReads();

    /**
     * Ends the outgoing stream (TCP: FIN) after all that was written before; implies {@link #flush()}. Later writes are
     * released unsent. Idempotent.
     */
    void shutdownOutput();

    /**
     * Closes now: unsent buffers are released, the descriptor is given back, {@code closed(null)} follows. Doing better
     * than that (flush, half-close, drain) is the connection's business. Nothing but {@code closed} is reported afterwards.
     * Idempotent.
     */
    void close();

    /** Like {@link #close()}, but the peer gets a reset (TCP: RST) instead of an orderly end. */
    void abort();

    /**
     * Sets an option while the Wire lives.
     *
     * @throws IllegalArgumentException naming option and transport, if the transport has no such option
     */
    <T> void set(SocketOption<T> option, T value) throws IOException;

    /** Reads an option; errors as for {@link #set}. */
    <T> T get(SocketOption<T> option) throws IOException;

    /** This end's address; null before {@code connected}. Still known after close. */
    @Nullable
    SocketAddress localAddress();

    /** The peer's address: known from the start. Still known after close. */
    SocketAddress remoteAddress();
}
