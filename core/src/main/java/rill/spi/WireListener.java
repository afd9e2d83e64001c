package rill.spi;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The receiver of one Wire's events, in this order: {@code connected} once; then {@code received} and {@code written} any number of times, with at
 * most one {@code inputEnded}, after which nothing is read; at most one {@code writeFailed}, after which nothing is written and no {@code inputEnded}
 * is delivered; last, and always, {@code closed} once, even if there was no {@code connected}.
 *
 * <p><b>Threading:</b> called within {@link Selector#select} only. <b>Errors:</b> implementations must not throw; see {@link Selector} for what
 * happens if one does.
 */
public interface WireListener {
    /** The stream is open and both addresses are known. */
    void connected();

    /**
     * Offers a place to read into, so that a large payload needs no copying. This is a hint: a Wire may call it before a read, or ignore it and use
     * the loop's receive buffer or memory of its own.
     *
     * @return a direct buffer with writable space, or null for none. The Wire appends the bytes it reads and passes this same buffer to
     *     {@link #received}.
     */
    default @Nullable ByteBuf readTarget() {
        return null;
    }

    /**
     * Bytes were received: at least one.
     *
     * @param bytes either the buffer that {@link #readTarget()} returned, with the new bytes appended, or a <b>borrowed</b> buffer whose readable
     *     bytes are the new ones. Borrowed means: valid until this call returns. A receiver that needs it longer retains it (or a slice), and the
     *     owner then uses another buffer for the next read.
     */
    void received(ByteBuf bytes);

    /**
     * The Wire has read as much as it will in this turn. Called after the last {@link #received} of the turn, before any event of another Wire. What
     * was written meanwhile may now leave together. A Wire that reads once a turn may call this after each {@code received}. If a Wire never calls
     * it, what was written leaves at the end of the tick.
     */
    default void turnEnded() {}

    /** This many bytes have left since the last report, not counting those that {@link Wire#flush()} returned; at least one. */
    void written(long bytes);

    /**
     * A write has failed, so nothing more will leave; every buffer that was to be written has been released. Delivered at once, even while reads are
     * paused. What the peer sent before is still read, in turns, unless reads are paused; after the last of it {@code closed} is delivered, with this
     * cause. {@link Wire#close} gives up the rest.
     *
     * @param cause why, naming the peer's address
     */
    void writeFailed(Throwable cause);

    /** The peer has ended its stream; all bytes before that were delivered. Writing is still possible. */
    void inputEnded();

    /**
     * The Wire is closed and every buffer that it held has been released. The last event.
     *
     * @param cause why, naming the peer's address; null if {@link Wire#close()} or {@link Wire#abort()} was called before this event was delivered,
     *     even if something had failed by then
     */
    void closed(@Nullable Throwable cause);
}
