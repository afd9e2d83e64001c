package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;

/**
 * The sending half of an end of a connection: a bounded buffer, cut into segments, of which as many are on their way as the peer's
 * window allows. Without congestion control: what the window allows leaves at once.
 *
 * <pre>
 *  append ──▶ waiting ──▶ flying ──▶ acknowledged
 *                 ▲ window   └─ again, after a timeout that doubles, or three duplicate acknowledgements
 * </pre>
 *
 * <b>Source:</b> RFC 9293 (3.8), RFC 6298 (timeouts, with Linux's minimum of 200 ms), RFC 6582 (recovery).
 */
final class Outgoing {
    static final int MSS = 1460;

    private static final long LEAST_TIMEOUT = Duration.ofMillis(200).toNanos();
    private static final long MOST_TIMEOUT = Duration.ofMinutes(2).toNanos();
    private static final long FIRST_TIMEOUT = Duration.ofSeconds(1).toNanos();
    /** As tcp_retries2 of Linux: after this many it gives up, which takes about 15 minutes. */
    private static final int RETRIES = 15;

    private static final int DUPLICATES = 3;

    /** A piece of the stream, as long as nobody has acknowledged it. */
    private static final class Chunk {
        final long sequence;
        final boolean end; // the FIN, which counts as one
        byte[] bytes;
        int length;
        long sentAt;
        boolean again;

        Chunk(long sequence, int capacity, boolean end) {
            this.sequence = sequence;
            this.bytes = new byte[capacity];
            this.end = end;
        }

        long after() {
            return sequence + length + (end ? 1 : 0);
        }
    }

    private final Tcp tcp;
    private final Agenda agenda;
    private final ArrayDeque<Chunk> waiting = new ArrayDeque<>();
    private final ArrayDeque<Chunk> flying = new ArrayDeque<>();
    private final Timer retransmission;
    int capacity = 128 * 1024;
    boolean coalesce = true; // Nagle's algorithm
    private int buffered;
    private long next; // the sequence of the next byte that is appended
    private long sent; // what comes after the last byte sent
    private long acknowledged;
    private long edge; // what the peer's window allows
    private long endAt = -1; // the sequence of the FIN, once there is one
    private int retries;
    private int duplicates;
    private long recoverTo = -1;
    private long timeout = FIRST_TIMEOUT;
    private long smoothed = -1;
    private long variation;

    Outgoing(Tcp tcp, Agenda agenda) {
        this.tcp = tcp;
        this.agenda = agenda;
        this.retransmission = new Timer(agenda, this::timedOut);
    }

    int room() {
        return capacity - buffered;
    }

    /** Enough that a writer who waits may go on. */
    boolean roomy() {
        return room() * 3 >= capacity;
    }

    int buffered() {
        return buffered;
    }

    boolean endAcknowledged() {
        return endAt >= 0 && acknowledged > endAt;
    }

    boolean allAcknowledged() {
        return waiting.isEmpty() && flying.isEmpty();
    }

    void window(long acknowledgedByPeer, int window) {
        edge = Math.max(edge, acknowledgedByPeer + window);
    }

    /** Takes bytes without moving the buffer's index; no more than there is {@link #room()}. */
    void append(ByteBuf source, int from, int count) {
        int at = from;
        int left = count;
        while (left > 0) {
            Chunk last = waiting.peekLast();
            if (last == null || last.end || last.length >= MSS) {
                last = new Chunk(next, Math.min(left, MSS), false);
                waiting.add(last);
            } else if (last.length == last.bytes.length) {
                last.bytes = Arrays.copyOf(last.bytes, Math.min(MSS, last.length + left));
            }
            int part = Math.min(left, last.bytes.length - last.length);
            source.getBytes(at, last.bytes, last.length, part);
            last.length += part;
            next += part;
            at += part;
            left -= part;
        }
        buffered += count;
    }

    void end() {
        if (endAt < 0) {
            endAt = next++;
            waiting.add(new Chunk(endAt, 0, true));
            push();
        }
    }

