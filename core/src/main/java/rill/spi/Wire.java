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
 * <p><b>Threading:</b> only on its Selector's driver, or a thread that carries a Task while the driver waits: see {@link Selector}. No method calls the listener before it returns.
 *
 * <p><b>After it is closed</b> every method is a no-op ({@code flush} and {@code retry} return 0, {@code unacknowledged} returns {@link #UNKNOWN}),
 * except that {@code write} releases the buffer, {@code set} and {@code get} throw {@link java.nio.channels.ClosedChannelException}, and the
 * addresses stay known.
 */
public interface Wire {
    /** Returned by {@link #unacknowledged()} if the number is not known. */
    long UNKNOWN = -1;

    /**
     * Appends a buffer's readable bytes to the outgoing stream. Nothing need leave before {@link #flush()}.
     *
     * <p><b>Ownership:</b> takes one reference, which is released once the bytes are written or the Wire is closed, or at once if this method throws
     * for lack of memory. The content must not change until then. Allowed before {@code connected}: the bytes leave in order afterwards. A buffer
     * without readable bytes is released and has no other effect.
     */
    void write(ByteBuf buffer);

    /**
     * Starts to write everything appended so far.
     *
     * @return how many bytes left during this call. Bytes that leave later are reported by {@link WireListener#written}, so each byte is counted
     *     exactly once. A transport that learns of completion later always returns 0.
     */
    long flush();

    /**
     * Tries again to write bytes that were flushed before and have not left, even though the system has not reported that it would take more. That
     * report may be late: Linux makes it once a third of its buffer is free, which can take minutes with a slow peer. For code that needs to know now
     * and then whether a peer takes anything at all; not for every write.
     *
     * @return how many bytes left during this call, as for {@link #flush()}. A transport whose system reports at once returns 0
     */
    default long retry() {
        return 0;
    }

    /**
     * The number of bytes that have left this Wire and have not reached the peer's system yet: the system here has taken them, and they are on their
     * way, or wait for the peer to make room. Some systems count the memory that those bytes occupy. The number falls only as the peer takes bytes.
     * Costs a system call.
     *
     * @return {@link #UNKNOWN} if the system does not report it, or while there is no connection
     */
    default long unacknowledged() {
        return UNKNOWN;
    }

    /**
     * Stops the read side at once: from here on neither bytes, nor end of input, nor a close by the peer is reported. This side's own actions still
     * are: its {@code close} and {@code abort}, and {@link WireListener#writeFailed}. So is a close that was detected before and is only waiting for
     * the next {@code select}. A transport may continue to take bytes from the kernel, up to what it reads in one turn, 256 KiB, and keeps them.
     * Idempotent.
     */
    void pauseReads();

    /** Undoes {@link #pauseReads()}. Whatever was held back is delivered in order by a later {@code select}. Idempotent. */
    void resumeReads();

    /**
     * Ends the outgoing stream (TCP: FIN) after everything written before; implies {@link #flush()}. Buffers written later are released unsent.
     * Idempotent.
     */
    void shutdownOutput();

    /**
     * Closes the Wire now: unsent buffers are released, the descriptor is closed, and {@code closed(null)} follows. Anything more graceful (flush,
     * half-close, drain) is up to the connection. Nothing but {@code closed} is reported afterwards. Idempotent. If input is left unread, the peer
     * gets a reset, as with {@link #abort()}.
     */
    void close();

    /**
     * Like {@link #close()}, but the peer gets a reset (TCP: RST) instead of an orderly end. <b>Not guaranteed:</b> that the peer still reads the
     * bytes that have left before. What it does read is a prefix of them.
     */
    void abort();

    /**
     * Sets an option while the Wire is open.
     *
     * @throws IllegalArgumentException naming option and transport, if the transport does not support the option
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
