package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/**
 * A call of a {@link Pool} that is on no connection: it waits for one, or is on its way back from one that could not carry it out. It owns its
 * request. Confined to the pool's loop, apart from being handed over.
 */
final class Unplaced<Q, A> extends Chain.Item<Unplaced<Q, A>> implements Runnable, Bystander {
    final Q request;
    final Promise<A> caller;
    final boolean oneWay;

    /** Its individual time limit, or null for the usual one; and the time at which it is late. */
    final @Nullable Duration limit;

    final long due;

    /** How often its request was written already, and whether the last try is included: that one may have failed before writing. */
    final int tries;

    final boolean sent;

    /** Why the last try failed, if there was one. */
    final @Nullable CallFailedException failure;

    // Used while it waits.
    private @Nullable UnplacedCalls<Q, A> queue;

    int weight;

    @Nullable
    Handle timer;

    Unplaced(
            Q request,
            Promise<A> caller,
            boolean oneWay,
            @Nullable Duration limit,
            long due,
            int tries,
            boolean sent,
            @Nullable CallFailedException failure) {
        this.request = request;
        this.caller = caller;
        this.oneWay = oneWay;
        this.limit = limit;
        this.due = due;
        this.tries = tries;
        this.sent = sent;
        this.failure = failure;
    }

    /** What can have happened to its request so far. */
    Fate fate() {
        return Fate.NEVER_SENT.after(tries);
    }

    // ---- while it waits

    void waitIn(@Nullable UnplacedCalls<Q, A> newQueue) {
        queue = newQueue;
    }

    boolean waits() {
        return queue != null;
    }

    /** Its deadline has passed. */
    @Override
    public void run() {
        if (queue != null) {
            queue.late(this);
        }
    }

    /** Its caller has given up. Called on the loop of that Future, which may be another one. */
    @Override
    public void settled(Future<?> source) {
        UnplacedCalls<Q, A> mine = queue;
        if (mine != null) {
            mine.givenUp(this);
        }
    }

    @Override
    public @Nullable BareLoop home() {
        UnplacedCalls<Q, A> mine = queue;
        return mine == null ? null : mine.loop();
    }
}
