package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Is told what becomes of the connections and calls of a loop: for metrics of your own, for tracing, for logs. Each method does nothing unless it is
 * overridden. Given by {@link LoopOptions#observer}; loops may share one.
 *
 * <p>Every connection that was opened is told as closed once, even if its loop ends; and every call ends once, whatever became of it. Not so on a host of a
 * simulation that has lost its power.
 *
 * <p><b>Threading:</b> on the loop, in a Handle of its own: what an event is about has happened, and more may have happened since. Events of
 * one loop come in their order. What is left when a loop has closed is told by the thread that has closed it. Must not block; it may do
 * anything else that a callback may.
 *
 * <p><b>Errors:</b> whatever an observer throws is reported, and has no other effect.
 */
public interface Observer {
    /** It is connected: bytes can pass. */
    default void connectionOpened(Observed connection) {}

    /** Every layer of it is ready: TLS has done its handshake. Does not come if that has failed, or if its peer has ended its stream before. */
    default void connectionReady(Observed connection) {}

    /**
     * It is gone. The last event of it.
     *
     * @param cause why it has failed; null if this side has closed it, or both have in good order
     */
    default void connectionClosed(Observed connection, @Nullable Throwable cause) {}

    /**
     * A call has ended, or a {@link Caller#send}, for whoever made it.
     *
     * @param connection the one that it was on; null if it was a {@link Pool}'s and on none
     * @param request what messages call its request: see {@link ClientProtocol#naming}; its type, unless that says otherwise
     * @param latency from when it was made until now, with all tries of a Pool; of one that was given up, until that was noticed
     * @param failure what it has failed with; null if it was answered, sent or cancelled
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
     * @param request as of {@link #callEnded}
     * @param tries how often it was written before
     * @param failure why the last try has failed
     */
    default void callRetried(Pool<?, ?> pool, Object request, int tries, CallFailedException failure) {}
}
