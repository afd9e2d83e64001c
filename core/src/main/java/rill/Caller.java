package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes calls: a {@link Client}, which is one connection and ends with it, or a {@link Pool}, whose several connections come and go. Calling code
 * need not know which it has.
 *
 * <p><b>Threading:</b> any thread.
 *
 * <p><b>Ownership:</b> the Caller takes over a request's buffers and releases them. An answer's buffers belong to its receiver; if nobody receives
 * it, they are released.
 *
 * <p><b>Errors:</b> a call fails with a {@link CallFailedException}, which says whether its request can have reached the peer. If the request itself
 * is at fault, the call fails with the exception of its encoder, its key function or its name function, and was never sent; if a {@link Pool} has
 * sent it before, over another connection, that exception is the cause of a {@link CallFailedException}.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public interface Caller<Q, A> extends AutoCloseable {
    /**
     * Sends a request, within the deadline of the {@link ClientProtocol}, which counts from this call.
     *
     * @return the answer. Cancelling it frees the caller; the answer is discarded when it arrives
     */
    Future<A> call(Q request);

    /** Sends a request with its own deadline; a deadline of zero or less has already passed. */
    Future<A> call(Q request, Duration deadline);

    /**
     * Sends a request that has no answer, within the deadline of the {@link ClientProtocol}.
     *
     * @return done when the request has been written to a connection, which does not mean that it has left; fails as a call does
     */
    Future<@Nullable Void> send(Q request);

    /**
     * Done while a call would be sent at once. Await it before each call, to make calls no faster than the peer answers. The Future is the caller's
     * own.
     *
     * @return fails if this is closed, or is finishing
     */
    Future<@Nullable Void> writable();

    /** Whether it takes calls. */
    boolean isOpen();

    /**
     * Takes no more calls, waits for the answers of those already made, and closes.
     *
     * @return {@link #closed()}
     */
    Future<@Nullable Void> finish();

    /** Closes in good order, without waiting for that: await {@link #closed}. Unanswered calls fail. */
    @Override
    void close();

    /** Done, never failed, when everything has ended. The Future is the caller's own. */
    Future<@Nullable Void> closed();
}
