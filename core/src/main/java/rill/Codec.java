package rill;

import io.netty.buffer.ByteBuf;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A protocol as a pure function: bytes in, messages of type {@code R} out; messages of type {@code W} in, bytes out.
 *
 * <p>A Codec is an immutable factory; the {@link Session} that {@link #open} gives holds the state of one connection. A codec
 * without state is two functions: {@link #of}.
 *
 * <p><b>Threading:</b> any thread.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
@FunctionalInterface
public interface Codec<R, W> {
    /** What {@link #sizeEstimate} says of messages that it knows nothing of. */
    int DEFAULT_SIZE_ESTIMATE = 256;

    /** A session for a new connection. */
    Session<R, W> open(SessionContext context);

    /**
     * About how many bytes a message will take. A write from another thread reserves that much against the connection's water
     * marks; an encoder finds that much space. Wrong guesses cost speed, not correctness.
     */
    default int sizeEstimate(W message) {
        return DEFAULT_SIZE_ESTIMATE;
    }

    /** A codec without state: two functions. */
    static <R, W> Codec<R, W> of(Decoder<? extends R> decoder, Encoder<? super W> encoder) {
        return new Stateless<>(decoder, encoder);
    }

    /** This codec, with other types: each message read goes through {@code up}, each one written through {@code down}. */
    default <R2, W2> Codec<R2, W2> map(Function<? super R, ? extends R2> up, Function<? super W2, ? extends W> down) {
        return new Mapping<>(this, up, down);
    }

    /** Takes messages out of bytes. */
    @FunctionalInterface
    interface Decoder<R> {
        /**
         * Takes one message.
         *
         * @param in all bytes that are there and not consumed; its content is borrowed. What is read from it is consumed if a
         *     message is returned, and left where it was if not.
         * @return the message, or null if it is not complete yet
         * @throws ProtocolException if it never will be
         */
        @Nullable
        R decode(ByteBuf in) throws ProtocolException;
    }

    /** Puts messages into bytes. */
    @FunctionalInterface
    interface Encoder<W> {
        /** Appends one message; the message is borrowed. */
        void encode(W message, ByteBuf out);
    }
}
