package rill;

import org.jspecify.annotations.Nullable;

/** Takes care of the calls of a client besides the client itself: a member of a {@link Pool}. On the client's loop. */
interface Patron<Q, A> {
    /** A call or a send is about to be written. */
    void used();

    /**
     * Returns what to keep of a request that is about to be written, so that it can be sent again; null if it must not be. Never throws.
     *
     * @param tries how often it was written before
     */
    @Nullable
    Q keep(Q request, int tries);

    /** Whether it takes back calls that their connection could not carry out. Any thread. */
    boolean takesOn();

    /** Takes back such a call: settles its Promise eventually, and releases its request. Any thread. */
    void takeOn(Unplaced<Q, A> call);

    /** The connection is gone, or has failed and is about to go; the outcome of its calls was not delivered yet. */
    void ended(@Nullable Throwable why);
}
