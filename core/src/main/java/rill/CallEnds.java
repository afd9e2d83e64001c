package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Ends the calls of one connection for their callers: each end is counted, and the loop's observer is notified. */
final class CallEnds {
    private final Link link;
    private final Counters counters;
    private final long usualLimit;

    /**
     * @param usualLimit of calls without their own deadline, in nanoseconds
     */
    CallEnds(Link link, long usualLimit) {
        this.link = link;
        this.counters = link.loop().counters();
        this.usualLimit = usualLimit;
    }

    /** Its caller has been notified of the end. */
    private void ended(
            Object name, @Nullable Duration limit, long due, CallOutcome outcome, @Nullable Throwable failure) {
        counters.callEnds(outcome);
        link.loop()
                .observing()
                .callEnded(link, name, outcome, due - (limit == null ? usualLimit : Loop.nanos(limit)), failure);
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
}
