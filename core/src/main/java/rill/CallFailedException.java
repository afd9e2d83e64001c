package rill;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Why a call of a {@link Client}, a {@link Pool} or another client has no answer, and whether its request can have reached the peer. The message
 * names the request; the cause is the failure of the connection, or a {@link DeadlineException}, if there is one.
 *
 * <p><b>Not guaranteed:</b> that a request with {@link Fate#PERHAPS_CARRIED_OUT} has left. The peer may not have seen a byte of it.
 */
public final class CallFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What may have become of the request. */
    public enum Fate {
        /** No byte of it has left: it may be sent again without harm. */
        NEVER_SENT("never sent"),
        /** It was written: the peer may have carried it out, or may still do so. */
        PERHAPS_CARRIED_OUT("perhaps carried out");

        private final String words;

        Fate(String words) {
            this.words = words;
        }

        /** The same for a request that was written this many times before, on other connections. */
        Fate after(int tries) {
            return tries > 0 ? PERHAPS_CARRIED_OUT : this;
        }
    }

    private final Fate fate;
    private final transient @Nullable String
            place; // which connection or pool, and what happened to it; null if unknown

    /** Names the call that failed and the reason; the fate is appended to the message. */
    public CallFailedException(Fate fate, String message, @Nullable Throwable cause) {
        this(fate, message, cause, null);
    }

    CallFailedException(Fate fate, String message, @Nullable Throwable cause, @Nullable String place) {
        super(message + " (" + fate.words + ")", cause);
        this.fate = fate;
        this.place = place;
    }

    /** What similar failures, of which only one has to be seen, have in common: their place and their cause. Null if that is not known. */
    @Nullable
    String kind() {
        Throwable why = getCause();
        return place == null
                ? null
                : fate + " " + place + " " + (why == null ? "" : why.getClass().getName());
    }

    /** What may have become of the request. */
    public Fate fate() {
        return fate;
    }

    /**
     * Whether time ran out: the deadline of the call has passed, or that of something it needed, such as making the connection. The cause, a
     * {@link DeadlineException}, says which.
     */
    public boolean isLate() {
        return getCause() instanceof DeadlineException;
    }

    /** Omits the stack trace: it would only show the loop. The cause has its own trace, and an await adds its place. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
