package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * One connection's state of a {@link Codec}, both directions. It does no I/O, reads no clock and starts no thread: what it wants
 * done it says to {@link Actions}.
 *
 * <p><b>Threading:</b> the connection's loop, one call at a time, never nested.
 *
 * <p><b>Ownership:</b> buffers that come in are borrowed: valid during the call, never retained by a session that hands them
 * on to another layer. Buffers that go up are borrowed by the layer above until the next call to {@link #decode}; {@link #encode} may be
 * called meanwhile. Bytes that go up as they came may be passed as the very buffer that came in, without a slice. See {@link Framing}.
 *
 * <p><b>Errors:</b> {@link ProtocolException} if the peer broke the protocol, {@link IllegalArgumentException} if our caller
 * wrote what can't be encoded. Whatever {@link #decode} throws ends the connection.
 */
public interface Session<R, W> {
    /** The connection is there (or {@link Connection#become} has put this session on it); bytes may be sent. */
    default void opened(Actions<R> actions) throws IOException {}

    /**
     * Consumes bytes; says to {@code actions} what follows from them, at most one {@link Actions#message}. Called again while
     * bytes are left and the last call consumed some or gave a message; then again when more have come.
     *
     * @param in all bytes that have come and were not consumed, the unconsumed ones at the same distance from the reader index
     *     as in the last call, so that a scan may be continued. A byte layer that gives {@code in} itself as its message has
     *     consumed all of it.
     */
    void decode(ByteBuf in, Actions<R> actions) throws IOException;

    /**
     * Appends a message's bytes; the message is borrowed. If it throws, whatever it has appended or passed is taken back.
     *
     * <p>As in every call to a session, the connection's own {@link Connection#write} and {@link Connection#become} throw an
     * {@link IllegalStateException} here, and flushing, closing and ending the output wait until the call has returned.
     */
    void encode(W message, Outgoing out) throws IOException;

    /**
     * The peer has ended its stream.
     *
     * @param rest what it sent after the last complete message
     */
    default void inputEnded(ByteBuf rest, Actions<R> actions) throws IOException {
        if (rest.isReadable()) {
            throw new ProtocolException(
                    rest.readableBytes(),
                    "the stream ended within a message, after " + rest.readableBytes() + " bytes of it");
        }
        actions.end();
    }

    /** The timer that {@link Actions#startTimer} started has expired. */
    default void timerExpired(Actions<R> actions) throws IOException {}

    /** This side is about to end its stream, after everything written: the place for a good-bye. */
    default void outputEnding(Outgoing out) throws IOException {}

    /** The connection is gone, or another pipeline has taken over. The last call; releases what the session holds. */
    default void closed() {}
}
