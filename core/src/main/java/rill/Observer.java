package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Observes the connections and calls of a loop: for custom metrics, for tracing, for logs. Each method does nothing unless it is overridden. Set by
 * {@link LoopOptions#observer}; loops may share one.
 *
 * <p>Every connection that was opened is reported as closed once, even if its loop ends, and every call ends once, whatever its outcome. This does
 * not hold on a simulated host that has lost its power.
 *
 * <p><b>Threading:</b> called on the loop, in a separate Handle: the event has happened, and more may have happened since. Events of one loop arrive
 * in order. Events left when a loop has closed are delivered by the thread that closed it. Methods must not block; they may do anything else that a
 * callback may.
 *
 * <p><b>Errors:</b> whatever an observer throws is reported, and has no other effect.
 */
public interface Observer {
    /** The connection is established: bytes can pass. */
    default void connectionOpened(Observed connection) {}

    /** Every layer is ready: TLS has completed its handshake. Not called if a layer failed, or if the peer ended its stream before. */
    default void connectionReady(Observed connection) {}

    /**
     * The connection is gone. This is its last event.
     *
     * @param cause why it failed; null if this side closed it, or both sides did in good order
     */
    default void connectionClosed(Observed connection, @Nullable Throwable cause) {}

    /**
     * A call or a {@link Caller#send} has ended for its caller.
     *
     * @param connection the connection it was on; null for a {@link Pool}'s call that was on none
     * @param request how messages name its request: see {@link ClientProtocol#naming}; by default its type
     * @param latency from when it was made until now, including all tries of a Pool; for a call that was given up, until that was noticed
     * @param failure the failure; null if it was answered, sent or cancelled
     */
    default void callEnded(
            @Nullable Observed connection,
            Object request,
            CallOutcome outcome,
            Duration latency,
            @Nullable Throwable failure) {}

    /**
     * A call of a {@link Pool} is tried again on another connection: it has not ended.
     *
     * @param request as for {@link #callEnded}
     * @param tries how often it was written before
     * @param failure why the last try failed
     */
    default void callRetried(Pool<?, ?> pool, Object request, int tries, CallFailedException failure) {}
}
