package rill;

/**
 * What a {@link Pool} has done since it was opened, and how it is: a snapshot, of {@link Pool#metrics}. Counters only grow. What becomes of calls that are on a
 * connection is counted by the loop of that: see {@link LoopMetrics.Calls}.
 *
 * <p><b>Threading:</b> as of {@link LoopMetrics}.
 *
 * @param connections a gauge: connections that take calls
 * @param waiting a gauge: calls that wait for a connection
 * @param connected connections that have come to take calls
 * @param lost of those, how many have failed, or were closed by the peer
 * @param connectsFailed attempts to connect that have failed
 * @param retried how often a call was tried again, after the connection that it was on, or was to be on, could not carry it out
 * @param failed calls that have failed on no connection: too late, too many, none connected, tried often enough, or closed
 * @param cancelled calls that were given up on no connection
 */
public record PoolMetrics(
        int connections,
        int waiting,
        long connected,
        long lost,
        long connectsFailed,
        long retried,
        long failed,
        long cancelled) {}
