package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import rill.spi.Clock;
import rill.spi.Tally;

/**
 * What a loop counts: one object for everything that belongs to the loop, so that no connection is larger for it. {@link LoopMetrics} defines what
 * each number means.
 *
 * <p><b>Threading:</b> written by the loop, in plain fields: counting takes one or two instructions. {@link #tickEnds} publishes them, and readers
 * begin with {@link #look}. So a reader sees at least everything that was counted until the end of the latest tick that it can know of, and each
 * field is a value that was counted. Only what happens where no loop may be is counted in an {@link AtomicLong}.
 */
final class Counters implements Tally {
    private static final VarHandle TICKS;

    static {
        try {
            TICKS = MethodHandles.lookup().findVarHandle(Counters.class, "ticks", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Clock clock;

    // The loop.
    private long ticks;
    private long sleeps;
    private long wakeUps; // by other threads
    long handles;
    long tasksBegun;
    long tasksOver;
    private long busyNanos;
    private long busySince; // a reading of the clock
    private boolean asleep; // until the transport says otherwise, or its select has returned
    private final Peak tick;

    // Timers.
    long timers;
    private long lagNanos;
    private final Peak lag;

    // Connections.
    long opened;
    long closed;
    long failed; // of those closed
    long accepted; // of those opened
    long acceptsFailed;
    long connectsFailed;
    final AtomicLong refused = new AtomicLong();

    // Bytes and messages.
    long bytesReceived;
    long bytesSent;
    long messagesReceived;
    long messagesSent;
    long reads;
    long writes;
    long pendingBytes;

    // Calls.
    long callsMade;
    long answered;
    long sent;
    private long cancelled;
    private long late;
    private long neverSent;
    private long perhapsCarriedOut;
    private long rejected;
    long handedBack; // to their pools
    long tombstonesMade;
    long tombstonesGone;
    final AtomicLong turnedAway = new AtomicLong(); // on their way to the loop

    Counters(Clock clock) {
        this.clock = clock;
        long now = clock.nanoTime();
        tick = new Peak(now);
        lag = new Peak(now);
    }

    // ---- the time of a tick

    /** This tick does not wait. */
    void busy() {
        busySince = clock.nanoTime();
    }

    /** Likewise, as of this reading of the clock. */
    void busySince(long when) {
        busySince = when;
    }

    /** This tick waits. */
    void fallsAsleep() {
        sleeps++;
        asleep = true;
    }

    @Override
    public void awake() {
        asleep = false;
        busySince = clock.nanoTime();
    }

    /**
     * The loop has waited.
     *
     * @param woken whether another thread ended the wait
     */
    void isAwake(boolean woken) {
        if (asleep) {
            awake();
        }
        wakeUps += woken ? 1 : 0;
    }

    /** The last action of a tick: publishes what was counted. */
    void tickEnds() {
        long now = clock.nanoTime();
        long lasted = now - busySince;
        busyNanos += lasted;
        tick.note(lasted, now);
        TICKS.setRelease(this, ticks + 1);
    }

    @Override
    public void read() {
        reads++;
    }

    @Override
    public void written() {
        writes++;
    }

    /** A timer runs that was due at this time. */
    void timerRuns(long due) {
        long now = clock.nanoTime();
        timers++;
        lagNanos += now - due;
        lag.note(now - due, now);
    }

    // ---- calls

    /** Counts the end of a call. */
    void callEnds(CallOutcome outcome) {
        switch (outcome) {
            case ANSWERED -> answered++;
            case SENT -> sent++;
            case CANCELLED -> cancelled++;
            case LATE -> late++;
            case NEVER_SENT -> neverSent++;
            case PERHAPS_CARRIED_OUT -> perhapsCarriedOut++;
            case REJECTED -> rejected++;
        }
    }

    // ---- reading them, from any thread

    /** The number of ticks that have ended; all of their counts are visible from here on. */
    private long look() {
        return (long) TICKS.getAcquire(this);
    }

    LoopMetrics snapshot(int pendingTimers, long heldBytes, long idleBytes) {
        long seen = look();
        return new LoopMetrics(
                work(seen),
                new LoopMetrics.Timers(
                        timers,
                        pendingTimers,
                        Duration.ofNanos(lagNanos),
                        Duration.ofNanos(lag.ever()),
                        Duration.ofNanos(lag.lately(clock.nanoTime()))),
                new LoopMetrics.Connections(
                        opened, closed, failed, accepted, refused.get(), acceptsFailed, connectsFailed),
                new LoopMetrics.Traffic(
                        bytesReceived,
                        bytesSent,
                        messagesReceived,
                        messagesSent,
                        reads,
                        writes,
                        Math.max(0, pendingBytes)),
                new LoopMetrics.Calls(
                        callsMade,
                        answered,
                        sent,
                        cancelled,
                        late,
                        neverSent,
                        perhapsCarriedOut,
                        rejected,
                        handedBack,
                        turnedAway.get(),
                        tombstonesMade,
                        tombstonesGone),
                new LoopMetrics.Memory(heldBytes, Math.clamp(heldBytes - idleBytes, 0, Long.MAX_VALUE)));
    }

    private LoopMetrics.Work work(long seen) {
        return new LoopMetrics.Work(
                seen,
                sleeps,
                wakeUps,
                handles,
                tasksBegun,
                tasksOver,
                Duration.ofNanos(busyNanos),
                Duration.ofNanos(tick.ever()),
                Duration.ofNanos(tick.lately(clock.nanoTime())));
    }
}
