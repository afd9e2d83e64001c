package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;

/** The receiving half of an end of a connection: puts segments back into order, and holds a bounded number of bytes for the reader. */
final class Incoming {
    private static final byte[] NONE = {};

    int capacity = 128 * 1024;
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
    private final List<Segment> early = new ArrayList<>(); // by sequence: those before them are missing
    private int offset; // what was read of the first piece
    private int buffered;
    private long next;
    private boolean ended;
    private long promised; // the edge of the window that the peer knows

    /** All bytes before this one were received; the end of the stream counts as one. */
    long next() {
        return next;
    }

    int window() {
        return Math.max(0, capacity - buffered);
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
        return buffered > 0 || ended;
    }

    int buffered() {
        return buffered;
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
            pieces.add(
                    skipped == 0 && bytes.length == segment.length
                            ? bytes
                            : java.util.Arrays.copyOfRange(bytes, skipped, segment.length));
            buffered += segment.length - skipped;
        }
        next = segment.end();
        ended = segment.purpose == Purpose.FIN;
    }

    /** How many bytes were read; as many as there are and fit. */
    int read(ByteBuf target) {
        int before = target.writableBytes();
        byte @Nullable [] first = pieces.peek();
        while (first != null && target.isWritable()) {
            int part = Math.min(first.length - offset, target.writableBytes());
            target.writeBytes(first, offset, part);
            offset += part;
            if (offset == first.length) {
                pieces.remove();
                offset = 0;
                first = pieces.peek();
            }
        }
        int n = before - target.writableBytes();
        buffered -= n;
        return n;
    }

    void clear() {
        pieces.clear();
        early.clear();
        offset = 0;
        buffered = 0;
    }
}
