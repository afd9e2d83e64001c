package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import rill.transport.sim.Segment.Purpose;

/** The receiving half of an end of a connection: puts segments back into order, and holds a bounded number of bytes for the reader. */
final class Incoming {
    private static final byte[] NONE = {};

    int capacity;
    private final Pieces unread = new Pieces();
    private final List<Segment> early = new ArrayList<>(); // by sequence: those before them are missing
    private long next;
    private boolean ended;
    private long promised; // the edge of the window that the peer knows

    Incoming(int capacity) {
        this.capacity = capacity;
    }

    /** All bytes before this one were received; the end of the stream counts as one. */
    long next() {
        return next;
    }

    int window() {
        return Math.max(0, capacity - unread.size());
    }

    void promised() {
        promised = next + window();
    }

    /** Whether there is so much more room than the peer knows that it is to be told. */
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

    /** Takes a segment; false if it did not move the stream on: it came before its time, or was here before. */
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

    /** Reads so many bytes, which are here and fit. */
    void read(ByteBuf target, int count) {
        unread.read(target, count);
    }

    void clear() {
        unread.clear();
        early.clear();
    }
}
