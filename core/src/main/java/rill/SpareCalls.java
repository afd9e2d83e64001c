package rill;

import org.jspecify.annotations.Nullable;

/** Calls that are over and can be used again: about as many as were needed of late. Confined to the loop. */
final class SpareCalls<Q, A> {
    /** So many are kept in any case. */
    private static final int FEW = 16;

    private @Nullable Call<Q, A> last;
    private int size;
    private int fewest; // since the last trim: what was not needed

    int size() {
        return size;
    }

    /** One of them, or null. */
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

    /** Lets go of those that nobody has needed since this was called before. */
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
