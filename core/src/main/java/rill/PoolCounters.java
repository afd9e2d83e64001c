package rill;

import org.jspecify.annotations.Nullable;

/** Counts a pool's events, and ends calls that are on no connection. On the pool's loop, except for {@link #snapshot}. */
final class PoolCounters<Q, A> {
    private final Pool<Q, A> pool;
    private final Loop loop;
    private final ClientProtocol<Q, A> protocol;
    long connected;
    long lost;
    long connectsFailed;
    private long retried;
    private long failed;
    private long cancelled;

    PoolCounters(Pool<Q, A> pool, Loop loop, ClientProtocol<Q, A> protocol) {
        this.pool = pool;
        this.loop = loop;
        this.protocol = protocol;
    }

    /** The call will not be tried any more. Its caller gets the failure, whatever else goes wrong. */
    void fail(Unplaced<Q, A> call, Throwable why) {
        Object name;
        boolean told;
        try {
            name = release(call);
        } finally {
            told = call.caller.fail(why);
        }
        if (told) {
            failed++;
            observe(call, name, CallOutcome.of(why), why);
        } else {
            cancelled++;
            observe(call, name, CallOutcome.CANCELLED, null);
        }
    }

    /** Nobody waits for the call any more. */
    void givenUp(Unplaced<Q, A> call) {
        Object name = release(call);
        cancelled++;
        observe(call, name, CallOutcome.CANCELLED, null);
    }

    /** The call waits for another connection, after one that could not carry it out. */
    void triedAgain(Unplaced<Q, A> call, CallFailedException why) {
        retried++;
        loop.observing().callRetried(pool, name(call), call.tries, why);
    }

    /** Releases the call's request, and returns the name of the request for messages. */
    private Object release(Unplaced<Q, A> call) {
        try {
            return name(call);
        } finally {
            Messages.release(call.request);
        }
    }

    /** The name of the request for messages. The naming function is the user's, so it is called only if the name is needed. */
    private Object name(Unplaced<Q, A> call) {
        return loop.observing().isWanted()
                ? new PoolFailures<>(pool, protocol, null).nameOf(call)
                : call.request.getClass();
    }

    private void observe(Unplaced<Q, A> call, Object name, CallOutcome outcome, @Nullable Throwable failure) {
        CallEnds ends = pool.ends();
        ends.observe(name, ends.since(call.limit, call.due), outcome, failure);
    }

    /** Any thread. */
    PoolMetrics snapshot(int waiting) {
        int connections = pool.ready().clients.length; // a volatile read: what was counted before is visible
        return new PoolMetrics(connections, waiting, connected, lost, connectsFailed, retried, failed, cancelled);
    }
}
