package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Fails calls at their deadlines, with one timer for all calls of a client. Calls with the deadline of the protocol expire in the order in which they
 * were made, so a list is enough. A call with its own deadline has its own timer, and so has one that is far out of order, as calls are that another
 * connection has handed over. Confined to the loop.
 *
 * <p>The timer runs from time to time, while the client has calls to look after.
 */
final class CallDeadlines<Q, A> {
    private static final long SHORTEST_SLEEP = Duration.ofMillis(1).toNanos();
    private static final long LONGEST_SLEEP = Duration.ofSeconds(30).toNanos();

    /** How many calls fail at once before other work gets its turn. */
    private static final int AT_ONCE = 1_000;

    private final Calls<Q, A> calls;
    private final Loop loop;
    private final Link link;
    private final long sleep;
    private final CallList<Q, A> madeHere = new CallList<>();
    private final CallList<Q, A> madeElsewhere = new CallList<>(); // each made a bit before the loop received it
    private final CallList<Q, A> overdue = new CallList<>(); // tombstones, by the time when they may be forgotten
    private @Nullable Handle timer;
    private long timerDue;

    /**
     * @param precision how late it may be where there is no exact deadline
     */
    CallDeadlines(Calls<Q, A> calls, Link link, long precision) {
        this.calls = calls;
        this.link = link;
        this.loop = link.loop();
        this.sleep = Math.clamp(precision, SHORTEST_SLEEP, LONGEST_SLEEP);
    }

    /** Watches over a call that has just been made. */
    void add(Call<Q, A> call, boolean here, long now) {
        if (call.limit == null && (here ? madeHere : madeElsewhere).add(call)) {
            wakeBy(call.due, now);
        } else {
            call.timer = loop.schedule(Duration.ofNanos(call.due - now), "deadline of a call on ", link, call);
            call.watch(); // so that the timer is cancelled with the caller's interest
            lookLater(now);
        }
    }

    /** Something other than a call is to be looked after from now on. */
    void lookLater(long now) {
        wakeBy(now + sleep, now);
    }

    /** Adds a tombstone. */
    void addOverdue(Call<Q, A> call, long forgetAt) {
        call.due = forgetAt;
        var _ = overdue.add(call); // the last one: each waits for the same time
    }

    /** Stops watching a call. */
    void remove(Call<Q, A> call) {
        if (call.list != null) {
            call.list.remove(call);
        }
        if (call.timer != null) {
            call.timer.cancel();
            call.timer = null;
        }
    }

    private void wakeBy(long due, long now) {
        if (timer == null) {
            long wake = due - now < sleep ? due : now + sleep;
            schedule(wake, now);
        } else if (due - timerDue < 0) {
            schedule(due, now);
        }
    }

    /** Replaces an earlier timer, which stays if this throws. */
    private void schedule(long wake, long now) {
        Handle before = timer;
        timer = loop.schedule(Duration.ofNanos(wake - now), "deadlines of calls on ", link, this::lookAround);
        timerDue = wake;
        if (before != null) {
            before.cancel();
        }
    }

    private void lookAround() {
        timer = null;
        try {
            expireAll(loop.nanoTime());
        } finally { // even without memory for a failure, so that no others wait for ever
            if (!calls.atRest()) {
                lookAgain();
            }
        }
    }

    private void lookAgain() {
        try {
            long now = loop.nanoTime();
            schedule(nextLook(now), now);
        } catch (Throwable t) { // no memory for the timer: nothing would end unanswered calls
            calls.drop(t);
        }
    }

    private void expireAll(long now) {
        expire(madeHere, now);
        expire(madeElsewhere, now);
        for (Call<Q, A> call = overdue.first(); call != null && call.due - now <= 0; call = overdue.first()) {
            overdue.remove(call);
            calls.forget(call);
        }
        calls.lookAround(now);
    }

    private void expire(CallList<Q, A> list, long now) {
        int left = AT_ONCE;
        for (Call<Q, A> call = list.first(); call != null && call.due - now <= 0 && left > 0; call = list.first()) {
            calls.late(call, now);
            left--;
        }
    }

    private long nextLook(long now) {
        long quiet = calls.quietUntil();
        long latest = quiet - now > 0 && quiet - now < sleep ? quiet : now + sleep;
        return earlier(madeHere, earlier(madeElsewhere, earlier(overdue, latest)));
    }

    private static <Q, A> long earlier(CallList<Q, A> list, long than) {
        Call<Q, A> first = list.first();
        return first != null && first.due - than < 0 ? first.due : than;
    }

    /** The connection is gone, and each of its calls was removed. */
    void close() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
