package rill;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What loops that close together wait for: none gives up its outgoing connections while another still finishes requests, since these may need them.
 *
 * <p><b>Threading:</b> any.
 */
final class Departure {
    private final List<BareLoop> loops;
    private final Set<BareLoop> awaited = ConcurrentHashMap.newKeySet();

    Departure(Collection<? extends BareLoop> loops) {
        this.loops = List.copyOf(loops);
        awaited.addAll(loops);
    }

    /** This loop needs no outgoing connections any more, or is gone. Later calls are no-ops. */
    void ready(BareLoop loop) {
        if (awaited.remove(loop) && awaited.isEmpty()) {
            Each.of(loops, loop, "the departure of loops", null, Departure::tell);
        }
    }

    private static void tell(BareLoop loop) {
        loop.enqueue(new Handle(loop, "departure", loop.closing()::check));
    }

    /** Whether all are ready. */
    boolean allReady() {
        return awaited.isEmpty();
    }
}
