package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hands calls that their connection can't carry out back to the connection's pool, if there is one; the pool then owns their requests. Calls that
 * stay on their connection, whatever becomes of it, have {@link #STAYS} as their number of tries.
 */
final class Handover<Q, A> {
    /** Used instead of the number of times a request was sent before: it is to be sent on this connection or not at all. */
    static final int STAYS = -1;

    private final @Nullable Patron<Q, A> patron;
    private final Counters counters;

    Handover(@Nullable Patron<Q, A> patron, Counters counters) {
        this.patron = patron;
        this.counters = counters;
    }

    boolean hasPatron() {
        return patron != null;
    }

    /** Whether the pool may take on a call that was tried this many times. */
    boolean isPossible(int tries) {
        return patron != null && tries >= 0 && patron.takesOn();
    }

    /** Called before a request is written: keeps what is needed to send it again, if that is allowed. */
    void keep(Call<Q, A> call, Q request) {
        if (patron == null || call.tries < 0) {
            return;
        }
        patron.used();
        if (!call.oneWay) {
            call.kept = patron.keep(request, call.tries);
            if (call.kept != null) {
                call.watch(); // so that it is released with the caller's interest
            }
        }
    }

    /** The connection is gone. */
    void ended(Link link, @Nullable Throwable failure) {
        if (patron != null) {
            link.loop().runReporting("telling a pool of the end of ", link, () -> patron.ended(failure));
        }
    }

    /**
     * Whether the pool takes over a call; it then owns the request. From any thread.
     *
     * @param tries how often the request was written
     * @param sent whether that includes this connection
     */
    boolean request(
            Q request,
            Promise<A> caller,
            boolean oneWay,
            @Nullable Duration limit,
            long due,
            int tries,
            boolean sent,
            Throwable why) {
        if (patron == null || !isPossible(tries) || !(why instanceof CallFailedException failure)) {
            return false;
        }
        try {
            patron.takeOn(new Unplaced<>(request, caller, oneWay, limit, due, tries, sent, failure));
            return true;
        } catch (Throwable t) { // no memory, or the Driver of the pool's loop threw: the call fails on this connection
            failure.addSuppressed(t);
            return false;
        }
    }

    /** Likewise, for a call that can't begin, or waits or was sent at the end of the connection. On the loop. */
    boolean call(Call<Q, A> call, Throwable why) {
        boolean sent = call.request == null;
        Q request = sent ? call.kept : call.request;
        int tries = sent ? call.tries + 1 : call.tries;
        Promise<A> caller = Objects.requireNonNull(call.promise);
        if (request == null || !request(request, caller, call.oneWay, call.limit, call.due, tries, sent, why)) {
            return false;
        }
        call.request = null; // it is not released here
        call.kept = null;
        counters.handedBack++;
        return true;
    }
}
