package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Room for the writes of other threads, from when they are admitted until they arrive on the loop. Made with the first one.
 *
 * <pre>
 *                  any thread                            the loop
 *  write ── room? ──▶ admitted: its estimate is reserved ──▶ arrived: estimate released, its real size is pending
 *              └ none: refused; the loop is notified, once until it has handled that; then the connection fails
 * </pre>
 *
 * <p>A write is counted when it is admitted, and not refused again because of the limit.
 */
final class Reservations {
    private static final VarHandle BYTES;
    private static final VarHandle REFUSAL_UNDER_WAY;

    static {
        try {
            var lookup = MethodHandles.lookup();
            BYTES = lookup.findVarHandle(Reservations.class, "bytes", long.class);
            REFUSAL_UNDER_WAY = lookup.findVarHandle(Reservations.class, "refusalUnderWay", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Link link;
    private volatile long bytes; // estimates of messages on their way
    private volatile boolean refusalUnderWay; // on its way to the loop

    /** Why the output ends, once another thread has asked for that; on its way to the loop. */
    private volatile @Nullable Throwable over;

    Reservations(Link link) {
        this.link = link;
    }

    long bytes() {
        return bytes;
    }

    /** From another thread, which ends the output: what is written later than this is refused. What was admitted before still leaves. */
    void end(Throwable why) {
        over = why;
    }

    boolean isOver() {
        return over != null;
    }

    /** From another thread: reserves room and returns null, or returns why there is none; in that case the connection fails with it. */
    @Nullable
    Throwable reserve(int estimate) {
        Outbound outbound = link.outbound();
        Throwable ended = outbound.closed();
        if (ended != null || over != null) {
            return ended != null ? ended : over;
        }
        long before;
        do {
            before = bytes;
            long all = before + outbound.pending();
            if (all >= link.limits().hardLimit()) {
                Throwable refusal = outbound.overLimit(all);
                failByRefusal(refusal);
                return refusal;
            }
        } while (!BYTES.compareAndSet(this, before, before + estimate));
        ended = outbound.closed();
        if (ended != null) { // meanwhile, by code that may have seen the reservation and waits for its message
            giveBack(estimate);
            link.loop().enqueue(new Handle(link.loop(), "end of the output of ", link, link::admittedArrived));
        }
        return ended;
    }

    void giveBack(int estimate) {
        BYTES.getAndAdd(this, (long) -estimate);
    }

    /** Fails the connection, after what this thread has written before and before what it will write. */
    private void failByRefusal(Throwable refusal) {
        if (REFUSAL_UNDER_WAY.compareAndSet(this, false, true)) {
            try {
                link.loop().enqueue(new Handle(link.loop(), "refusal of a write to ", link, () -> {
                    refusalUnderWay = false;
                    link.outbound().dropped(refusal);
                }));
            } catch (Throwable t) { // no memory: the next refusal fails the connection
                refusalUnderWay = false;
                throw t;
            }
        }
    }
}
