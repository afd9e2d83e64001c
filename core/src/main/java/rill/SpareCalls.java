package rill;

import org.jspecify.annotations.Nullable;

/** Finished calls kept for reuse: about as many as were needed recently. Confined to the loop. */
final class SpareCalls<Q, A> {
    /** The number of calls that are kept in any case. */
    private static final int FEW = 16;

    private @Nullable Call<Q, A> last;
    private int size;
    private int fewest; // since the last trim: these were not needed

    int size() {
        return size;
    }

    /** Returns one of them, or null. */
    @Nullable
    Call<Q, A> poll() {
        Call<Q, A> taken = last;
        if (taken != null) {
            last = taken.next;
            taken.next = null;
            size--;
            fewest = Math.min(fewest, size);
        }
        return taken;
    }

    void add(Call<Q, A> call) {
        call.next = last;
        last = call;
        size++;
    }

    /** Drops those that were not needed since the last call of this method. */
    void trim() {
        for (; fewest > FEW && last != null; fewest--) {
            last = last.next;
            size--;
        }
        fewest = size;
    }

    /** Whether there is nothing to trim. */
    boolean isTrim() {
        return size <= FEW;
    }

    void clear() {
        last = null;
        size = 0;
    }
}
