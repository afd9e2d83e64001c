package rill;

/** Calls in the order of their deadlines. Confined to the loop. */
final class CallList<Q, A> extends Chain<Call<Q, A>> {
    private static final int MOST_LATER = 64;

    /**
     * Adds a call that is due later than all others, or than all but a few.
     *
     * @return false if too many others are due later: looking for its place would take too long
     */
    boolean add(Call<Q, A> call) {
        Call<Q, A> before = last();
        for (int later = 0; before != null && before.due - call.due > 0; later++) {
            if (later == MOST_LATER) {
                return false;
            }
            before = before.before;
        }
        insert(before, call);
        call.list = this;
        return true;
    }

    @Override
    void remove(Call<Q, A> call) {
        super.remove(call);
        call.list = null;
    }
}
