package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Ends the calls of one connection, or of a pool, for their callers: each end is counted, and the loop's observer is notified. On the loop, except for
 * {@link #turnAway}.
 */
final class CallEnds {
    private final Loop loop;
    private final @Nullable Link link; // null for calls of a pool that are on no connection
    private final Counters counters;
    private final long usualLimit;

    /**
     * @param usualLimit of calls without their own deadline, in nanoseconds
     */
    CallEnds(Loop loop, @Nullable Link link, long usualLimit) {
        this.loop = loop;
        this.link = link;
        this.counters = loop.counters();
        this.usualLimit = usualLimit;
    }

    /** Notifies the observer. The caller has been notified. */
    void observe(
            Object name, @Nullable Duration limit, long due, CallOutcome outcome, @Nullable Throwable failure) {
        long since = due - (limit == null ? usualLimit : Loop.nanos(limit));
        loop.observing().callEnded(link, name, outcome, since, failure);
    }

    private void ended(
            Object name, @Nullable Duration limit, long due, CallOutcome outcome, @Nullable Throwable failure) {
        counters.callEnds(outcome);
        observe(name, limit, due, outcome, failure);
    }

    /** Its caller had given up. */
    void givenUp(Object name, @Nullable Duration limit, long due) {
        ended(name, limit, due, CallOutcome.CANCELLED, null);
    }

    /** Likewise. */
    void givenUp(Call<?, ?> call) {
        givenUp(Objects.requireNonNull(call.name), call.limit, call.due);
    }

    /** It succeeded, and its caller was notified unless it had given up. */
    void done(Object name, @Nullable Duration limit, long due, boolean told, CallOutcome outcome) {
        ended(name, limit, due, told ? outcome : CallOutcome.CANCELLED, null);
    }

    /** Fails it for its caller; false if the caller had given up. */
    boolean fail(Promise<?> caller, Object name, @Nullable Duration limit, long due, Throwable why) {
        boolean told = caller.fail(why);
        if (told) {
            ended(name, limit, due, CallOutcome.of(why), why);
        } else {
            givenUp(name, limit, due);
        }
        return told;
    }

    /** Likewise; there is a caller. */
    boolean fail(Call<?, ?> call, Throwable why) {
        return fail(Objects.requireNonNull(call.promise), Objects.requireNonNull(call.name), call.limit, call.due, why);
    }

    /**
     * Fails a call that has not reached the loop, and releases its request, whose type names it: the function that names requests runs on the loop.
     * Any thread.
     */
    void turnAway(Object request, Promise<?> caller, @Nullable Duration limit, long due, Throwable why) {
        Messages.release(request);
        boolean told = caller.fail(why);
        counters.turnedAway.getAndIncrement();
        observe(
                request.getClass(),
                limit,
                due,
                told ? CallOutcome.of(why) : CallOutcome.CANCELLED,
                told ? why : null);
    }
}
