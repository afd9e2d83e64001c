package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes calls: a {@link Client}, which is one connection and ends with it, or a {@link Pool}, which is several that come and go. Code that calls
 * does not know which it has.
 *
 * <p><b>Threading:</b> any thread.
 *
 * <p><b>Ownership:</b> a request's buffers are taken and released; an answer's belong to whoever receives it, and are released if nobody does.
 *
 * <p><b>Errors:</b> a call fails with a {@link CallFailedException}, which says whether its request can have reached the peer. If the request
 * itself is at fault, the call fails with what its encoder, its key function or its name function throws, and it was never sent.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public interface Caller<Q, A> extends AutoCloseable {
    /**
     * Sends a request, within the deadline of the {@link ClientProtocol}, which counts from this call.
     *
     * @return the answer. Cancelling it frees the caller; the answer is thrown away when it comes
     */
    Future<A> call(Q request);

    /** Sends a request that has a deadline of its own; one of zero or less has passed. */
    Future<A> call(Q request, Duration deadline);

    /**
     * Sends a request that nothing answers, within the deadline of the {@link ClientProtocol}.
     *
     * @return done when the request was written to a connection, which does not say that it has left; fails as a call does
     */
    Future<@Nullable Void> send(Q request);

    /**
     * Done while a call would be sent at once. Await it before each call, to make no more of them than the peer answers. The Future is the caller's own.
     *
     * @return fails if it is closed, or finishes
     */
    Future<@Nullable Void> writable();

    /** Whether it takes calls. */
    boolean isOpen();

    /**
     * Takes no more calls, waits for the answers of those that were made, and closes.
     *
     * @return {@link #closed()}
     */
    Future<@Nullable Void> finish();

    /** Closes in good order, and does not wait for that: await {@link #closed}. Calls that have no answer yet fail. */
    @Override
    void close();

    /** Done, never failed, when nothing is left of it. A Future of the caller's own. */
    Future<@Nullable Void> closed();
}
