package rill.testkit.memory;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection of a {@link MemoryTransport}: the bytes that the writer's kernel has taken and the reader has not read yet. Bytes
 * become visible to the reader some time after they were taken.
 */
final class Pipe {
    /** Bytes that arrive together: the position in the stream up to which they go, and when they arrive. */
    private record Arrival(long upTo, long at) {}

    private final int capacity;
    private byte[] ring = {}; // until something is taken
    private final ArrayDeque<Arrival> underWay = new ArrayDeque<>(2);
    private long taken; // from the writer, in all
    private long visible; // to the reader, in all
    private long read; // by the reader, in all
    private boolean ended; // after everything taken
    private long endAt;
    private boolean reset;
    private long resetAt;
    private long stalledUntil = Long.MIN_VALUE; // nothing arrives before
    private @Nullable Pipe back; // the other direction, once the reader is gone: sending then is answered by a reset

    Pipe(int capacity) {
        this.capacity = capacity;
    }

    int room() {
        return capacity - (int) (taken - read);
    }

    int capacity() {
        return capacity;
    }

    /** Takes up to {@code most} bytes of the buffer; they arrive at {@code at}, or after earlier ones. */
    int take(ByteBuf from, int most, long at) {
        if (back != null) {
            int lost = Math.min(most, from.readableBytes());
            from.skipBytes(lost);
            back.reset(at, false);
            return lost;
        }
        int n = Math.min(Math.min(most, room()), from.readableBytes());
        if (ring.length == 0) {
            ring = new byte[capacity];
        }
        int start = (int) (taken % capacity);
        int first = Math.min(n, capacity - start);
        from.readBytes(ring, start, first);
        from.readBytes(ring, 0, n - first);
        taken += n;
        if (n > 0) {
            long arrival = Math.max(at, underWay.isEmpty() ? Long.MIN_VALUE : underWay.getLast().at);
            underWay.add(new Arrival(taken, Math.max(arrival, stalledUntil)));
        }
        return n;
    }

    void end(long at) {
        if (!ended && !reset) {
            ended = true;
            endAt = Math.max(Math.max(at, stalledUntil), underWay.isEmpty() ? Long.MIN_VALUE : underWay.getLast().at);
        }
    }

    /** Resets the stream. Bytes that are not visible yet are lost if {@code loses}, and otherwise arrive first. */
    void reset(long at, boolean loses) {
        if (reset) {
            return;
        }
        reset = true;
        if (loses) {
            underWay.clear();
            taken = visible;
            ended = false;
        }
        resetAt = Math.max(at, underWay.isEmpty() ? at : underWay.getLast().at);
        if (ended) {
            resetAt = Math.max(resetAt, endAt);
        }
    }

    /** The reader has closed its end. */
    void readerGone(Pipe opposite) {
        back = opposite;
        discard();
    }

    /** Nothing more arrives before this time. */
    void stallUntil(long time) {
        stalledUntil = time;
        var later = new ArrayDeque<Arrival>();
        for (Arrival each : underWay) {
            later.add(new Arrival(each.upTo, Math.max(each.at, time)));
        }
        underWay.clear();
        underWay.addAll(later);
        if (ended) {
            endAt = Math.max(endAt, time);
        }
    }

    // ---- the reader's side

    int readable(long now) {
        while (!underWay.isEmpty() && underWay.getFirst().at <= now) {
            visible = underWay.removeFirst().upTo;
        }
        return (int) (visible - read);
    }

    boolean endVisible(long now) {
        return ended && endAt <= now && readable(now) == 0 && underWay.isEmpty();
    }

    boolean resetVisible(long now) {
        return reset && resetAt <= now;
    }

    /** Whether any bytes that the writer's kernel has taken have not been read. */
    boolean hasUnread() {
        return taken > read;
    }

    void read(ByteBuf target, int n) {
        int start = (int) (read % capacity);
        int first = Math.min(n, capacity - start);
        target.writeBytes(ring, start, first);
        target.writeBytes(ring, 0, n - first);
        read += n;
    }

    private void discard() {
        underWay.clear();
        visible = taken;
        read = taken;
    }

    /** Returns when bytes become visible that are not visible yet; Long.MAX_VALUE if none will. */
    long nextEvent(long now) {
        readable(now); // what has arrived by now is no event
        long next = Long.MAX_VALUE;
        if (!underWay.isEmpty()) {
            next = underWay.getFirst().at;
        }
        if (ended && endAt > now) {
            next = Math.min(next, endAt);
        }
        if (reset && resetAt > now) {
            next = Math.min(next, resetAt);
        }
        return next;
    }
}
