package rill.spi;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The receiver of one Wire's events, in this order: {@code connected} once; then {@code received} and {@code written} any
 * number of times, with at most one {@code inputEnded}, after which nothing is read; at most one {@code writeFailed}, after which nothing is
 * written and no {@code inputEnded} comes; last, and always, {@code closed} once, even if {@code connected} never came.
 *
 * <p><b>Threading:</b> called within {@link Selector#select} only. <b>Errors:</b> implementations don't throw; see {@link Selector} for
 * what becomes of one that does.
 */
public interface WireListener {
    /** The stream is open and both addresses are known. */
    void connected();

    /**
     * Offers a place to read into, so that a large payload needs no copying. A hint: a Wire may ask before a read, and may
     * as well ignore it and use the loop's receive buffer or memory of its own.
     *
     * @return a direct buffer with writable space, or null for none. The Wire appends what it reads and passes this same
     *     buffer to {@link #received}.
     */
    default @Nullable ByteBuf readTarget() {
        return null;
    }

    /**
     * Bytes came in: at least one.
     *
     * @param bytes either what {@link #readTarget()} gave, with the new bytes appended, or a <b>borrowed</b> buffer whose
     *     readable bytes are the new ones. Borrowed means: valid until this call returns; who needs it longer retains it
     *     (or a slice), and the owner then uses another for the next read.
     */
    void received(ByteBuf bytes);

    /**
     * The Wire has read as much as it will in this turn: after the last {@link #received} of it, before anything of another Wire. What was
     * written meanwhile may leave now, together. A Wire that reads once a turn may say so after each {@code received}; one that never says
     * so has it leave at the end of the tick.
     */
    default void turnEnded() {}

    /** So many bytes left since the last report, not counting those that {@link Wire#flush()} returned; at least one. */
    void written(long bytes);

    /**
     * A write has failed, so nothing more will leave; every buffer that was to be written has been released. Told at once, even while
     * reads are paused. What the peer sent before is still read, in turns, as far as reads are not paused; after the last of it
     * {@code closed} comes, with this cause. {@link Wire#close} gives it up.
     *
     * @param cause why, naming the peer's address
     */
    void writeFailed(Throwable cause);

    /** The peer has ended its stream; all bytes before that were reported. Writing is still possible. */
    void inputEnded();

    /**
     * The Wire is closed and every buffer that it held has been released. The last event.
     *
     * @param cause why, naming the peer's address; null if {@link Wire#close()} or {@link Wire#abort()} was called before this was told, even
     *     if something had failed by then
     */
    void closed(@Nullable Throwable cause);
}
