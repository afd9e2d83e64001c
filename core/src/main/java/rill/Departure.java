package rill;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What loops that close together wait for: none gives up its outgoing connections while another still finishes requests, since these may need them.
 *
 * <p><b>Threading:</b> any.
 */
final class Departure {
    private final List<? extends BareLoop> loops;
    private final AtomicInteger missing;

    Departure(List<? extends BareLoop> loops) {
        this.loops = loops;
        this.missing = new AtomicInteger(loops.size());
    }

    /** One of the loops needs no outgoing connections any more. Each says so once. */
    void ready() {
        if (missing.decrementAndGet() == 0) {
            Each.of(loops, loops.getFirst(), "the departure of loops", null, Departure::tell);
        }
    }

    private static void tell(BareLoop loop) {
        loop.enqueue(new Handle(loop, "departure", loop.closing()::check));
    }

    /** Whether all are ready. */
    boolean allReady() {
        return missing.get() <= 0;
    }
}
