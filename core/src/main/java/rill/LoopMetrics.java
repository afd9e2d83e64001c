package rill;

import java.time.Duration;

/**
 * What a loop has done since it was opened, and how it is: a snapshot, of {@link Loop#metrics} or, in all, of {@link LoopGroup#metrics}. Counters only
 * grow; what a counter is asked for over a time is the difference of two snapshots. Gauges, which each part names as such, go up and down, and are
 * zero again when what they count is over.
 *
 * <p><b>Threading:</b> taken on any thread. On the loop, or while nobody drives it, a snapshot is exact. Elsewhere it holds everything that was counted until
 * the end of the latest tick that had ended, and may hold a part of what the present tick has counted by then: so two numbers of one
 * snapshot need not agree to the last event, and no counter is less than in a snapshot taken before. (Of JVMs of 64 bits, which write a {@code long}
 * as a whole.)
 *
 * <p><b>Units:</b> time is that of the loop's clock: in a simulation, virtual time, and the same for the same seed.
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

    /** Both together: counters and gauges are summed, and of the longest times the longer is taken. */
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
     * @param ticks how many have ended
     * @param sleeps how often it had nothing to do, and waited in its selector
     * @param wakeUps how often another thread has ended that
     * @param handles Handles that have run; a settled Future that tells its callbacks is one as well, and what other threads hand to the loop
     * @param tasksBegun Tasks whose body has begun
     * @param tasksOver of those, how many are done
     * @param busy how long its ticks have taken, without the time in which it waited, or polled before that. Of a transport that does not
     *     tell when it has waited, without the events that ended the waiting as well
     * @param longestTick the longest that a tick was busy, ever
     * @param longestTickLately likewise, within the last ten to twenty seconds, whoever has asked meanwhile
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
        /** A gauge: Tasks that have begun and are not done. */
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
     * @param run those that have run
     * @param pending a gauge: those that are not due yet, Rill's own included
     * @param lag how long, in all, the ones that have run did so after they were due
     * @param longestLag the longest that was, ever
     * @param longestLagLately likewise, within the last ten to twenty seconds
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
     * @param opened connections that were connected, to others or from others; one for which a layer has failed in its handshake is one as well
     * @param closed of those, how many are gone
     * @param failed of those gone, how many had failed: their end has a cause, and is not that this side has closed it
     * @param accepted of those opened, how many came in
     * @param refused connections that came in and could not be opened: no loop took them any more, or there was no memory
     * @param acceptsFailed how often the system has refused to accept, for want of descriptors, say
     * @param connectsFailed connects that have failed, also after they were connected: in the handshake of a layer, or in their first step
     */
    public record Connections(
            long opened,
            long closed,
            long failed,
            long accepted,
            long refused,
            long acceptsFailed,
            long connectsFailed) {
        /** A gauge: connections that are open. */
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
     * @param bytesReceived bytes that have come, as they were on the wire; those that nobody wanted any more included
     * @param bytesSent bytes that the system has taken
     * @param messagesReceived messages that have come out of pipelines, and gone to their receivers
     * @param messagesSent messages that were encoded
     * @param reads how often the system was asked for bytes; 0 of a transport that does not tell
     * @param writes how often it was given some; likewise
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
     * Calls of clients on connections of this loop; one that a {@link Pool} tries on two connections was made on both. What was made is at any time
     * what has ended in one of these ways, and what is outstanding. That a call was given up may be noticed only with its answer, at its deadline, or
     * at the end of its connection, and until then it is outstanding.
     *
     * @param made calls that have come to a connection, those by {@link Caller#send} included
     * @param answered see {@link CallOutcome#ANSWERED}
     * @param sent see {@link CallOutcome#SENT}
     * @param cancelled see {@link CallOutcome#CANCELLED}
     * @param late see {@link CallOutcome#LATE}
     * @param neverSent see {@link CallOutcome#NEVER_SENT}
     * @param perhapsCarriedOut see {@link CallOutcome#PERHAPS_CARRIED_OUT}
     * @param rejected see {@link CallOutcome#REJECTED}
     * @param handedBack calls that their connection could not carry out, and that went back to their Pool, which tries them elsewhere or fails them
     * @param turnedAway besides those made: calls of other threads that have failed before they came to their connection, since too many were on their way
     *     to it, or its loop had closed
     * @param tombstonesMade calls that were given up, or late, while their answer might still come
     * @param tombstonesGone of those, how many had their answer, or are not waited for any more
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
        /** Of those made, how many have failed: in any way but by their callers. */
        public long failed() {
            return late + neverSent + perhapsCarriedOut + rejected;
        }

        /** A gauge: calls that somebody waits for. */
        public long outstanding() {
            return Math.max(0, made - answered - sent - cancelled - handedBack - failed());
        }

        /** A gauge: calls that nobody waits for any more, and whose answer may still come. */
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
     * Buffers. Both are gauges.
     *
     * @param held bytes of memory that the buffers of the loop have, with those that are kept for the next use
     * @param inUse likewise, without those. The receive buffer is in use once something was received
     */
    public record Memory(long held, long inUse) {
        Memory plus(Memory other) {
            return new Memory(held + other.held, inUse + other.inUse);
        }
    }
}
