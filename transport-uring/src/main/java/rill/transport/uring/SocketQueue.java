package rill.transport.uring;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sockets of a {@link UringSelector} in the order in which they were added, each at most once. They are linked to one another, so that adding one
 * takes no memory: who fails for lack of it can still say so, and no other is lost.
 */
abstract sealed class SocketQueue {
    private @Nullable RingSocket first;
    private @Nullable RingSocket last;
    private int size;

    abstract @Nullable RingSocket next(RingSocket of);

    abstract void next(RingSocket of, @Nullable RingSocket next);

    int size() {
        return size;
    }

    boolean isEmpty() {
        return first == null;
    }

    /** Adds one that is not in here. */
    void add(RingSocket socket) {
        RingSocket before = last;
        if (before == null) {
            first = socket;
        } else {
            next(before, socket);
        }
        last = socket;
        size++;
    }

    /** Removes the first. There must be one. */
    RingSocket remove() {
        RingSocket socket = Objects.requireNonNull(first);
        first = next(socket);
        next(socket, null);
        if (first == null) {
            last = null;
        }
        size--;
        return socket;
    }

    /** Removes all; they are not added again. */
    void clear() {
        first = null;
        last = null;
        size = 0;
    }

    /** Those of which what is wanted may differ from what is under way. */
    static final class Changed extends SocketQueue {
        @Override
        @Nullable
        RingSocket next(RingSocket of) {
            return of.nextChanged;
        }

        @Override
        void next(RingSocket of, @Nullable RingSocket next) {
            of.nextChanged = next;
        }
    }

    /** Those that have something to tell. */
    static final class Undelivered extends SocketQueue {
        @Override
        @Nullable
        RingSocket next(RingSocket of) {
            return of.nextUndelivered;
        }

        @Override
        void next(RingSocket of, @Nullable RingSocket next) {
            of.nextUndelivered = next;
        }
    }
}
