package rill.transport.uring;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sockets of a {@link UringSelector} in the order in which they were added, each at most once. They are linked to one another, the last one to
 * itself, so that adding one takes no memory: who fails for lack of it can still say so, and no other is lost.
 */
abstract sealed class SocketQueue {
    private @Nullable RingSocket first;
    private @Nullable RingSocket last;
    private int size;

    /** Returns the one after this, or this itself if it is the last; null if it is not in here. */
    abstract @Nullable RingSocket next(RingSocket of);

    abstract void next(RingSocket of, @Nullable RingSocket next);

    int size() {
        return size;
    }

    boolean isEmpty() {
        return first == null;
    }

    /** Adds one, unless it is in here. */
    void add(RingSocket socket) {
        if (next(socket) != null) {
            return;
        }
        next(socket, socket);
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
        if (socket == last) {
            first = null;
            last = null;
        } else {
            first = next(socket);
        }
        next(socket, null);
        size--;
        return socket;
    }

    /** Removes all; they can't be added again. */
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

    /** Those for which there was no receive buffer: they are served before others the next time. */
    static final class Unserved extends SocketQueue {
        @Override
        @Nullable
        RingSocket next(RingSocket of) {
            return of.nextUnserved;
        }

        @Override
        void next(RingSocket of, @Nullable RingSocket next) {
            of.nextUnserved = next;
        }
    }
}
