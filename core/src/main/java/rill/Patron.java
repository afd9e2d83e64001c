package rill;

import org.jspecify.annotations.Nullable;

/** Who looks after the calls of a client besides the client itself: a member of a {@link Pool}. On the client's loop. */
interface Patron<Q, A> {
    /** A call or a send of those that it looks after is about to be written. */
    void used();

    /**
     * What is to be kept of a request that is about to be written, so that it can be sent again; null if it must not be. Never throws.
     *
     * @param tries how often it was written before
     */
    @Nullable
    Q keep(Q request, int tries);

    /** From any thread: whether it takes on calls that their connection could not carry out. */
    boolean takesOn();

    /** From any thread: takes on such a call: it sees to it that its Promise is settled, and releases its request. */
    void takeOn(Unplaced<Q, A> call);

    /** The connection is gone, or has failed and is about to go; nothing of its calls was told yet. */
    void ended(@Nullable Throwable why);
}
