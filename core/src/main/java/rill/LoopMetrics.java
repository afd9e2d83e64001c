package rill;

import java.time.Duration;

/**
 * What a loop has done since it was opened, and how it is: a snapshot, from {@link Loop#metrics} or, summed, from {@link LoopGroup#metrics}. Counters
 * only grow; the change over a period is the difference of two snapshots. Gauges, marked as such below, go up and down, and return to zero when what
 * they count is over.
 *
 * <p><b>Threading:</b> taken on any thread. On the loop, or while nobody drives it, a snapshot is exact. Elsewhere it holds everything that was
 * counted by the end of the latest completed tick, and may hold part of what the present tick has counted so far: so two numbers of one snapshot need
 * not agree to the last event, and no counter is less than in an earlier snapshot. (This holds on 64-bit JVMs, which write a {@code long}
 * atomically.)
 *
 * <p><b>Units:</b> time is that of the loop's clock: in a simulation, virtual time, and the same for the same seed.
 *
 * <p><b>Not guaranteed:</b> the set of components, here and in the records within: later versions may add some. Read them by name, and leave it to
 * Rill to make such records.
 *
 * @param work ticks and what they did
 * @param timers timers and how late they were
 * @param connections connections that came and went
 * @param traffic bytes and messages
 * @param calls calls of clients on its connections
 * @param memory buffers
 */
