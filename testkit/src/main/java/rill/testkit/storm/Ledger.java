package rill.testkit.storm;

import io.netty.util.ReferenceCounted;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Future;

/** Everything that a program was handed and that it handed over: in the end all of it has to be settled or to have come back. Any thread. */
final class Ledger {
    /** A Future that was handed out, and the step that asked for it. */
    static final class Given {
        final Future<?> future;
        final String what;
        final int step;

        /** Whether it may fail as cancelled, because the program has cancelled it, or something derived from it. */
        volatile boolean mayBeCancelled;

        /** Whether it may still be pending when its loop is closed, because it waits for time to pass there. */
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

    /** A counted object, and the step that created it. */
    record Counted(ReferenceCounted thing, String what, int step) {
        @Override
        public String toString() {
            return what + " of step " + step;
        }
    }

    private final List<Given> futures = new ArrayList<>();
    private final List<Counted> counted = new ArrayList<>();
    private volatile @Nullable Violation violation;

    /** Tracks a Future that has to settle. */
    synchronized Given track(Future<?> future, String what, int step) {
        var given = new Given(future, what, step);
        futures.add(given);
        return given;
    }

    /** Tracks an object that has to be released. */
    synchronized <C extends ReferenceCounted> C count(C thing, String what, int step) {
        counted.add(new Counted(thing, what, step));
        return thing;
    }

    /** A law does not hold. The first violation counts. */
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

    /** Returns the objects that were not released. */
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
