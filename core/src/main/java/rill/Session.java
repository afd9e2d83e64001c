package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One connection's state of a {@link Codec}, both directions. It does no I/O, reads no clock and starts no thread: it asks its
 * {@link Context} for what it wants done.
 *
 * <pre>
 *  opened ──▶ decode, timerExpired, encode; in any order ──▶ closed
 *                 └ inputEnded: then no decode any more, unless asked for by again()
 *                 └ outputEnding: then no encode any more
 * </pre>
 *
 * <p>What {@link #opened}, {@link #decode}, {@link #inputEnded} and {@link #timerExpired} return is a message for the layer above, or null
 * for none.
 *
 * <p><b>Threading:</b> the connection's loop, one call at a time, never nested.
 *
 * <p><b>Ownership:</b> buffers that come in are borrowed: valid during the call, never retained by a session that hands them
 * on to another layer. Buffers that go up are borrowed by the layer above until the next call to {@link #decode}; {@link #encode} may be
 * called meanwhile. Bytes that go up as they came may be returned as the very buffer that came in, without a slice. See {@link Framing}.
 *
 * <p><b>Errors:</b> {@link ProtocolException} if the peer broke the protocol, {@link IllegalArgumentException} if our caller
 * wrote what can't be encoded. Whatever {@link #decode} throws ends the connection.
 */
public interface Session<R, W> extends Codec.Decoder<R> {
    /** The connection is there (or {@link Connection#become} has put this session on it); bytes may be sent. */
    default @Nullable R opened(Context context) throws IOException {
        return null;
    }

    /**
     * Consumes bytes, and gives at most one message. Called again while bytes are left and the last call consumed some or gave a message;
     * then again when more have come.
     *
     * @param in all bytes that have come and were not consumed, the unconsumed ones at the same distance from the reader index
     *     as in the last call, so that a scan may be continued. A byte layer that returns {@code in} itself has consumed all of it.
     */
    @Override
    @Nullable
    R decode(ByteBuf in, Context context) throws IOException;

    /**
     * Appends a message's bytes; the message is borrowed. If it throws, whatever it has appended or passed is taken back. After the last message that the
     * protocol allows, the session on top throws an {@link OutputEndedException}, which concerns the write alone.
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
    default @Nullable R inputEnded(ByteBuf rest, Context context) throws IOException {
        if (rest.isReadable()) {
            throw new ProtocolException(
                    rest.readableBytes(),
                    "the stream ended within a message, after " + rest.readableBytes() + " bytes of it");
        }
        context.end();
        return null;
    }

    /** The timer that {@link Context#startTimer} started has expired. */
    default @Nullable R timerExpired(Context context) throws IOException {
        return null;
    }

    /**
     * What the session has found out that the connection's user may want to know, such as the version of a protocol: an immutable object of a
     * type of its own, by which {@link Connection#info} finds it. Null as long as there is nothing.
     */
    default @Nullable Object info() {
        return null;
    }

    /**
     * Whether {@link Connection#become} may put another pipeline in its place. Not if it takes bytes out of the stream before it has made messages of
     * them, and so could not leave to its successor what is meant for that.
     */
    default boolean replaceable() {
        return true;
    }

    /** This side is about to end its stream, after everything written: the place for a good-bye. */
    default void outputEnding(Outgoing out) throws IOException {}

    /** The connection is gone, or another pipeline has taken over. The last call; releases what the session holds. */
    default void closed() {}
}
