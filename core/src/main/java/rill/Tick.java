package rill;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;
import rill.spi.Driver;
import rill.spi.Selector;

/**
 * What a loop does over and over: {@link #step}. Holds the work that waits on the loop. Confined to the loop.
 *
 * <pre>
 *      other threads              timers
 *           │ Inbox                  │ due
 *           ▼                        ▼
 *  I/O ──▶ Handle queue: first in, first out ──▶ what they schedule waits for the next tick
 * </pre>
 */
final class Tick {
    /** The number of settled Futures that one Handle processes before others get their turn. */
    static final int CHAIN_LIMIT = 10_000;

    private static final int HANDLES_PER_CLOCK_READING = 16;
    private static final int POLLS_OF_A_STANDING_CLOCK = 1_000;

    private final BareLoop loop;
    private final Inbox inbox;
    private final Clock clock;
    private final @Nullable Driver driver; // is notified of events
    private final Counters counters;
    private final long handleBudgetNanos;
    private final long spinNanos;

    private final PollPolicy pollPolicy = new PollPolicy();
    private final NodeQueue handles = new NodeQueue();
    private final TimerQueue timers = new TimerQueue();
    private final NodeQueue chain = new NodeQueue(); // Futures that settled within the present Handle
    private long lastArrival; // when something was last found in the inbox
    private long time; // a reading of the clock in this tick
    private boolean timeKnown;

    Tick(BareLoop loop, Inbox inbox, Pace pace) {
        this.loop = loop;
        this.inbox = inbox;
        this.clock = loop.clock();
        this.driver = loop.driver();
        this.counters = loop.counters();
        this.handleBudgetNanos = TimeUnit.NANOSECONDS.convert(pace.handleBudget());
        this.spinNanos = TimeUnit.NANOSECONDS.convert(pace.spin());
        this.lastArrival = clock.nanoTime();
    }

    /** One tick. This is what a loop does; everything else is detail. Doesn't block if {@code done} returns true. */
    void step(BooleanSupplier done) throws IOException {
        timeKnown = false;
        try {
            long spin = Math.max(spinNanos, pollPolicy.nanosToPoll());
            if (spin == 0 || !spin(spin, done)) {
                select(done); //                     1. I/O that is ready is delivered
            }
            timersBecomeHandles(); //                2. timers that are due
            runHandles(); //                         3. the Handles that are present, first in, first out
            loop.residents().flushDirty(); //            4. what was written leaves
            loop.failures().poll();
            loop.closing().endOfTick();
        } finally {
            loop.activity().enter(null);
            counters.tickEnds();
        }
    }

    /**
     * Polls for a while instead of sleeping; returns whether that has found something to do. Nobody sends a wake-up meanwhile, since the inbox is
     * checked as well, though not all the time during a burst. With a clock that doesn't move by itself, as in a simulation, polling ends soon.
     */
    private boolean spin(long nanos, BooleanSupplier done) throws IOException {
        if (!handles.isEmpty() || driver != null) { // a loop with a Driver does not sleep in a selector
            return false;
        }
        long start = clock.nanoTime();
        long limit = timers.isEmpty() ? nanos : Math.min(nanos, timers.nextDeadline() - start);
        if (limit <= 0) {
            return false;
        }
        long lull = lastArrival + PollPolicy.LULL_NANOS - start;
        long spent = 0;
        for (int polls = 1; spent < limit; polls++) {
            if (done.getAsBoolean()) {
                return false;
            }
            timeKnown = false;
            loop.selector().select(0);
            boolean delivered = !handles.isEmpty()
                    || loop.residents().hasDirty()
                    || loop.closing().ending(); // which ends the work of the tick
            if (delivered || (spent >= lull && !inbox.isEmpty())) {
                counters.busySince(start + spent); // when it last checked and found nothing
                pollPolicy.polled(true, spent);
                return true;
            }
            pauseBetweenPolls();
            spent = clock.nanoTime() - start;
            if (!timers.isEmpty() && timers.nextDeadline() - start <= spent) {
                return false; // perhaps one that a read has just set
            }
            if (spent == 0 && polls == POLLS_OF_A_STANDING_CLOCK) {
                return false;
            }
        }
        pollPolicy.polled(false, spent);
        return false;
    }

