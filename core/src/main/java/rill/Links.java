package rill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The connections and listeners of a loop, and the connections that have something to flush. Confined to the loop, except for the count.
 */
final class Links extends Residents {
    private final Loop loop;
    private final List<Listener> listeners = new ArrayList<>();
    private final Set<Dialer<?>> dialers = new LinkedHashSet<>();
    private final Set<Members<?, ?>> pools = new LinkedHashSet<>();
    private final Set<Runnable> arriving = new LinkedHashSet<>(); // they end accepted sockets not connected yet
    private @Nullable Link first;
    private Link[] dirty = new Link[16];
    private int dirtyCount;
    private final AtomicInteger count = new AtomicInteger();
    private @Nullable IdleConnections idle; // set once a connection has a bound on its idle time
    private @Nullable Link lastReader; // the last to read in this tick
    private int readers; // about how many have read in this tick so far
    private boolean crowd; // several have read in the previous tick
    private int acceptedAtWork; // accepted connections that have not done their work yet

    Links(Loop loop) {
        this.loop = loop;
    }

    /** Counts a connection that is on its way here, so that the choice of the loop with the fewest takes it into account. From any thread. */
    void expect() {
        count.incrementAndGet();
    }

    /** It did not arrive. */
    void unexpect() {
        count.decrementAndGet();
    }

    /** Adds a connection that {@link #expect} has counted. */
    void add(Link link) {
        link.next = first;
        if (first != null) {
            first.previousLink = link;
        }
        first = link;
        loop.counters().opened++;
        loop.counters().accepted += link.cameIn() ? 1 : 0;
        loop.observing().opened(link);
    }

    /** Bounds the idle time of a connection that was added; zero for no bound. */
    void boundIdleTime(Link link, Duration limit) {
        if (!limit.isZero()) {
            if (idle == null) {
                idle = new IdleConnections(loop);
            }
            idle.watch(link, limit);
        }
    }

    void remove(Link link) {
        if (link.previousLink != null) {
            link.previousLink.next = link.next;
        } else if (first == link) {
            first = link.nextLink();
        } else {
            return;
        }
        Link after = link.nextLink();
        if (after != null) {
            after.previousLink = link.previousLink;
        }
        link.previousLink = null;
        link.next = null;
        count.decrementAndGet();
        loop.counters().closed++;
        loop.counters().failed += link.audience().failedWith() == null ? 0 : 1;
        loop.observing().closed(link, link.audience().failedWith());
        if (idle != null) {
            idle.forget(link);
        }
        try {
            link.removed();
        } finally {
            loop.closing().check();
        }
    }

    void add(Listener listener) {
        listeners.add(listener);
    }

    void remove(Listener listener) {
        listeners.remove(listener);
    }

    void add(Dialer<?> dialer) {
        dialers.add(dialer);
    }

    void remove(Dialer<?> dialer) {
        dialers.remove(dialer);
        loop.closing().check();
    }

    void add(Members<?, ?> pool) {
        pools.add(pool);
    }

    void remove(Members<?, ?> pool) {
        if (pools.remove(pool)) {
            loop.closing().check();
        }
    }

    /** A connection that {@link #expect} has counted is open here, but not reported as connected yet; until then {@code end} ends it. */
    void arrives(Runnable end) {
        arriving.add(end);
    }

    /** It is connected, or never will be. */
    void arrived(Runnable end) {
        arriving.remove(end);
        loop.closing().check();
    }

    int count() {
        return count.get();
    }

    @Override
    boolean isEmpty() {
        return first == null && dialers.isEmpty() && arriving.isEmpty() && pools.isEmpty();
    }

    /** Bytes have arrived for it. */
    void reads(Link link) {
        if (lastReader != link) {
            lastReader = link;
            readers++;
        }
    }

    /** Whether several connections are busy: then their peers have time while each has its turn. */
    boolean isCrowd() {
        return crowd || readers > 1;
    }

    /** Marks it to be flushed at the end of the tick. */
    void dirty(Link link) {
        if (dirtyCount == dirty.length) {
            dirty = Arrays.copyOf(dirty, dirtyCount * 2);
        }
        dirty[dirtyCount++] = link;
    }

    @Override
    boolean hasDirty() {
        return dirtyCount > 0;
    }

    @Override
    void flushDirty() {
        crowd = readers > 1;
        readers = 0;
        lastReader = null;
        for (int i = 0; i < dirtyCount; i++) {
            Link link = dirty[i];
            try {
                link.flushIfDirty();
            } catch (Throwable t) { // an Error, such as no memory: ends a connection, but not the tick
                loop.runReporting("failure of ", link, () -> link.failed(t, false));
                loop.runReporting("abort of ", link, link::abort);
            }
        }
        Arrays.fill(dirty, 0, dirtyCount, null);
        dirtyCount = 0;
    }

    @Override
    void stopListening() {
        for (Listener listener : List.copyOf(listeners)) {
            loop.runReporting("closing of ", listener, listener::loopEnds);
        }
    }

    void acceptedBegins() {
        acceptedAtWork++;
    }

    void acceptedEnds() {
        acceptedAtWork--;
        loop.closing().check();
    }

    @Override
    boolean acceptedAreDone() {
        return acceptedAtWork == 0;
    }

    @Override
    void finishAccepted() {
        stopListening();
        for (Link link : all()) {
            if (link.isAccepted()) {
                loop.runReporting("the end of ", link, link::finish);
            }
        }
    }

    @Override
    void finishAll() {
        for (Members<?, ?> pool : List.copyOf(pools)) { // they no longer connect, and what waits for a connection fails
            loop.runReporting("the end of ", pool, pool::loopCloses);
        }
        for (Dialer<?> dialer : List.copyOf(dialers)) {
            loop.runReporting(
                    "the end of a connect", () -> dialer.giveUp(new CancelledException(loop.name() + " is closing")));
        }
        for (Link link : all()) {
            if (!link.isAccepted()) {
                loop.runReporting("the end of ", link, link::finish);
            }
        }
    }

    /** A snapshot, since what is done to one may end others. */
    private List<Link> all() {
        var all = new ArrayList<Link>();
        for (Link link = first; link != null; link = link.nextLink()) {
            all.add(link);
        }
        return all;
    }

    @Override
    void nameTo(List<String> survivors) {
        for (Link link = first; link != null; link = link.nextLink()) {
            if (link.unfinished()) {
                survivors.add(link.situation());
            }
        }
        for (Members<?, ?> pool : pools) {
            String left = pool.situation();
            if (!left.isEmpty()) {
                survivors.add(left);
            }
        }
    }

    @Override
    void abortAll() {
        failAll(new CancelledException(loop.name() + " was closed"));
    }

    @Override
    void failAll(Throwable cause) {
        for (Members<?, ?> pool : List.copyOf(pools)) {
            loop.runReporting("the end of ", pool, pool::loopEnds);
        }
        for (Dialer<?> dialer : List.copyOf(dialers)) {
            loop.runReporting("the end of a connect", () -> dialer.giveUp(cause));
        }
        for (Runnable end : List.copyOf(arriving)) {
            loop.runReporting("the end of a connection that came in", end);
        }
        for (Link link : all()) {
            loop.runReporting("the end of ", link, () -> link.cutOff(cause));
        }
    }

    /** The selector has closed everything. */
    void forget() {
        listeners.clear();
        dirtyCount = 0;
    }
}
