package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A protocol as a pure function: bytes in, messages of type {@code R} out; messages of type {@code W} in, bytes out.
 *
 * <p>A Codec is an immutable factory; the {@link Session} returned by {@link #open} holds the state of one connection. A codec without state is two
 * functions: {@link #of}.
 *
 * <p><b>Threading:</b> one codec serves all connections. {@link #open} and the functions of {@link #of} and {@link #map} run on the
 * connections' loops, perhaps on several at once; {@link #sizeEstimate} on any thread.
 *
 * <p><b>Limits:</b> bytes that a session does not consume are kept until it does, without a limit. A session must therefore throw a
 * {@link ProtocolException} once a message is longer than it accepts.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
@FunctionalInterface
public interface Codec<R, W> {
    /** The {@link #sizeEstimate} of messages that a codec knows nothing about. */
    int DEFAULT_SIZE_ESTIMATE = 256;

    /** The greatest length of a message, in bytes, for {@link #of(Decoder, Encoder)}. */
    int LONGEST = 16 * 1024 * 1024;

    /**
     * Opens a session for a new connection.
     *
     * @param context of that connection. A session may keep it for {@link Context#random}, {@link Context#remoteAddress}, {@link Context#target},
     *     {@link Context#shared} and {@link Context#own}, and for what may be requested while it encodes.
     */
    Session<R, W> open(Context context);

    /**
     * Estimates how many bytes a message will take. A write from another thread reserves that much against the connection's water marks until the
     * loop gets to it; an encoder finds that much space. Wrong estimates cost speed, not correctness: whatever this returns or throws, a message that
     * was admitted is written. Too large an estimate makes writers wait without need.
     */
    default int sizeEstimate(W message) {
        return DEFAULT_SIZE_ESTIMATE;
    }

    /** A codec without state: two functions, and messages of up to {@link #LONGEST} bytes. */
    static <R, W> Codec<R, W> of(Decoder<? extends R> decoder, Encoder<? super W> encoder) {
        return of(LONGEST, decoder, encoder);
    }

    /**
     * A codec without state.
     *
     * @param longest a connection fails with a {@link ProtocolException} when it has received more than this many bytes from which {@code decoder}
     *     can't make a message
     */
    static <R, W> Codec<R, W> of(int longest, Decoder<? extends R> decoder, Encoder<? super W> encoder) {
        return new Stateless<>(longest, decoder, encoder);
    }

    /**
     * This codec with other types: each message read goes through {@code up}, each message written through {@code down}. Both run on the loop.
     * {@code up} owns the message passed to it, and must not return null; if it throws, the connection ends. If {@code down} throws, the write fails.
     *
     * <p><b>Ownership:</b> {@code down} borrows its argument. Its result is taken over: if it is reference-counted, and not the argument itself, it
     * is released once it was encoded or encoding has failed. So {@code down} does not release its argument; if it returns a slice of it, or a buffer
     * that it continues to use, it must retain a reference for that. In a chain of mappings this holds for each function, and each intermediate
     * result lives until the last function's message was encoded.
     */
    default <R2, W2> Codec<R2, W2> map(Function<? super R, ? extends R2> up, Function<? super W2, ? extends W> down) {
        return new Mapping<>(this, up, down);
    }

    /** Takes messages out of bytes: the reading half of a codec without state, or of the content of a {@link Framing}'s frames. */
    @FunctionalInterface
    interface Decoder<R> {
        /**
         * Takes one message.
         *
         * @param in all bytes received and not yet consumed; its content is borrowed. If a message is returned, the bytes that were read are
         *     consumed; if not, they stay where they were. On top of a {@link Framing} it shows one frame (its reader index is not 0), which has to
         *     be read to its end.
         * @return the message, or null if it is not complete yet; then this is called again, from the same place, when more bytes have arrived. (To
         *     continue where the last call stopped instead, write a {@link Session}, or use a {@link Framing}.) For a frame, null means that it is
         *     too short, which is a violation of the protocol.
         * @throws ProtocolException if the message can never be completed; its position counts from the first byte of {@code in}
         */
        @Nullable
        R decode(ByteBuf in, Context context) throws IOException;
    }

    /** Converts messages into bytes: the writing half. */
    @FunctionalInterface
    interface Encoder<W> {
        /** Appends one message, or one frame's content; the message is borrowed. */
        void encode(W message, ByteBuf out) throws IOException;

        /** See {@link Codec#sizeEstimate}. */
        default int sizeEstimate(W message) {
            return DEFAULT_SIZE_ESTIMATE;
        }
    }
}
