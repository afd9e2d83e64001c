package rill;

/**
 * Answers requests. Passed to {@link Loop#serve serve}, either one for all connections or one for each.
 *
 * <p><b>Threading:</b> called on the connection's loop. <b>Ownership:</b> the service owns the request; ownership of its answer is transferred to
 * Rill. <b>Errors:</b> if the service throws, or its Future fails or completes with null, the connection fails.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
@FunctionalInterface
public interface Service<Q, A> {
    /** Begins to answer a request; the Future may belong to any loop. */
    Future<A> answer(Q request) throws Exception;
}
