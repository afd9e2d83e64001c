package rill;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Callers that wait until a call would be sent at once, each with its own Future. Futures that were given up are removed before they outnumber the
 * others. Confined to a loop.
 */
final class RoomWaiters {
    private static final int FEW = 16;

    private final ArrayDeque<Promise<@Nullable Void>> waiting = new ArrayDeque<>(2);
    private int sweepAt = FEW;

    /** @param caller on which the call is to be made */
    Future<@Nullable Void> add(BareLoop loop, Object caller) {
        if (waiting.size() >= sweepAt) {
            waiting.removeIf(Future::isDone);
            sweepAt = Math.max(FEW, 2 * waiting.size());
        }
        var promise = new Promise<@Nullable Void>(loop, new Purpose.Of("writable of ", caller));
        waiting.add(promise);
        return promise;
    }

    /** The number of Futures kept, given up or not. */
    int size() {
        return waiting.size();
    }

    /** Whether nobody waits any more. */
    boolean isEmpty() {
        while (!waiting.isEmpty() && waiting.getFirst().isDone()) { // given up
            waiting.removeFirst();
        }
        return waiting.isEmpty();
    }

    /** The waiting callers may continue. */
    void tell() {
        for (Promise<@Nullable Void> each = waiting.poll(); each != null; each = waiting.poll()) {
            OutputWaiters.complete(each);
        }
    }

    /** There is nothing to wait for any more. */
    void fail(Throwable why) {
        for (Promise<@Nullable Void> each = waiting.poll(); each != null; each = waiting.poll()) {
            OutputWaiters.fail(each, why);
        }
    }
}
