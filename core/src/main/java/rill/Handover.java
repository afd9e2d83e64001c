package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Calls that their connection can't carry out go back to the pool that it belongs to, if there is one: then their requests are the pool's. Calls that
 * stay on their connection, whatever becomes of it, have {@link #STAYS} for how often they were tried.
 */
final class Handover<Q, A> {
    /** In the place of how often a request was sent before: it is to be sent on this connection or not at all. */
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

    /** Whether a call that was tried so often could be taken on. */
    boolean isPossible(int tries) {
        return patron != null && tries >= 0 && patron.takesOn();
    }

    /** A request is about to be written: keeps what it takes to send it again, if that may be done. */
    void keep(Call<Q, A> call, Q request) {
        if (patron == null || call.tries < 0) {
            return;
        }
        patron.used();
        if (!call.oneWay) {
            call.kept = patron.keep(request, call.tries);
            if (call.kept != null) {
                call.watch(); // so that it goes with whoever waits
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
     * From any thread: whether somebody else carries on with a call: then its request is theirs.
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
            @Nullable Throwable why) {
        if (patron == null || !isPossible(tries) || !(why instanceof CallFailedException failure)) {
            return false;
        }
        patron.takeOn(new Unplaced<>(request, caller, oneWay, limit, due, tries, sent, failure));
        return true;
    }

    /** On the loop: likewise, of a request that was never written here. */
    boolean unwritten(
            Q request,
            Promise<A> caller,
            boolean oneWay,
            @Nullable Duration limit,
            long due,
            int tries,
            @Nullable Throwable why) {
        return counted(request(request, caller, oneWay, limit, due, tries, false, why));
    }

    /** At the end of the connection: likewise, of a call that waits or was sent. */
    boolean call(Call<Q, A> call, CallFailedException why) {
        return counted(waiting(call, why) || sent(call, why));
    }

    private boolean counted(boolean handedBack) {
        if (handedBack) {
            counters.handedBack++;
        }
        return handedBack;
    }

    private boolean waiting(Call<Q, A> call, CallFailedException why) {
        Q request = call.request;
        if (request == null || !goesOn(call, request, call.tries, false, why)) {
            return false;
        }
        call.request = null; // it is not released here
        return true;
    }

    private boolean sent(Call<Q, A> call, CallFailedException why) {
        Q kept = call.kept;
        if (kept == null || !goesOn(call, kept, call.tries + 1, true, why)) {
            return false;
        }
        call.kept = null;
        return true;
    }

    private boolean goesOn(Call<Q, A> call, Q request, int tries, boolean sent, CallFailedException why) {
        Promise<A> caller = Objects.requireNonNull(call.promise);
        return request(request, caller, call.oneWay, call.limit, call.due, tries, sent, why);
    }
}
