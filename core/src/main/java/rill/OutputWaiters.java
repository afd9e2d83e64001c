package rill;

import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The Futures of writes and flushes that wait for bytes of a connection to leave. Each is its caller's own. Made when the first has to wait. A
 * failure to notify one never keeps another waiting. Confined to the loop.
 */
final class OutputWaiters {
    private static final int FEW = 16;

    private final ArrayDeque<Promise<@Nullable Void>> writers = new ArrayDeque<>(2);
    private final ArrayDeque<Flush> flushes = new ArrayDeque<>(2);
    private int sweepAt = FEW;

    /** A flush() that is done once {@code upTo} bytes have left; unknown while a layer holds writes. */
    private static final class Flush {
        private static final long UNKNOWN = Long.MAX_VALUE;

        final Promise<@Nullable Void> promise;
        long upTo = UNKNOWN;

        Flush(Promise<@Nullable Void> promise) {
            this.promise = promise;
        }
    }

    // ---- writes

    void addWriter(Promise<@Nullable Void> promise) {
        writers.add(promise);
    }

    int writers() {
        return writers.size();
    }

    /** The writers may continue. */
    void completeWriters() {
        for (Promise<@Nullable Void> each = writers.poll(); each != null; each = writers.poll()) {
            complete(each);
        }
    }

    // ---- flushes

    void addFlush(Promise<@Nullable Void> promise) {
        if (flushes.size() >= sweepAt) { // many that were given up, on a connection that stands still
            flushes.removeIf(each -> each.promise.isDone());
            sweepAt = Math.max(FEW, 2 * flushes.size());
        }
        flushes.add(new Flush(promise));
    }

    int flushes() {
        return flushes.size();
    }

    /** Everything written before those flushes has been passed to the wire: this many bytes in all. */
    void upTo(long queued) {
        if (flushes.isEmpty() || flushes.getLast().upTo != Flush.UNKNOWN) {
            return;
        }
        for (Iterator<Flush> latest = flushes.descendingIterator(); latest.hasNext(); ) {
            Flush each = latest.next();
            if (each.upTo != Flush.UNKNOWN) {
                return; // and so it is of all before
            }
            each.upTo = queued;
        }
    }

    void completeFlushes(long written) {
        while (!flushes.isEmpty() && flushes.getFirst().upTo <= written) {
            complete(flushes.removeFirst().promise);
        }
    }

    /** Fails the flushes that wait for something that a layer holds back. */
    void failHeldBack(Throwable cause) {
        while (!flushes.isEmpty() && flushes.getLast().upTo == Flush.UNKNOWN) {
            fail(flushes.removeLast().promise, cause);
        }
    }

    // ---- settling

    /** Never throws. */
    static void complete(Promise<@Nullable Void> promise) {
        try {
            promise.complete(null);
            promise.forgetPurpose();
        } catch (Throwable t) { // from the Driver of the loop of a waiter elsewhere; no memory
            untold(promise, t);
        }
    }

    /**
     * Fails the Future of a write or a flush. The Future is often dropped; it is then not reported, since the connection reports what went wrong.
     * Never throws.
     */
    static void fail(Promise<@Nullable Void> promise, Throwable cause) {
        try {
            promise.fail(cause);
            promise.failure();
            promise.forgetPurpose();
        } catch (Throwable t) { // as above
            untold(promise, t);
        }
    }

    private static void untold(Promise<@Nullable Void> promise, Throwable thrown) {
        promise.loop.threw("telling who waits to write", null, thrown);
    }

    /** The connection is gone: nothing will leave any more. */
    void failAll(Throwable refusal, Throwable cause) {
        for (Promise<@Nullable Void> each = writers.poll(); each != null; each = writers.poll()) {
            fail(each, refusal);
        }
        for (Flush each = flushes.poll(); each != null; each = flushes.poll()) {
            fail(each.promise, cause);
        }
    }
}