    /** Sending threads may share this processor, so they are given it. If spinning was requested, there is a processor to spare. */
    @SuppressWarnings("ThreadPriorityCheck") // no order depends on it
    private void pauseBetweenPolls() {
        if (spinNanos == 0 && pollPolicy.othersSend()) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    /** Waits for I/O, for other threads or for the next timer. If there is something else to do, only delivers what is ready. */
    private void select(BooleanSupplier done) throws IOException {
        boolean goesOn =
                !handles.isEmpty() || loop.residents().hasDirty(); // a Reporter may have written after the flush
        if (goesOn || done.getAsBoolean() || !inbox.fallAsleep()) {
            counters.busy();
            loop.selector().select(0);
            return;
        }
        counters.fallsAsleep();
        try {
            // done is checked again because only from now on does the thread that makes it true wake us up
            loop.selector().select(done.getAsBoolean() ? 0 : nanosToNextTimer());
        } finally {
            pollPolicy.sleeping();
            counters.isAwake(inbox.awake());
        }
    }

    private long nanosToNextTimer() {
        return timers.isEmpty() ? Selector.FOREVER : Math.max(0, timers.nextDeadline() - clock.nanoTime());
    }

    private void timersBecomeHandles() {
        if (timers.isEmpty()) {
            return;
        }
        long now = clock.nanoTime();
        for (Handle due = timers.pollDue(now); due != null; due = timers.pollDue(now)) {
            if (driver != null) {
                driver.due(loop, due.name());
            }
            handles.add(due);
        }
    }

    private void runHandles() {
        int arrived = inbox.drainTo(handles);
        Node last = handles.last();
        if (last == null) {
            return;
        }
        long start = clock.nanoTime();
        if (arrived > 0) {
            lastArrival = start;
            pollPolicy.arrived(arrived);
        }
        for (int n = 1; ; n++) {
            Node node = handles.poll();
            if (node == null) {
                return; // the loop was closed by the last one
            }
            run(node);
            if (node == last) {
                return;
            }
            if (n % HANDLES_PER_CLOCK_READING == 0) {
                time = clock.nanoTime();
                timeKnown = true;
                if (time - start > handleBudgetNanos) {
                    return; // the rest goes first in the next tick
                }
            }
        }
    }

    private void run(Node node) {
        loop.activity().enter(node);
        counters.handles++;
        try {
            node.execute();
        } catch (Throwable t) {
            loop.threw(node, t);
        }
    }

    // ---- work to be done

    void add(Node node) {
        handles.add(node);
    }

    void add(Handle timer, long deadline) {
        timers.add(timer, deadline);
    }

    void timerCancelled(Handle timer) {
        timers.cancelled(timer);
    }

    /** Whether something waits for the next tick. */
    boolean hasWork() {
        return !handles.isEmpty() || !inbox.isEmpty() || loop.residents().hasDirty();
    }

    OptionalLong nextTimer() {
        return timers.isEmpty() ? OptionalLong.empty() : OptionalLong.of(timers.nextDeadline());
    }

    /** The policy that knows what is expected soon. */
    PollPolicy pollPolicy() {
        return pollPolicy;
    }

    /** The approximate number of pending timers. Any thread. */
    int pendingTimers() {
        return timers.pending();
    }

    boolean hasTimers() {
        return !timers.isEmpty();
    }

    /** Runs what is left, without the selector, round by round. */
    void runLeftovers(int rounds) {
        for (int n = 0; n < rounds && hasWork(); n++) {
            runHandles();
        }
    }

    /** The loop is closed: none of this will be done. */
    void discardAll() {
        for (Node node = handles.poll(); node != null; node = handles.poll()) {
            loop.discard(node);
        }
        for (Handle timer = timers.poll(); timer != null; timer = timers.poll()) {
            loop.discard(timer);
        }
    }

    /** A reading of the clock that may be some Handles old: good enough for a distant deadline, and nearly free. */
    long time() {
        if (!timeKnown) {
            timeKnown = true;
            time = clock.nanoTime();
        }
        return time;
    }

    // ---- notifying dependents

    /** The Handle of a settled Future: notifies its dependents, and those of the Futures that settle as a result. */
    void dispatch(Future<?> settled) {
        try {
            tellAll(settled);
        } finally {
            runChain();
        }
    }

    private void tellAll(Future<?> settled) {
        if (driver != null) {
            driver.settled(loop, settled, settled.isCancelled());
        }
        settled.tellAll();
    }

    /** The Handle of a dependent that was added after its Future had notified all others. */
    void dispatchLate(Future<?> settled, Object dependent) {
        try {
            settled.tell(dependent);
        } finally {
            runChain();
        }
    }

    /** The Handle of a Future that has notified all others, and whose kept value was asked for afterwards. */
    void dispatchAgain(Future<?> settled) {
        try {
            settled.tellDependents();
        } finally {
            runChain();
        }
    }

    /** A derived Future settled while dependents are being notified: its own come next, in the same Handle. */
    void chain(Future<?> settled) {
        chain.add(settled);
    }

    private void runChain() {
        try {
            for (int n = 0; n < CHAIN_LIMIT; n++) {
                @Nullable Future<?> next = (Future<?>) chain.poll();
                if (next == null) {
                    return;
                }
                tellAll(next);
            }
        } finally {
            for (Node rest = chain.poll(); rest != null; rest = chain.poll()) {
                handles.add(rest); // other Handles get their turn first
            }
        }
    }
}
