package rill;

/**
 * What a {@link Pool} has done since it was opened, and its present state: a snapshot returned by {@link Pool#metrics}. Counters only grow. The
 * outcome of calls that are on a connection is counted by the connection's loop: see {@link LoopMetrics.Calls}.
 *
 * <p><b>Threading:</b> as for {@link LoopMetrics}.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param connections a gauge: connections that take calls
 * @param waiting a gauge: calls that wait for a connection
 * @param connected connections that became ready to take calls
 * @param lost how many of those failed, or were closed by the peer
 * @param connectsFailed attempts to connect that failed
 * @param retried how often a call was tried again, after its connection, or the one meant for it, could not carry it out
 * @param failed calls that failed while on no connection: too late, too many, none connected, tried often enough, or closed
 * @param cancelled calls that were given up while on no connection
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
