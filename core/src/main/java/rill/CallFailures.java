package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/** Describes how calls of one connection fail, and what may have become of each. Created when one does. */
final class CallFailures {
    private final Link link;
    private final @Nullable Throwable cause; // of the end of the connection; null if that was orderly
    private final boolean peerEnded;
    private final boolean finishing;

    CallFailures(Link link, @Nullable Throwable cause, boolean peerEnded, boolean finishing) {
        this.link = link;
        this.cause = cause;
        this.peerEnded = peerEnded;
        this.finishing = finishing;
    }

    private CallFailedException tooLate(Fate fate, String what) {
        return failed(fate, what, new DeadlineException(what), "late");
    }

    private String describe(Call<?, ?> call) {
        return Wording.call(Objects.requireNonNull(call.name), call.oneWay, link);
    }

    // ---- calls that were never begun

    CallFailedException closed(Call<?, ?> call) {
        return closed(Fate.NEVER_SENT.after(call.tries), describe(call));
    }

    CallFailedException writable() {
        return closed(Fate.NEVER_SENT, "writable: " + link);
    }

    private CallFailedException closed(Fate fate, String what) {
        Throwable reason = cause == null ? link.outbound().closed() : cause;
        String why;
        if (peerEnded && cause == null) {
            why = "the peer has ended its stream";
        } else if (reason == null) {
            why = finishing ? "it was to finish" : "by this side";
        } else {
            why = reason instanceof ClosedHere ? "by this side" : Failures.inWords(reason);
        }
        boolean tellsMore = reason != null && !(reason instanceof ClosedHere);
        return failed(fate, what + " is closed: " + why, tellsMore ? reason : null, "closed");
    }

    /** The call's deadline had passed when its turn came; {@code had} is how far ahead it was. */
    CallFailedException tooLateToBegin(Call<?, ?> call, Duration had) {
        String why = had.isPositive()
                ? ": not sent within " + Wording.duration(had) + ", since its loop was busy"
                : ": not sent, since its deadline of " + Wording.duration(had) + " had passed when it was made";
        return tooLate(Fate.NEVER_SENT.after(call.tries), describe(call) + why);
    }

    CallFailedException full(Call<?, ?> call, int inFlight, int waiting, long bytes) {
        return failed(
                Fate.NEVER_SENT.after(call.tries),
                describe(call) + " is full: " + inFlight + " calls in flight, " + waiting + " waiting, " + bytes
                        + " bytes",
                null,
                "full");
    }

    /** The request can't be written, although it was written before, on other connections. */
    CallFailedException atFault(Object name, boolean oneWay, int tries, Throwable fault) {
        return failed(
                Fate.NEVER_SENT.after(tries),
                Wording.call(name, oneWay, link) + ": " + Failures.inWords(fault),
                fault,
                "at fault");
    }

    // ---- other calls

    /** The call's deadline has passed; {@code had} is how far ahead it was. */
    CallFailedException tooLate(Call<?, ?> call, Duration had) {
        String limit = Wording.duration(had);
        return call.state == Call.State.WAITING
                ? tooLate(
                        Fate.NEVER_SENT.after(call.tries),
                        describe(call) + ": not sent within " + limit + ", since it waited for its turn")
                : tooLate(Fate.PERHAPS_CARRIED_OUT, describe(call) + ": no answer within " + limit);
    }

    /** The request was encoded, but for this reason was not written, or perhaps only in part. */
    CallFailedException unwritten(Call<?, ?> call, Fate fate, Throwable why) {
        return failed(fate.after(call.tries), describe(call) + ": " + Failures.inWords(why), why, "unwritten");
    }

    /** The call has no answer at the end of the connection. */
    CallFailedException ended(Call<?, ?> call) {
        Fate fate = call.state == Call.State.WAITING ? Fate.NEVER_SENT.after(call.tries) : Fate.PERHAPS_CARRIED_OUT;
        String what = describe(call);
        if (cause == null || cause instanceof ClosedHere) {
            return failed(fate, what + " was closed", null, "ended");
        }
        return failed(fate, what + ": " + Failures.inWords(cause), cause, "ended");
    }

    /**
     * @param how a word for what it has in common with other failures of this connection
     */
    private CallFailedException failed(Fate fate, String message, @Nullable Throwable why, String how) {
        return new CallFailedException(fate, message, why, link + " " + how);
    }
}
