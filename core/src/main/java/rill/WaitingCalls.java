package rill;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls that wait for their turn, first in, first out. The place in the queue of a call that was given up remains until its turn, or until there are
 * many such places. Confined to the loop.
 */
final class WaitingCalls<Q, A> {
    private static final int FEW = 16;

    private final Calls<Q, A> calls;
    private final CallQueue<Q, A> queue = new CallQueue<>();
    private final int bound;
    private final long byteBound;
    private long bytes; // of those that were not given up
    private int givenUp; // calls that are still in the queue
    private int refused; // since the last search for calls that were given up

    WaitingCalls(Calls<Q, A> calls, int bound, long byteBound) {
        this.calls = calls;
        this.bound = bound;
        this.byteBound = byteBound;
    }

    /** The number of calls, without those that were given up. */
    int size() {
        return queue.size() - givenUp;
    }

    /** The total weight of their requests. */
    long bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return queue.size() == 0;
    }

    /**
     * Whether one more may wait. A call that was just given up may not have been reported here yet, so such calls are searched for, though not each
     * time.
     */
    boolean hasRoom() {
        if (isFull() && ++refused > queue.size() / 2) {
            sweep();
        }
        return !isFull();
    }

    private boolean isFull() {
        return size() >= bound || bytes >= byteBound;
    }

    /** Takes ownership of a call and its request, unless it throws. */
    void add(Call<Q, A> call, Q request) {
        call.watch(); // so that the request is released if its caller gives up
        call.state = Call.State.WAITING;
        call.request = request;
        queue.add(call);
        bytes += call.weight;
    }

    /** The first call that is not known to be given up, or null. */
    @Nullable
    Call<Q, A> first() {
        Call<Q, A> first = queue.first();
        while (first != null && first.state == Call.State.GIVEN_UP) {
            poll();
            givenUp--;
            calls.end(first);
            first = queue.first();
        }
        return first;
    }

    /** Removes the first. */
    void poll() {
        Call<Q, A> first = queue.poll();
        if (first != null && first.state != Call.State.GIVEN_UP) {
            bytes -= first.weight;
        }
    }

    void giveUp(Call<Q, A> call) {
        call.state = Call.State.GIVEN_UP;
        givenUp++;
        bytes -= call.weight;
        call.releaseRequest(); // last, as it may be the user's, and may make another call
        if (givenUp == queue.size() || givenUp > FEW + queue.size() / 2) {
            sweep();
        }
    }

    /** Removes calls that nobody waits for. */
    private void sweep() {
        refused = 0;
        givenUp = 0;
        bytes = 0;
        var unwanted = new CallQueue<Q, A>();
        for (int n = queue.size(); n > 0; n--) {
            Call<Q, A> call = Objects.requireNonNull(queue.poll());
            if (call.isWanted()) {
                queue.add(call);
                bytes += call.weight;
            } else {
                unwanted.add(call);
            }
        }
        // Only now, since a released object may be the user's, and may make another call, which must come after those
        // in the queue.
        for (Call<Q, A> call = unwanted.poll(); call != null; call = unwanted.poll()) {
            if (call.state == Call.State.GIVEN_UP) {
                calls.end(call);
            } else {
                calls.endGivenUp(call);
            }
        }
    }

    void forEach(Consumer<? super Call<Q, A>> action) {
        queue.forEach(action);
    }

    void clear() {
        queue.clear();
        givenUp = 0;
        bytes = 0;
    }
}
