package rill.spi;

import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * Drives loops in place of the threads that use them, and receives the events it needs for that: in a simulation, it drives all loops in one
 * deterministic order.
 *
 * <p>A loop with a Driver is driven by nothing else: {@link rill.Loop#run}, {@link rill.Loop#close()} and an await from outside ask the Driver, and
 * {@link rill.Loop#start} is refused.
 *
 * <p><b>Threading:</b> {@link #drive} is called on the awaiting thread, which is outside every loop; the driver calls {@link Drivable#tick()} of its
 * own loops. {@link #opened} is called on the thread that opens the loop, {@link #expectsEnd} on the one that starts a Task, {@link #handingOver} and
 * {@link #failed} on any thread, the others on the loop.
 */
@FunctionalInterface
public interface Driver {
    /**
     * Drives until {@code done} returns true.
     *
     * @param loop the loop whose Future is awaited
     * @param done evaluated before each step
     * @throws IllegalStateException if nothing is left that could ever make {@code done} true
     */
    void drive(Drivable loop, BooleanSupplier done);

    /** A loop in this Driver's environment was opened; its Selector is the one that the transport opened last. */
    default void opened(Drivable loop) {}

    /**
     * Something is about to be queued on {@code loop} from outside it: by another loop, or by a thread outside. The loop has something to do in its
     * next tick. If this throws, the exception reaches the caller, and nothing is queued.
     */
    default void handingOver(Drivable loop) {}

    /**
     * Whether a Task must end by itself, as one of a test must, while one of a service may wait for ever; {@link WaitingTask#toEnd()} returns the
     * answer later. Called when a Task is started outside every loop; the Tasks that it starts inherit the answer. A Task started by a callback need
     * not end.
     */
    default boolean expectsEnd() {
        return false;
    }

    /** The timer with this name is due; its Handle runs in this tick. */
    default void due(Drivable loop, String timer) {}

    /**
     * A Future is done and its dependents are about to be notified.
     *
     * @param future its {@code toString} describes it
     */
    default void settled(Drivable loop, Object future, boolean cancelled) {}

    /**
     * Something has failed, and only the loop's {@link rill.Reporter} will be notified, next.
     *
     * @param what a description, including the loop's name
     */
    default void failed(Drivable loop, String what, Throwable cause) {}

    /**
     * The peer of a connection has broken the protocol, other than by ending its stream too early. The code responsible for the connection is
     * notified as well.
     *
     * @param connection a description
     * @param violation a {@link rill.ProtocolException}
     */
    default void violated(Drivable loop, String connection, IOException violation) {}

    /**
     * The body of a Task blocks in something other than {@code await}. If this throws, the Task fails with the exception and its body is abandoned;
     * if it returns, the loop waits for the body.
     *
     * @param body the Task's thread
     */
    default void blocked(Drivable loop, Thread body) {}
}
