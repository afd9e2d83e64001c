package rill;

/**
 * Answers requests: what {@link Loop#serve serve} is given, for all connections or for each.
 *
 * <p><b>Threading:</b> called on the connection's loop. <b>Ownership:</b> it owns the request; its answer is taken over. <b>Errors:</b> if it
 * throws, or if its Future fails or gives null, the connection fails.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
@FunctionalInterface
public interface Service<Q, A> {
    /** Begins to answer a request; the Future may be of any loop. */
    Future<A> answer(Q request) throws Exception;
}
