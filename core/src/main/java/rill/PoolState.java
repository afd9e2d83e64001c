package rill;

import java.time.Duration;

/** How a {@link Pool} is: a snapshot, of {@link Pool#state()} or for the listener of {@link PoolOptions#onState}. */
public sealed interface PoolState {
    /** Nothing is connected, since nobody needs a connection. */
    record Idle() implements PoolState {}

    /** Nothing is connected yet, and nothing has failed. */
    record Connecting() implements PoolState {}

    /**
     * Calls are sent.
     *
     * @param connections how many there are that take calls
     */
    record Ready(int connections) implements PoolState {}

    /**
     * Nothing is connected although that is needed, since connecting fails, or the last connection has failed. It is tried again.
     *
     * @param why the latest failure
     * @param lasted for how long nothing has been connected
     * @param attempts how often connecting has failed since
     */
    record Failing(Throwable why, Duration lasted, int attempts) implements PoolState {}

    /** It takes no more calls. */
    record Closed() implements PoolState {}
}
