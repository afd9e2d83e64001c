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

    /** When a call was made that is late at {@code due}. */
    long since(@Nullable Duration limit, long due) {
        return due - (limit == null ? usualLimit : Loop.nanos(limit));
    }

    /** When a call was made. */
    long since(Call<?, ?> call) {
        return since(call.limit, call.due);
    }

    /** Notifies the observer. The caller has been notified. */
    void observe(Object name, long since, CallOutcome outcome, @Nullable Throwable failure) {
        loop.observing().callEnded(link, name, outcome, since, failure);
    }

    private void ended(Object name, long since, CallOutcome outcome, @Nullable Throwable failure) {
        counters.callEnds(outcome);
        observe(name, since, outcome, failure);
    }

    /** Its caller had given up. */
    void givenUp(Object name, long since) {
        ended(name, since, CallOutcome.CANCELLED, null);
    }

    /** Likewise. */
    void givenUp(Call<?, ?> call) {
        givenUp(Objects.requireNonNull(call.name), since(call));
    }

    /** It succeeded, and its caller was notified unless it had given up. */
    void done(Object name, long since, boolean told, CallOutcome outcome) {
        ended(name, since, told ? outcome : CallOutcome.CANCELLED, null);
    }

    /** Fails it for its caller; false if the caller had given up. */
    boolean fail(Promise<?> caller, Object name, long since, Throwable why) {
        boolean told = caller.fail(why);
        if (told) {
            ended(name, since, CallOutcome.of(why), why);
        } else {
            givenUp(name, since);
        }
        return told;
    }

    /** Likewise; there is a caller. */
    boolean fail(Call<?, ?> call, Throwable why) {
        return fail(Objects.requireNonNull(call.promise), Objects.requireNonNull(call.name), since(call), why);
    }

    /**
     * Fails a call that has not reached the loop, and releases its request, whose type names it: the function that names requests runs on the loop.
     * Any thread.
     */
    void turnAway(Object request, Promise<?> caller, @Nullable Duration limit, long due, Throwable why) {
        Messages.release(request);
        boolean told = caller.fail(why);
        counters.turnedAway.getAndIncrement();
        CallOutcome outcome = told ? CallOutcome.of(why) : CallOutcome.CANCELLED;
        observe(request.getClass(), since(limit, due), outcome, told ? why : null);
    }
}
