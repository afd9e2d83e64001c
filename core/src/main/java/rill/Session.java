package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The state of a {@link Codec} for one connection, in both directions. A session does no I/O, reads no clock and starts no thread: it asks its
 * {@link Context} for what it wants done.
 *
 * <pre>
 *  opened ──▶ decode, timerExpired, encode; in any order ──▶ closed
 *                 └ inputEnded: then no decode any more, unless asked for by again()
 *                 └ outputEnding: then no encode any more
 * </pre>
 *
 * <p>What {@link #opened}, {@link #decode}, {@link #inputEnded} and {@link #timerExpired} return is a message for the layer above, or null for none.
 *
 * <p><b>Threading:</b> the connection's loop, one call at a time, never nested.
 *
 * <p><b>Ownership:</b> buffers passed in are borrowed: valid during the call, and never retained by a session that hands them on to another layer.
 * Buffers that are returned are borrowed by the layer above until the next call to {@link #decode}; {@link #encode} may be called meanwhile. Bytes
 * that are passed up unchanged may be returned as the very buffer that was passed in, without a slice. See {@link Framing}.
 *
 * <p><b>Errors:</b> {@link ProtocolException} if the peer broke the protocol, {@link IllegalArgumentException} if the caller wrote something that
 * can't be encoded. Whatever {@link #decode} throws ends the connection.
 */
public interface Session<R, W> extends Codec.Decoder<R> {
    /** The connection is open (or {@link Connection#become} has put this session on it); bytes may be sent. */
    default @Nullable R opened(Context context) throws IOException {
        return null;
    }

    /**
     * Consumes bytes, and returns at most one message. Called again while bytes are left and the last call consumed some or returned a message; then
     * again when more have arrived.
     *
     * @param in all bytes that have arrived and were not consumed. The unconsumed ones are at the same distance from the reader index as in the last
     *     call, so a scan may be continued. A byte layer that returns {@code in} itself has consumed all of it.
     */
    @Override
    @Nullable
    R decode(ByteBuf in, Context context) throws IOException;

    /**
     * Appends a message's bytes; the message is borrowed. If this throws, whatever it has appended or passed is undone. After the last message that
     * the protocol allows, it throws an {@link OutputEndedException}.
     *
     * <p>As in every call to a session, the connection's own {@link Connection#write} and {@link Connection#become} throw an
     * {@link IllegalStateException} here, and flushing, closing and ending the output wait until the call has returned.
     */
    void encode(W message, Outgoing out) throws IOException;

    /**
     * The peer has ended its stream.
     *
     * @param rest the bytes received after the last complete message
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
     * Something that the session has found out and that is of interest to the connection's user, such as the version of a protocol: an immutable
     * object of a dedicated type, by which {@link Connection#info} finds it. Null while there is nothing.
     */
    default @Nullable Object info() {
        return null;
    }

    /**
     * Whether {@link Connection#become} may put another pipeline in its place. False if the session takes bytes out of the stream before it has made
     * messages of them, and so could not leave to its successor the bytes meant for that.
     */
    default boolean replaceable() {
        return true;
    }

    /** This side is about to end its stream, after everything written: the place for a closing message of the protocol. */
    default void outputEnding(Outgoing out) throws IOException {}

    /** The connection is gone, or another pipeline has taken over. This is the last call; the session releases what it holds. */
    default void closed() {}
}
