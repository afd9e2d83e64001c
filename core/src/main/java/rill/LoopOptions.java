package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/**
 * How a Loop is made; immutable, each method gives a changed copy.
 *
 * @param transport the socket mechanism, or null for the best one available here
 * @param name what reports call the loop, or null for {@code loop-1} and so on
 * @param slowHandle how long a Handle may hold the loop before it is reported; zero for no such watch
 * @param handleBudget how long the Handles of one tick may take before I/O gets its turn again
 * @param spin how long an idle loop asks for I/O again and again before it sleeps; zero, as by default, for not at all. It spares
 *     the wake-up, some tens of microseconds, when there is an answer within this time; it costs a whole processor for the
 *     time, and makes matters worse where processors are fewer than what spins
 * @param bufferMemory how many bytes of memory the buffers of this loop may take: what it receives into, what waits to be sent, and
 *     what has come of unfinished messages. A connection that wants more fails. {@link Long#MAX_VALUE}, as by default, for no bound of its
 *     own; there is always that of all loops together: see {@link rill.spi.Memory#system()}
 * @param taskEngine how Tasks run, or null for the best engine that works here
 * @param reporter who hears of what reaches nobody else
 * @param tracing whether to record where each Future is made, for the report of a failure that nobody looked at, and where each
 *     connection was closed, for whoever writes to it later; costs a stack trace each
 */
public record LoopOptions(
        @Nullable Transport transport,
        @Nullable String name,
        Duration slowHandle,
        Duration handleBudget,
        Duration spin,
        long bufferMemory,
        @Nullable TaskEngine taskEngine,
        Reporter reporter,
        boolean tracing) {
    private static final long LEAST_MEMORY = 256 * 1024;

    private static final LoopOptions DEFAULTS = new LoopOptions(
            null,
            null,
            Duration.ofMillis(100),
            Duration.ofMillis(1),
            Duration.ZERO,
            Long.MAX_VALUE,
            null,
            Reporter.logging(),
            false);

    /** Checks that no duration is negative, and that there is memory for a receive buffer and a few more. */
    public LoopOptions {
        if (slowHandle.isNegative() || handleBudget.isNegative() || spin.isNegative()) {
            throw new IllegalArgumentException("negative duration: " + slowHandle + ", " + handleBudget + ", " + spin);
        }
        if (bufferMemory < LEAST_MEMORY) {
            throw new IllegalArgumentException("buffer memory of " + bufferMemory + " bytes; at least " + LEAST_MEMORY);
        }
        Objects.requireNonNull(reporter, "reporter");
    }

    /** The best transport and Task engine here, slow Handles reported from 100 ms, reports to {@link Reporter#logging()}. */
    public static LoopOptions defaults() {
        return DEFAULTS;
    }

    /** With this transport. */
    public LoopOptions transport(Transport newTransport) {
        return new LoopOptions(
                newTransport, name, slowHandle, handleBudget, spin, bufferMemory, taskEngine, reporter, tracing);
    }

    /** With this name. */
    public LoopOptions name(String newName) {
        return new LoopOptions(
                transport, newName, slowHandle, handleBudget, spin, bufferMemory, taskEngine, reporter, tracing);
    }

    /** Reporting Handles that hold the loop this long; zero for none. */
    public LoopOptions slowHandle(Duration newSlowHandle) {
        return new LoopOptions(
                transport, name, newSlowHandle, handleBudget, spin, bufferMemory, taskEngine, reporter, tracing);
    }

    /** Giving I/O its turn again after the Handles have taken this long. */
    public LoopOptions handleBudget(Duration newHandleBudget) {
        return new LoopOptions(
                transport, name, slowHandle, newHandleBudget, spin, bufferMemory, taskEngine, reporter, tracing);
    }

    /** Spinning so long before sleeping; see {@link #spin()} for the cost. */
    public LoopOptions spin(Duration newSpin) {
        return new LoopOptions(
                transport, name, slowHandle, handleBudget, newSpin, bufferMemory, taskEngine, reporter, tracing);
    }

    /** With this bound on the memory of its buffers, in bytes; see {@link #bufferMemory()}. */
    public LoopOptions bufferMemory(long newBufferMemory) {
        return new LoopOptions(
                transport, name, slowHandle, handleBudget, spin, newBufferMemory, taskEngine, reporter, tracing);
    }

    /** Running Tasks this way. */
    public LoopOptions taskEngine(TaskEngine newTaskEngine) {
        return new LoopOptions(
                transport, name, slowHandle, handleBudget, spin, bufferMemory, newTaskEngine, reporter, tracing);
    }

    /** Reporting to this Reporter. */
    public LoopOptions reporter(Reporter newReporter) {
        return new LoopOptions(
                transport, name, slowHandle, handleBudget, spin, bufferMemory, taskEngine, newReporter, tracing);
    }

    /** Recording where Futures are made. */
    public LoopOptions tracing(boolean newTracing) {
        return new LoopOptions(
                transport, name, slowHandle, handleBudget, spin, bufferMemory, taskEngine, reporter, newTracing);
    }
}
