package rill;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a pool that wait for a connection, first in, first out, bounded by number and bytes. A call that is given up or late is removed at
 * once, together with its request. Confined to the pool's loop.
 */
final class UnplacedCalls<Q, A> {
    private final BareLoop loop;
    private final int bound;
    private final long byteBound;
    private final Consumer<? super Unplaced<Q, A>> whenLate;
    private final Consumer<? super Unplaced<Q, A>> whenGivenUp;
    private final Chain<Unplaced<Q, A>> calls = new Chain<>();
    private int size;
    private long bytes;

    /**
     * @param whenLate settles a call whose deadline has passed
     * @param whenGivenUp disposes of a call that nobody waits for any more
     */
    UnplacedCalls(
            BareLoop loop,
            int bound,
            long byteBound,
            Consumer<? super Unplaced<Q, A>> whenLate,
            Consumer<? super Unplaced<Q, A>> whenGivenUp) {
        this.loop = loop;
        this.bound = bound;
        this.byteBound = byteBound;
        this.whenLate = whenLate;
        this.whenGivenUp = whenGivenUp;
    }

    BareLoop loop() {
        return loop;
    }

    int size() {
        return size;
    }

    boolean hasRoom() {
        return size < bound && bytes < byteBound;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** If this throws, for want of memory, nothing has changed. */
    void add(Unplaced<Q, A> call, int weight, long now) {
        Handle timer = loop.timer(
                Duration.ofNanos(call.due - now), "deadline of a call that waits for a connection", null, call);
        call.waitIn(this);
        try {
            call.caller.addDependent(call);
        } catch (Throwable t) {
            call.waitIn(null);
            timer.cancel();
            throw t;
        }
        call.timer = timer;
        call.weight = weight;
        calls.append(call);
        size++;
        bytes += weight;
    }

    /** Removes and returns the first, or returns null. */
    @Nullable
    Unplaced<Q, A> poll() {
        Unplaced<Q, A> taken = calls.first();
        if (taken != null) {
            remove(taken);
        }
        return taken;
    }

    private void remove(Unplaced<Q, A> call) {
        calls.remove(call);
        size--;
        bytes -= call.weight;
        if (call.timer != null) {
            call.timer.cancel();
            call.timer = null;
        }
        call.caller.removeDependent(call);
        call.waitIn(null);
    }

    void late(Unplaced<Q, A> call) {
        if (call.waits()) {
            remove(call);
            whenLate.accept(call);
        }
    }

    /** Any thread. */
    void givenUp(Unplaced<Q, A> call) {
        if (loop.isCurrent()) {
            forget(call);
        } else {
            loop.enqueue(new Handle(loop, "the end of a call that was given up", () -> forget(call)));
        }
    }

    private void forget(Unplaced<Q, A> call) {
        if (call.waits()) {
            remove(call);
            whenGivenUp.accept(call);
        }
    }
}
