package rill;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/** How a Loop is made. Immutable; each method with a parameter returns a changed copy. */
public final class LoopOptions {
    private static final long LEAST_MEMORY = 256 * 1024;

    private static final LoopOptions DEFAULTS = new LoopOptions(new Values());

    /** The values of an instance. Changed only before an instance holds them. */
    private static final class Values implements Cloneable {
        private @Nullable Transport transport;
        private @Nullable String name;
        private Duration slowHandle = Duration.ofMillis(100);
        private Duration handleBudget = Duration.ofMillis(1);
        private Duration spin = Duration.ZERO;
        private long bufferMemory = Long.MAX_VALUE;
        private @Nullable TaskEngine taskEngine;
        private Reporter reporter = Reporter.logging();
        private @Nullable Observer observer;
        private boolean tracing;

        @Override
        public Values clone() {
            try {
                return (Values) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private LoopOptions(Values values) {
        this.values = values;
    }

    private LoopOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new LoopOptions(copy);
    }

    private static Duration notNegative(Duration time, String what) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(what + " can't be negative: " + time);
        }
        return time;
    }

    /**
     * The default options: the best transport and Task engine here, a millisecond for the Handles of a tick, slow Handles reported from 100 ms, no
     * polling, no bound on the buffers of this loop alone, reports to {@link Reporter#logging()}, no observer, no tracing.
     */
    public static LoopOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** The socket mechanism, or null for the best one available here. */
    public @Nullable Transport transport() {
        return values.transport;
    }

    /** The name of the loop in reports, or null for {@code loop-1} and so on. */
    public @Nullable String name() {
        return values.name;
    }

    /** How long a Handle may hold the loop before that is reported; zero for no such reports. */
    public Duration slowHandle() {
        return values.slowHandle;
    }

    /** How long the Handles of one tick may take before I/O gets its turn again. */
    public Duration handleBudget() {
        return values.handleBudget;
    }

    /**
     * How long an idle loop polls for I/O before it sleeps; zero, the default, for no polling.
     *
     * <p>If an answer arrives within this time, polling saves the wake-up, some tens of microseconds. It keeps a whole processor busy for that time,
     * and makes matters worse where there are fewer processors than loops that poll.
     */
    public Duration spin() {
        return values.spin;
    }

    /**
     * How many bytes the buffers of this loop may take: its receive buffers, what waits to be sent, and the received parts of unfinished messages. A
     * connection that needs more fails. {@link Long#MAX_VALUE}, the default, sets no bound for this loop alone; the bound of all loops together
     * always holds: see {@link rill.spi.Memory#system()}.
     */
    public long bufferMemory() {
        return values.bufferMemory;
    }

    /** How Tasks run, or null for the best engine that works here. */
    public @Nullable TaskEngine taskEngine() {
        return values.taskEngine;
    }

    /** Receives failures and notes that were delivered to no callback. */
    public Reporter reporter() {
        return values.reporter;
    }

    /** Is notified of connections and calls; null for none. */
    public @Nullable Observer observer() {
        return values.observer;
    }

    /**
     * Whether to record where each Future is made, for the report of a failure that nobody looked at, and where each connection was closed, for later
     * writers to it. Costs a stack trace each.
     */
    public boolean tracing() {
        return values.tracing;
    }

    // ---- changed copies

    /** With this transport. */
    public LoopOptions transport(Transport newTransport) {
        Objects.requireNonNull(newTransport, "transport");
        return with(copy -> copy.transport = newTransport);
    }

    /** With this name. */
    public LoopOptions name(String newName) {
        Objects.requireNonNull(newName, "name");
        return with(copy -> copy.name = newName);
    }

    /** With reports of Handles that hold the loop this long; zero for none. */
    public LoopOptions slowHandle(Duration newSlowHandle) {
        notNegative(newSlowHandle, "slowHandle");
        return with(copy -> copy.slowHandle = newSlowHandle);
    }

    /** With I/O getting its turn again after the Handles have taken this long. */
    public LoopOptions handleBudget(Duration newHandleBudget) {
        notNegative(newHandleBudget, "handleBudget");
        return with(copy -> copy.handleBudget = newHandleBudget);
    }

    /** With this much polling before the loop sleeps; see {@link #spin()} for the cost. */
    public LoopOptions spin(Duration newSpin) {
        notNegative(newSpin, "spin");
        return with(copy -> copy.spin = newSpin);
    }

    /** With this bound on the memory of its buffers, in bytes; see {@link #bufferMemory()}. */
    public LoopOptions bufferMemory(long newBufferMemory) {
        if (newBufferMemory < LEAST_MEMORY) {
            throw new IllegalArgumentException(
                    "buffer memory of " + newBufferMemory + " bytes; at least " + LEAST_MEMORY);
        }
        return with(copy -> copy.bufferMemory = newBufferMemory);
    }

    /** With Tasks that run this way. */
    public LoopOptions taskEngine(TaskEngine newTaskEngine) {
        Objects.requireNonNull(newTaskEngine, "taskEngine");
        return with(copy -> copy.taskEngine = newTaskEngine);
    }

    /** With this Reporter. */
    public LoopOptions reporter(Reporter newReporter) {
        Objects.requireNonNull(newReporter, "reporter");
        return with(copy -> copy.reporter = newReporter);
    }

    /** With this observer, which is notified of connections and calls. */
    public LoopOptions observer(Observer newObserver) {
        Objects.requireNonNull(newObserver, "observer");
        return with(copy -> copy.observer = newObserver);
    }

    /** With or without a record of where Futures are made; see {@link #tracing()}. */
    public LoopOptions tracing(boolean newTracing) {
        return with(copy -> copy.tracing = newTracing);
    }

    Pace pace() {
        return new Pace(slowHandle(), handleBudget(), spin());
    }

    @Override
    public String toString() {
        return "LoopOptions[transport=" + transport() + ", name=" + name() + ", slowHandle=" + slowHandle()
                + ", handleBudget=" + handleBudget() + ", spin=" + spin() + ", bufferMemory=" + bufferMemory()
                + ", taskEngine=" + taskEngine() + ", reporter=" + reporter() + ", observer=" + observer()
                + ", tracing=" + tracing() + "]";
    }
}
