package rill.http.client;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Future;

/**
 * Where the body of a request comes from, piece by piece. The next piece is asked for when the connection has taken those before, so a peer that is slow
 * slows it down.
 *
 * <p><b>Threading:</b> it is called on the client's loop.
 */
@FunctionalInterface
public interface BodySource {
    /**
     * The next piece, or null at the end. It is not asked for again before its Future is done.
     *
     * <p><b>Ownership:</b> a piece is taken over.
     */
    Future<? extends @Nullable ByteBuf> next();

    /** Nothing more is asked for: all was sent, or the rest is not wanted. Called once. */
    default void close() {}
}
