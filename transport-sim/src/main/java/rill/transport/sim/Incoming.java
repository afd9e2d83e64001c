package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import rill.transport.sim.Segment.Purpose;

/** The receiving half of an end of a connection: it puts segments back into order, and holds a bounded number of bytes for the reader. */
final class Incoming {
    private static final byte[] NONE = {};

    int capacity;
    private final Pieces unread = new Pieces();
    private final List<Segment> early = new ArrayList<>(); // by sequence; those before them are missing
    private long next;
    private boolean ended;
    private long promised; // the end of the window as the peer knows it

    Incoming(int capacity) {
        this.capacity = capacity;
    }

    /** Returns the next sequence expected: all bytes before it were received; the end of the stream counts as one. */
    long next() {
        return next;
    }

    int window() {
        return Math.max(0, capacity - unread.size());
    }

    void promised() {
        promised = next + window();
    }

    /** Returns whether there is enough more room than the peer knows of to be worth an acknowledgement. */
    boolean worthTelling() {
        long more = next + window() - promised;
        return more >= 2 * Outgoing.MSS || more * 2 >= capacity;
    }

    boolean readable() {
        return unread.size() > 0 || ended;
    }

    int buffered() {
        return unread.size();
    }

    boolean ended() {
        return ended;
    }

    /** Takes a segment. Returns false if that did not advance the stream, because the segment is early or a duplicate. */
    boolean take(Segment segment) {
        if (segment.end() <= next) {
            return false;
        }
        if (segment.sequence > next) {
            keep(segment);
            return false;
        }
        append(segment);
        while (!early.isEmpty() && early.getFirst().sequence <= next) {
            Segment kept = early.removeFirst();
            if (kept.end() > next) {
                append(kept);
            }
        }
        return true;
    }

    private void keep(Segment segment) {
        int at = early.size();
        while (at > 0 && early.get(at - 1).sequence > segment.sequence) {
            at--;
        }
        if (at == 0 || early.get(at - 1).sequence != segment.sequence) {
            early.add(at, segment);
        }
    }

    private void append(Segment segment) {
        byte[] bytes = segment.bytes == null ? NONE : segment.bytes;
        if (segment.length > 0) {
            int skipped = (int) (next - segment.sequence);
            unread.add(
                    skipped == 0 && bytes.length == segment.length
                            ? bytes
                            : java.util.Arrays.copyOfRange(bytes, skipped, segment.length));
        }
        next = segment.end();
        ended = segment.purpose == Purpose.FIN;
    }

    /** Reads this many bytes, which must be available and fit. */
    void read(ByteBuf target, int count) {
        unread.read(target, count);
    }

    void clear() {
        unread.clear();
        early.clear();
    }
}
