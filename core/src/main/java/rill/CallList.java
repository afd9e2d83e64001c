package rill;

import org.jspecify.annotations.Nullable;

/** Calls in the order of their deadlines. Any of them can be removed in constant time. Confined to the loop. */
final class CallList<Q, A> {
    private static final int MOST_LATER = 64;

    private @Nullable Call<Q, A> first;
    private @Nullable Call<Q, A> last;

    /** The call that is due first, or null. */
    @Nullable
    Call<Q, A> first() {
        return first;
    }

    /**
     * Adds a call that is due later than all others, or than all but a few.
     *
     * @return false if too many others are due later: looking for its place would take too long
     */
    boolean add(Call<Q, A> call) {
        Call<Q, A> before = last;
        for (int later = 0; before != null && before.due - call.due > 0; later++) {
            if (later == MOST_LATER) {
                return false;
            }
            before = before.before;
        }
        Call<Q, A> after = before == null ? first : before.after;
        call.list = this;
        call.before = before;
        call.after = after;
        if (before == null) {
            first = call;
        } else {
            before.after = call;
        }
        if (after == null) {
            last = call;
        } else {
            after.before = call;
        }
        return true;
    }

    /** Removes a call that is in the list. */
    void remove(Call<Q, A> call) {
        Call<Q, A> before = call.before;
        Call<Q, A> after = call.after;
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.before = before;
        }
        call.list = null;
        call.before = null;
        call.after = null;
    }
}
