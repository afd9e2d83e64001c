package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/** Makes the failures of a pool's calls that are on no connection; each describes the present state of the pool. On the pool's loop. */
final class PoolFailures<Q, A> {
    private final Pool<Q, A> pool;
    private final ClientProtocol<Q, A> protocol;
    private final @Nullable Outage outage;

    PoolFailures(Pool<Q, A> pool, ClientProtocol<Q, A> protocol, @Nullable Outage outage) {
        this.pool = pool;
        this.protocol = protocol;
        this.outage = outage;
    }

    CallFailedException closed(Unplaced<Q, A> call) {
        return closed(call.fate(), describe(call));
    }

    CallFailedException writable() {
        return closed(Fate.NEVER_SENT, "writable: " + pool);
    }

    private CallFailedException closed(Fate fate, String what) {
        String how = pool.isClosed() ? pool.howItEnded() : "it was to finish";
        return failed(fate, what + " is closed: " + how, null, "closed");
    }

    CallFailedException full(Unplaced<Q, A> call, int waiting) {
        return failed(
                call.fate(),
                describe(call) + " is full: " + waiting + " calls wait for a connection; " + situation(),
                latest(),
                "full");
    }

    CallFailedException down(Unplaced<Q, A> call) {
        return failed(call.fate(), describe(call) + ": " + situation(), latest(), "down");
    }

    CallFailedException tooLate(Unplaced<Q, A> call) {
        String message = describe(call) + ": not sent " + (call.tries > 0 ? "again " : "") + "within "
                + Wording.duration(protocol.bounds.limit(call.limit)) + "; " + situation();
        var late = new DeadlineException(message);
        if (latest() != null) {
            late.initCause(latest());
        }
        return failed(call.fate(), message, late, "late");
    }

    private String describe(Unplaced<Q, A> call) {
        return Wording.call(nameOf(call), call.oneWay, pool);
    }

    /** The name of the request for messages. */
    Object nameOf(Unplaced<Q, A> call) {
        if (protocol.naming != null) {
            try {
                return Objects.requireNonNull(protocol.naming.apply(call.request), "a request's name");
            } catch (Throwable t) { // the failure to be reported matters more
                pool.loop().threw("the name of a request of ", pool, t);
            }
        }
        return call.request.getClass();
    }

    private @Nullable Throwable latest() {
        return outage == null ? null : outage.why();
    }

    /** Since when nothing is connected, why, and what happens next. */
    private String situation() {
        if (outage == null) {
            return pool.ready().clients.length > 0
                    ? "connections are there"
                    : "nothing is connected yet, and connecting is under way";
        }
        String lasted = Wording.duration(Duration.ofNanos(pool.loop().nanoTime() - outage.since()));
        return "nothing has been connected for " + lasted + ", in which " + outage.attempts()
                + " attempts have failed; it is tried again; the latest failure: " + Failures.inWords(outage.why());
    }

    /** @param how in a word: what it has in common with other failures of this pool */
    private CallFailedException failed(Fate fate, String message, @Nullable Throwable why, String how) {
        return new CallFailedException(fate, message, why, pool + " " + how);
    }
}
