package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A first-in, first-out queue of Calls, linked through themselves. A call is in one such queue at a time. Confined to the loop. */
final class CallQueue<Q, A> {
    private @Nullable Call<Q, A> first;
    private @Nullable Call<Q, A> last;
    private int size;

    int size() {
        return size;
    }

    void add(Call<Q, A> call) {
        if (last == null) {
            first = call;
        } else {
            last.next = call;
        }
        last = call;
        size++;
    }

    /** The first call, or null. */
    @Nullable
    Call<Q, A> first() {
        return first;
    }

    void clear() {
        first = null;
        last = null;
        size = 0;
    }

    void forEach(Consumer<? super Call<Q, A>> action) {
        for (Call<Q, A> call = first; call != null; call = call.next) {
            action.accept(call);
        }
    }

    /** Removes and returns the first call, or null. */
    @Nullable
    Call<Q, A> poll() {
        Call<Q, A> taken = first;
        if (taken != null) {
            first = taken.next;
            taken.next = null;
            size--;
            if (first == null) {
                last = null;
            }
        }
        return taken;
    }
}
