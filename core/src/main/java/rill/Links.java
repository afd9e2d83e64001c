package rill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The open connections and listeners of a loop, and those of the connections that have something to flush. Confined to the loop,
 * except for the count.
 */
final class Links {
    private final Loop loop;
    private final List<Listener> listeners = new ArrayList<>();
    private final List<Dialer<?>> dialers = new ArrayList<>();
    private @Nullable Link first;
    private Link[] dirty = new Link[16];
    private int dirtyCount;
    private final AtomicInteger count = new AtomicInteger();

    Links(Loop loop) {
        this.loop = loop;
    }

    /** From any thread: counts a connection that is on its way here, so that those who choose the emptiest loop see it. */
    void expect() {
        count.incrementAndGet();
    }

    /** It did not arrive. */
    void unexpect() {
        count.decrementAndGet();
    }

    /** A connection that {@link #expect} has counted. */
    void add(Link link) {
        link.nextLink = first;
        if (first != null) {
            first.previousLink = link;
        }
        first = link;
    }

    void remove(Link link) {
        if (link.previousLink != null) {
            link.previousLink.nextLink = link.nextLink;
        } else if (first == link) {
            first = link.nextLink;
        } else {
            return;
        }
        if (link.nextLink != null) {
            link.nextLink.previousLink = link.previousLink;
        }
        link.previousLink = null;
        link.nextLink = null;
        count.decrementAndGet();
        loop.closing().check();
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

    int count() {
        return count.get();
    }

    /** Whether nothing is left that closing the loop has to wait for. */
    boolean isEmpty() {
        return first == null && dialers.isEmpty();
    }

    /** To be flushed at the end of the tick. */
    void dirty(Link link) {
        if (dirtyCount == dirty.length) {
            dirty = Arrays.copyOf(dirty, dirtyCount * 2);
        }
        dirty[dirtyCount++] = link;
    }

    boolean hasDirty() {
        return dirtyCount > 0;
    }

    /** The last part of a tick. */
    void flushDirty() {
        for (int i = 0; i < dirtyCount; i++) {
            Link link = dirty[i];
            link.flushIfDirty();
        }
        Arrays.fill(dirty, 0, dirtyCount, null);
        dirtyCount = 0;
    }

    /** Stops accepting and connecting, and asks every connection to finish. */
    void finishAll() {
        for (Listener listener : List.copyOf(listeners)) {
            listener.stop();
        }
        for (Dialer<?> dialer : List.copyOf(dialers)) {
            dialer.giveUp(new CancelledException(loop.name() + " is closing"));
        }
        for (Link link = first, next; link != null; link = next) {
            next = link.nextLink;
            link.finish();
        }
    }

    void nameTo(List<String> survivors) {
        for (Link link = first; link != null; link = link.nextLink) {
            if (link.unfinished()) {
                survivors.add(link.situation());
            }
        }
    }

    void abortAll() {
        failAll(new CancelledException(loop.name() + " was closed"));
    }

    void failAll(Throwable cause) {
        for (Dialer<?> dialer : List.copyOf(dialers)) {
            dialer.giveUp(cause);
        }
        for (Link link = first, next; link != null; link = next) {
            next = link.nextLink;
            link.cutOff(cause);
        }
    }

    /** The selector has closed everything. */
    void forget() {
        listeners.clear();
        dirtyCount = 0;
    }
}
