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
 *              connected            close, abort, a read fails
 *  CONNECTING ──────────▶ OPEN ─────────────────────────▶ CLOSED ──▶ closed(cause), the last event
 *       │                  ├ output shut ┐ in either order
 *       │                  ├ input ended ┘ (neither closes the Wire)
 *       │                  └ a write fails: writeFailed ─▶ CLOSED, once what the peer sent before was read
 *       └──────────────── failure, close, abort ─────────▶ CLOSED
 * </pre>
 *
 * <p><b>Threading:</b> only on its Selector's driver. No method calls the listener before it returns.
 *
 * <p><b>After it is closed</b> every method does nothing ({@code flush} and {@code retry} give 0, {@code unacknowledged} gives {@link #UNKNOWN}),
 * except that {@code write} releases the buffer, {@code set} and {@code get} throw {@link java.nio.channels.ClosedChannelException}, and the
 * addresses stay known.
 */
public interface Wire {
    /** What {@link #unacknowledged()} gives where that is not known. */
    long UNKNOWN = -1;

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
     * Tries again to write what was flushed before and has not left, even though the system has not said that it would take more. It may
     * say so late: Linux does once a third of its buffer is free, which a slow peer can take minutes for. For whoever has to know whether a
     * peer takes anything at all, now and then; not for every write.
     *
     * @return how many bytes left during this call, as of {@link #flush()}. A transport whose system tells at once returns 0
     */
    default long retry() {
        return 0;
    }

    /**
     * How many of the bytes that have left this Wire have not reached the peer's system yet: the system here has taken them, and they
     * are under way, or wait for the peer to make room. Some count what those bytes take in memory. It falls only by what the peer
     * takes. Costs a system call.
     *
     * @return {@link #UNKNOWN} if the system does not tell, or while there is no connection
     */
    default long unacknowledged() {
        return UNKNOWN;
    }

    /**
     * Stops the read side at once: from here on neither bytes, nor end of input, nor a close by the peer is reported.
     * What this side does itself is: its {@code close} and {@code abort}, and {@link WireListener#writeFailed}. So is a close that
     * was found out before, and waits for the next {@code select} alone. A transport may go on taking bytes from the kernel up to what it
     * reads in one turn, 256 KiB, and keeps them. Idempotent.
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
     * Idempotent. With input left that was not read, the peer gets a reset, as of {@link #abort()}.
     */
    void close();

    /**
     * Like {@link #close()}, but the peer gets a reset (TCP: RST) instead of an orderly end. <b>Not guaranteed:</b> that the peer still
     * reads what has left before. What it does read is the beginning of it.
     */
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