    /** Sends what may be sent. */
    void push() {
        for (Chunk first = waiting.peek(); first != null; first = waiting.peek()) {
            if (!first.end && first.after() > edge && !cutToWindow(first)) {
                return;
            }
            if (coalesce && !first.end && first.length < MSS && waiting.size() == 1 && !flying.isEmpty()) {
                return;
            }
            send(waiting.remove());
        }
    }

    /** Only the first part of a chunk is allowed: sends that, unless an acknowledgement is to come anyway. */
    private boolean cutToWindow(Chunk first) {
        int allowed = (int) (edge - first.sequence);
        if (!flying.isEmpty()) {
            return false;
        }
        if (allowed <= 0) {
            retransmission.startUnlessRunning(timeout); // asks from time to time
            return false;
        }
        Chunk part = new Chunk(first.sequence, 0, false);
        part.bytes = Arrays.copyOf(first.bytes, allowed);
        part.length = allowed;
        Chunk rest = new Chunk(first.sequence + allowed, 0, false);
        rest.bytes = Arrays.copyOfRange(first.bytes, allowed, first.length);
        rest.length = rest.bytes.length;
        waiting.remove();
        waiting.addFirst(rest);
        waiting.addFirst(part);
        return true;
    }

    private void send(Chunk chunk) {
        chunk.sentAt = agenda.now();
        flying.add(chunk);
        sent = chunk.after();
        transmit(chunk);
        retransmission.startUnlessRunning(timeout);
    }

    private void transmit(Chunk chunk) {
        tcp.send(chunk.end ? Purpose.FIN : Purpose.DATA, chunk.sequence, chunk.bytes, chunk.length);
    }

    private void again() {
        Chunk first = flying.peek();
        if (first != null) {
            first.again = true;
            transmit(first);
            retransmission.start(timeout);
        }
    }

    void acknowledged(long upTo, int window, boolean nothingElse) {
        long oldEdge = edge;
        window(upTo, window);
        if (upTo > acknowledged) {
            progress(upTo);
        } else if (nothingElse && !flying.isEmpty() && edge == oldEdge && recoverTo < 0 && ++duplicates == DUPLICATES) {
            recoverTo = sent;
            again();
        } else if (flying.isEmpty()) {
            retries = 0; // a full receiver that answers is alive
        }
        push();
    }

    private void progress(long upTo) {
        acknowledged = upTo;
        duplicates = 0;
        retries = 0;
        for (Chunk first = flying.peek(); first != null && first.after() <= upTo; first = flying.peek()) {
            flying.remove();
            buffered -= first.length;
            if (!first.again) {
                measured(agenda.now() - first.sentAt);
            }
        }
        timeout = smoothed < 0 ? FIRST_TIMEOUT : bounded(smoothed + 4 * variation);
        if (flying.isEmpty()) {
            retransmission.stop();
            recoverTo = -1;
        } else if (upTo < recoverTo) {
            again(); // another one was lost as well
        } else {
            recoverTo = -1;
            retransmission.start(timeout);
        }
    }

    private void measured(long roundTrip) {
        if (smoothed < 0) {
            smoothed = roundTrip;
            variation = roundTrip / 2;
        } else {
            variation += (Math.abs(smoothed - roundTrip) - variation) / 4;
            smoothed += (roundTrip - smoothed) / 8;
        }
    }

    private static long bounded(long nanos) {
        return Math.min(MOST_TIMEOUT, Math.max(LEAST_TIMEOUT, nanos));
    }

    private void timedOut() {
        if (flying.isEmpty() && waiting.isEmpty()) {
            return;
        }
        if (++retries > RETRIES) {
            tcp.givenUp();
            return;
        }
        timeout = bounded(timeout * 2);
        if (flying.isEmpty()) {
            tcp.send(Purpose.PROBE, sent, null, 0);
            retransmission.start(timeout);
        } else {
            recoverTo = sent;
            again();
        }
    }

    void stop() {
        retransmission.stop();
        waiting.clear();
        flying.clear();
        buffered = 0;
    }

    /** The sequence of a segment that carries nothing. */
    long sent() {
        return sent;
    }

    @Nullable
    String situation() {
        return buffered == 0 ? null : buffered + " bytes unacknowledged, tried again " + retries + " times";
    }
}
