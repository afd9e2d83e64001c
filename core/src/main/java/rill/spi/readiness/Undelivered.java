package rill.spi.readiness;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a Selector that have events which no readiness announces, in the order in which they were added, each at most once. They are linked
 * to one another, so that adding one takes no memory: who fails for lack of it can still say so, and no other is lost.
 */
final class Undelivered {
    private @Nullable Watched first;
    private @Nullable Watched last;
    private int size;

    int size() {
        return size;
    }

    /** Adds one that is not in here. */
    void add(Watched socket) {
        Watched before = last;
        if (before == null) {
            first = socket;
        } else {
            before.next = socket;
        }
        last = socket;
        size++;
    }

    /** Removes the first. There must be one. */
    Watched remove() {
        Watched socket = Objects.requireNonNull(first);
        first = socket.next;
        socket.next = null;
        if (first == null) {
            last = null;
        }
        size--;
        return socket;
    }
}
