package rill.testkit.storm;

import io.netty.util.ReferenceCounted;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Future;

/**
 * What a program was given and what it gave: everything has to be settled, or to have come back, in the end. Any thread.
 */
final class Ledger {
    /** A Future that was handed out, by which step. */
    static final class Given {
        final Future<?> future;
        final String what;
        final int step;

        /** Whether it may fail with being cancelled: the program has cancelled it, or something that was made of it. */
        volatile boolean mayBeCancelled;

        /** Whether it may be pending when its loop is closed: it waits for time to pass there. */
        volatile boolean waitsForTime;

        private Given(Future<?> future, String what, int step) {
            this.future = future;
            this.what = what;
            this.step = step;
        }

        @Override
        public String toString() {
            return what + " of step " + step;
        }
    }

    /** Something that is counted, by which step. */
    record Counted(ReferenceCounted thing, String what, int step) {
        @Override
        public String toString() {
            return what + " of step " + step;
        }
    }

    private final List<Given> futures = new ArrayList<>();
    private final List<Counted> counted = new ArrayList<>();
    private volatile @Nullable Violation violation;

    /** A Future that has to settle. */
    synchronized Given track(Future<?> future, String what, int step) {
        var given = new Given(future, what, step);
        futures.add(given);
        return given;
    }

    /** Something that has to be released. */
    synchronized <C extends ReferenceCounted> C count(C thing, String what, int step) {
        counted.add(new Counted(thing, what, step));
        return thing;
    }

    /** A law does not hold; the first that is found counts. */
    synchronized Violation violated(int law, String message) {
        Violation found = violation;
        if (found == null) {
            found = new Violation(law, message);
            violation = found;
        }
        return found;
    }

    @Nullable
    Violation violation() {
        return violation;
    }

    synchronized List<Given> futures() {
        return List.copyOf(futures);
    }

    /** What was not released. */
    synchronized List<Counted> held() {
        var held = new ArrayList<Counted>();
        for (var each : counted) {
            if (each.thing.refCnt() != 0) {
                held.add(each);
            }
        }
        return held;
    }
}
