package rill.spi;

import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * Drives loops instead of the threads that use them, and hears what it needs to know for that: in a simulation, all loops of
 * it in one deterministic order.
 *
 * <p>A loop with a Driver is driven by nothing else: {@link rill.Loop#run}, {@link rill.Loop#close()} and an await from outside ask
 * the Driver, and {@link rill.Loop#start} is refused.
 *
 * <p><b>Threading:</b> {@link #drive} is called on the awaiting thread, which is outside every loop; the driver calls
 * {@link Drivable#tick()} of the loops that are its own. {@link #opened} is called on the thread that opens the loop, {@link #expectsEnd} on the one that starts a Task,
 * {@link #handingOver} and {@link #failed} on any, the others on the loop.
 */
@FunctionalInterface
public interface Driver {
    /**
     * Drives until {@code done} says true.
     *
     * @param loop the loop whose Future is awaited
     * @param done asked before each step
     * @throws IllegalStateException if nothing is left that could ever make {@code done} true
     */
    void drive(Drivable loop, BooleanSupplier done);

    /** A loop in this Driver's environment was opened; its Selector is the one that the transport opened last. */
    default void opened(Drivable loop) {}

    /**
     * Something is about to be queued on {@code loop} from outside of it: by another loop, or by a thread outside. The loop has
     * something to do in its next tick. What this throws reaches the caller, and nothing is queued.
     */
    default void handingOver(Drivable loop) {}

    /**
     * Whether a Task has to come to an end by itself, as one of a test does, while one of a service may wait for ever: {@link WaitingTask#toEnd()} tells it
     * later. Asked when a Task is started outside of every loop; the Tasks that it starts are like it. What a callback starts need not end.
     */
    default boolean expectsEnd() {
        return false;
    }

    /** The time of the timer of this name has come; its Handle runs in this tick. */
    default void due(Drivable loop, String timer) {}

    /**
     * A Future is done and those who depend on it are about to be told.
     *
     * @param future in words, if asked for its {@code toString}
     */
    default void settled(Drivable loop, Object future, boolean cancelled) {}

    /**
     * Something has failed, and nobody is told but the loop's {@link rill.Reporter}, next.
     *
     * @param what in words, with the loop's name
     */
    default void failed(Drivable loop, String what, Throwable cause) {}

    /**
     * The peer of a connection has broken the protocol, other than by ending its stream too early; whoever has to do with the connection is
     * told as well.
     *
     * @param connection in words
     * @param violation a {@link rill.ProtocolException}
     */
    default void violated(Drivable loop, String connection, IOException violation) {}

    /**
     * The body of a Task blocks in something other than {@code await}. What this throws fails the Task, whose body is then
     * abandoned; if it returns, the loop waits for the body.
     *
     * @param body the Task's thread
     */
    default void blocked(Drivable loop, Thread body) {}
}
