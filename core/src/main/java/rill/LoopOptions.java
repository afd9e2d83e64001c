package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/** How a Loop is made; immutable, each method that takes an argument gives a changed copy. */
public final class LoopOptions {
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
            null,
            false);

    private final @Nullable Transport transport;
    private final @Nullable String name;
    private final Duration slowHandle;
    private final Duration handleBudget;
    private final Duration spin;
    private final long bufferMemory;
    private final @Nullable TaskEngine taskEngine;
    private final Reporter reporter;
    private final @Nullable Observer observer;
    private final boolean tracing;

    private LoopOptions(
            @Nullable Transport transport,
            @Nullable String name,
            Duration slowHandle,
            Duration handleBudget,
            Duration spin,
            long bufferMemory,
            @Nullable TaskEngine taskEngine,
            Reporter reporter,
            @Nullable Observer observer,
            boolean tracing) {
        if (slowHandle.isNegative() || handleBudget.isNegative() || spin.isNegative()) {
            throw new IllegalArgumentException("negative duration: " + slowHandle + ", " + handleBudget + ", " + spin);
        }
        if (bufferMemory < LEAST_MEMORY) {
            throw new IllegalArgumentException("buffer memory of " + bufferMemory + " bytes; at least " + LEAST_MEMORY);
        }
        this.transport = transport;
        this.name = name;
        this.slowHandle = slowHandle;
        this.handleBudget = handleBudget;
        this.spin = spin;
        this.bufferMemory = bufferMemory;
        this.taskEngine = taskEngine;
        this.reporter = Objects.requireNonNull(reporter, "reporter");
        this.observer = observer;
        this.tracing = tracing;
    }

    /** The best transport and Task engine here, slow Handles reported from 100 ms, reports to {@link Reporter#logging()}. */
    public static LoopOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** The socket mechanism, or null for the best one available here. */
    public @Nullable Transport transport() {
        return transport;
    }

    /** What reports call the loop, or null for {@code loop-1} and so on. */
    public @Nullable String name() {
        return name;
    }

    /** How long a Handle may hold the loop before that is reported; zero for no such watch. */
    public Duration slowHandle() {
        return slowHandle;
    }

    /** How long the Handles of one tick may take before I/O gets its turn again. */
    public Duration handleBudget() {
        return handleBudget;
    }

    /**
     * How long an idle loop polls for I/O before it sleeps; zero, the default, for not at all.
     *
     * <p>If an answer comes within this time, polling saves the wake-up, some tens of microseconds. It costs a whole processor for the time, and
     * makes matters worse where there are fewer processors than loops that poll.
     */
    public Duration spin() {
        return spin;
    }

    /**
     * How many bytes the buffers of this loop may take: what it receives into, what waits to be sent, and what has come of unfinished
     * messages. A connection that wants more fails. {@link Long#MAX_VALUE}, the default, sets no bound for this loop alone; the bound of all
     * loops together always holds: see {@link rill.spi.Memory#system()}.
     */
    public long bufferMemory() {
        return bufferMemory;
    }

    /** How Tasks run, or null for the best engine that works here. */
    public @Nullable TaskEngine taskEngine() {
        return taskEngine;
    }

    /** Receives what no callback was told. */
    public Reporter reporter() {
        return reporter;
    }

    /** Is told of connections and calls; null for nobody. */
    public @Nullable Observer observer() {
        return observer;
    }

    /**
     * Whether to record where each Future is made, for the report of a failure that nobody looked at, and where each connection was closed, for
     * those who write to it later. Costs a stack trace each.
     */
    public boolean tracing() {
        return tracing;
    }

    // ---- changed copies

    /** With this transport. */
    public LoopOptions transport(Transport newTransport) {
        return new LoopOptions(
                newTransport,
                name,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With this name. */
    public LoopOptions name(String newName) {
        return new LoopOptions(
                transport,
                newName,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With Handles reported that hold the loop this long; zero for none. */
    public LoopOptions slowHandle(Duration newSlowHandle) {
        return new LoopOptions(
                transport,
                name,
                newSlowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With I/O getting its turn again after the Handles have taken this long. */
    public LoopOptions handleBudget(Duration newHandleBudget) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                newHandleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With this much polling before it sleeps; see {@link #spin()} for the cost. */
    public LoopOptions spin(Duration newSpin) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                newSpin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With this bound on the memory of its buffers, in bytes; see {@link #bufferMemory()}. */
    public LoopOptions bufferMemory(long newBufferMemory) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                spin,
                newBufferMemory,
                taskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With Tasks that run this way. */
    public LoopOptions taskEngine(TaskEngine newTaskEngine) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                newTaskEngine,
                reporter,
                observer,
                tracing);
    }

    /** With this Reporter. */
    public LoopOptions reporter(Reporter newReporter) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                newReporter,
                observer,
                tracing);
    }

    /** With somebody who is told of connections and calls. */
    public LoopOptions observer(Observer newObserver) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                Objects.requireNonNull(newObserver, "observer"),
                tracing);
    }

    /** With or without a record of where Futures are made; see {@link #tracing()}. */
    public LoopOptions tracing(boolean newTracing) {
        return new LoopOptions(
                transport,
                name,
                slowHandle,
                handleBudget,
                spin,
                bufferMemory,
                taskEngine,
                reporter,
                observer,
                newTracing);
    }

    Pace pace() {
        return new Pace(slowHandle, handleBudget, spin);
    }

    @Override
    public String toString() {
        return "LoopOptions[transport=" + transport + ", name=" + name + ", slowHandle=" + slowHandle
                + ", handleBudget=" + handleBudget + ", spin=" + spin + ", bufferMemory=" + bufferMemory
                + ", taskEngine=" + taskEngine + ", reporter=" + reporter + ", observer=" + observer + ", tracing="
                + tracing + "]";
    }
}