public record LoopMetrics(
        Work work, Timers timers, Connections connections, Traffic traffic, Calls calls, Memory memory) {
    static final LoopMetrics NOTHING = new LoopMetrics(
            new Work(0, 0, 0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO),
            new Timers(0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO),
            new Connections(0, 0, 0, 0, 0, 0, 0),
            new Traffic(0, 0, 0, 0, 0, 0, 0),
            new Calls(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            new Memory(0, 0));

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** The two combined: counters and gauges are added, and of the longest times the longer is taken. */
    public LoopMetrics plus(LoopMetrics other) {
        return new LoopMetrics(
                work.plus(other.work),
                timers.plus(other.timers),
                connections.plus(other.connections),
                traffic.plus(other.traffic),
                calls.plus(other.calls),
                memory.plus(other.memory));
    }

    /**
     * Ticks and what they did.
     *
     * @param ticks ticks that have ended
     * @param sleeps how often the loop had nothing to do, and waited in its selector
     * @param wakeUps how often another thread ended such a wait
     * @param handles Handles that have run, including settled Futures that called their callbacks, and work handed over by other threads
     * @param tasksBegun Tasks whose body has begun
     * @param tasksOver how many of those are done
     * @param busy how long its ticks have taken, without the time spent waiting, or polling before that. On a transport that does not tell when it
     *     has waited, also without the events that ended the wait
     * @param longestTick the longest time that a tick was busy, ever
     * @param longestTickLately the same within the last 19 to 20 seconds, independent of earlier snapshots
     */
    public record Work(
            long ticks,
            long sleeps,
            long wakeUps,
            long handles,
            long tasksBegun,
            long tasksOver,
            Duration busy,
            Duration longestTick,
            Duration longestTickLately) {
        /** A gauge: the number of Tasks that have begun and are not done. */
        public long tasks() {
            return Math.max(0, tasksBegun - tasksOver);
        }

        Work plus(Work other) {
            return new Work(
                    ticks + other.ticks,
                    sleeps + other.sleeps,
                    wakeUps + other.wakeUps,
                    handles + other.handles,
                    tasksBegun + other.tasksBegun,
                    tasksOver + other.tasksOver,
                    busy.plus(other.busy),
                    longer(longestTick, other.longestTick),
                    longer(longestTickLately, other.longestTickLately));
        }
    }

    /**
     * Timers and how late they were.
     *
     * @param run timers that have run
     * @param pending a gauge: timers that are not due yet, Rill's own included
     * @param lag how late, in total, those that have run were
     * @param longestLag the longest lag of a timer, ever
     * @param longestLagLately the same within the last 19 to 20 seconds
     */
    public record Timers(long run, long pending, Duration lag, Duration longestLag, Duration longestLagLately) {
        Timers plus(Timers other) {
            return new Timers(
                    run + other.run,
                    pending + other.pending,
                    lag.plus(other.lag),
                    longer(longestLag, other.longestLag),
                    longer(longestLagLately, other.longestLagLately));
        }
    }

    /**
     * Connections that came and went.
     *
     * @param opened connections that were established, outgoing and accepted ones, including those on which a layer failed in its handshake
     * @param closed how many of those opened are gone
     * @param failed how many of those closed had failed: their end has a cause other than a close by this side
     * @param accepted how many of those opened were accepted
     * @param refused connections that were accepted and could not be opened: no loop took them any more, or there was no memory
     * @param acceptsFailed how often the system has refused to accept, for example for want of descriptors
     * @param connectsFailed connects that have failed, including those that failed after the connection was established: in the handshake of a layer,
     *     or in their first step
     */
    public record Connections(
            long opened,
            long closed,
            long failed,
            long accepted,
            long refused,
            long acceptsFailed,
            long connectsFailed) {
        /** A gauge: the number of open connections. */
        public long open() {
            return Math.max(0, opened - closed);
        }

        Connections plus(Connections other) {
            return new Connections(
                    opened + other.opened,
                    closed + other.closed,
                    failed + other.failed,
                    accepted + other.accepted,
                    refused + other.refused,
                    acceptsFailed + other.acceptsFailed,
                    connectsFailed + other.connectsFailed);
        }
    }

    /**
     * Bytes and messages.
     *
     * @param bytesReceived bytes received, as they were on the wire, including those that nobody wanted any more
     * @param bytesSent bytes that the system has taken; not those that leave while the connection is being aborted, if the transport no longer tells
     * @param messagesReceived messages that pipelines have delivered to their receivers
     * @param messagesSent messages that were encoded
     * @param reads how often the system was asked for bytes; 0 if the transport does not tell
     * @param writes how often bytes were passed to the system; likewise
     * @param pendingBytes a gauge: bytes that were accepted and have not left
     */
    public record Traffic(
            long bytesReceived,
            long bytesSent,
            long messagesReceived,
            long messagesSent,
            long reads,
            long writes,
            long pendingBytes) {
        Traffic plus(Traffic other) {
            return new Traffic(
                    bytesReceived + other.bytesReceived,
                    bytesSent + other.bytesSent,
                    messagesReceived + other.messagesReceived,
                    messagesSent + other.messagesSent,
                    reads + other.reads,
                    writes + other.writes,
                    pendingBytes + other.pendingBytes);
        }
    }

    /**
     * Calls of clients on connections of this loop. A call that a {@link Pool} tries on two connections is counted as made on both, and what a Pool asks
     * by itself (first of all, and as a probe) are calls as well. At any time, the number of calls made equals the number that have ended in one of
     * these ways plus the number outstanding. A call that was given up may be noticed only when its answer arrives, at its deadline, or at the end of
     * its connection, and counts as outstanding until then.
     *
     * @param made calls that have reached a connection, including those by {@link Caller#send}
     * @param answered see {@link CallOutcome#ANSWERED}
     * @param sent see {@link CallOutcome#SENT}
     * @param cancelled see {@link CallOutcome#CANCELLED}
     * @param late see {@link CallOutcome#LATE}
     * @param neverSent see {@link CallOutcome#NEVER_SENT}
     * @param perhapsCarriedOut see {@link CallOutcome#PERHAPS_CARRIED_OUT}
     * @param rejected see {@link CallOutcome#REJECTED}
     * @param handedBack calls that their connection could not carry out, and that were returned to their Pool, which tries them elsewhere or fails
     *     them
     * @param turnedAway not included in {@code made}: calls of other threads that failed before they reached their connection, because too many were
     *     on their way to it, or its loop had closed
     * @param tombstonesMade calls that were given up, or late, while their answer might still arrive
     * @param tombstonesGone how many of those received their answer, or are no longer waited for
     */
    public record Calls(
            long made,
            long answered,
            long sent,
            long cancelled,
            long late,
            long neverSent,
            long perhapsCarriedOut,
            long rejected,
            long handedBack,
            long turnedAway,
            long tombstonesMade,
            long tombstonesGone) {
        /** How many of the calls made have failed, not counting those that their callers gave up. */
        public long failed() {
            return late + neverSent + perhapsCarriedOut + rejected;
        }

        /** A gauge: calls that are still awaited. */
        public long outstanding() {
            return Math.max(0, made - answered - sent - cancelled - handedBack - failed());
        }

        /** A gauge: calls that are no longer awaited, but whose answer may still arrive. */
        public long tombstones() {
            return Math.max(0, tombstonesMade - tombstonesGone);
        }

        Calls plus(Calls other) {
            return new Calls(
                    made + other.made,
                    answered + other.answered,
                    sent + other.sent,
                    cancelled + other.cancelled,
                    late + other.late,
                    neverSent + other.neverSent,
                    perhapsCarriedOut + other.perhapsCarriedOut,
                    rejected + other.rejected,
                    handedBack + other.handedBack,
                    turnedAway + other.turnedAway,
                    tombstonesMade + other.tombstonesMade,
                    tombstonesGone + other.tombstonesGone);
        }
    }

    /**
     * Buffers. Both values are gauges.
     *
     * @param held bytes of memory that the buffers of the loop occupy, including those kept for reuse
     * @param inUse the same, without those kept for reuse. The receive buffer is in use once something was received
     */
    public record Memory(long held, long inUse) {
        Memory plus(Memory other) {
            return new Memory(held + other.held, inUse + other.inUse);
        }
    }
}
