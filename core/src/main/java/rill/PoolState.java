package rill;

import java.time.Duration;

/**
 * The state of a {@link Pool}: a snapshot returned by {@link Pool#state()} or passed to the listener of {@link PoolOptions#onState}.
 *
 * <p><b>Not guaranteed:</b> the set of components of each kind: later versions may add some. Read them by name, and leave it to Rill to make such
 * records.
 */
public sealed interface PoolState {
    /** Nothing is connected, since no connection is needed. */
    record Idle() implements PoolState {}

    /** Nothing is connected yet although a connection is needed, and nothing has failed since it is. */
    record Connecting() implements PoolState {}

    /**
     * Calls are sent.
     *
     * @param connections the number of connections that take calls
     */
    record Ready(int connections) implements PoolState {}

    /**
     * Nothing is connected although a connection is needed, since connecting fails or the last connection failed. The pool keeps trying.
     *
     * @param why the latest failure
     * @param lasted for how long nothing has been connected
     * @param attempts how often connecting has failed since
     */
    record Failing(Throwable why, Duration lasted, int attempts) implements PoolState {}

    /** The pool takes no more calls. */
    record Closed() implements PoolState {}
}
