package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;

/**
 * The sending half of an end of a connection: a bounded buffer, cut into segments, of which as many are in flight as the peer's window and
 * {@link Congestion} allow.
 *
 * <pre>
 *  append ──▶ waiting ──▶ flying ──▶ acknowledged
 *                 ▲ windows  ▲ └─ lost: after a timeout all of it, after three duplicate acknowledgements the first
 *                            └──────┘ again, as the windows allow
 * </pre>
 *
 * A peer without any room is probed from time to time, by a separate timer.
 *
 * <p><b>Source:</b> RFC 9293 (3.8), RFC 6298 (timeouts; with Linux's minimum of 200 ms, which is of the variation), RFC 6582 (recovery), RFC 3042
 * (limited transmit).
 */
final class Outgoing {
    static final int MSS = 1460;

    private static final long LEAST_VARIATION = Duration.ofMillis(200).toNanos(); // four times the variation
    private static final long MOST_TIMEOUT = Duration.ofMinutes(2).toNanos();
    /** The timeout if part of the handshake was sent twice, so that the round trip is unknown. */
    private static final long UNMEASURED_TIMEOUT = Duration.ofSeconds(3).toNanos();
    /** As tcp_retries2 of Linux: after this many it gives up, which takes about 15 minutes. */
    private static final int RETRIES = 15;
    /** As tcp_orphan_retries of Linux, for an end that nobody uses any more. */
    private static final int RETRIES_OF_AN_ORPHAN = 8;

    private static final int DUPLICATES = 3;
    static final int BUFFER = 128 * 1024;

    /** A piece of the stream until it is acknowledged. */
    private static final class Chunk {
        final long sequence;
        final boolean end; // the FIN, which counts as one
        byte[] bytes;
        int length;
        long sentAt;
        boolean again; // sent more than once, so its acknowledgement gives no round trip
        boolean lost; // presumably

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
    private final Chance chance;
    private final ArrayDeque<Chunk> waiting = new ArrayDeque<>();
    private final ArrayDeque<Chunk> flying = new ArrayDeque<>();
    private final Timer retransmission; // of what is flying
    private final Timer question; // a probe of a peer without room, if nothing is flying
    private final Congestion congestion = new Congestion();
    int capacity;
    boolean coalesce = true; // Nagle's algorithm
    private int buffered;
    private long next; // the sequence of the next byte to be appended
    private long sent; // the sequence after the last byte sent
    private long acknowledged;
    private long edge; // the end of the peer's window
    private long endAt = -1; // the sequence of the FIN, once there is one
    private int retries;
    private int duplicates; // acknowledgements that moved nothing, each for a segment that arrived out of order
    private long recoverTo = -1; // after a loss: how far had been sent by then
    private long timeout = UNMEASURED_TIMEOUT;
    private int questions; // without an answer
    private long patience; // until the next one
    private long smoothed = -1;
    private long variation;

    Outgoing(Tcp tcp, Agenda agenda, Chance chance) {
        this.tcp = tcp;
        this.agenda = agenda;
        this.chance = chance;
        this.capacity = chance.buffer(BUFFER);
        this.retransmission = new Timer(agenda, this::timedOut);
        this.question = new Timer(agenda, this::ask);
    }

    /** Takes the round trip of the handshake into account. */
    void opened(long roundTrip) {
        measured(roundTrip);
    }

    /** Returns the room in the buffer: none if the capacity was lowered below what is buffered. */
    int room() {
        return Math.max(0, capacity - buffered);
    }

    /** Returns whether there is enough room for a waiting writer to continue. */
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

    /** Takes bytes without moving the buffer's index; at most {@link #room()}. */
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

    /** Sends what may be sent. The usual case, nothing, is found out here, separately from the rest. */
    void push() {
        if (recoverTo >= 0) {
            resend();
        }
        if (!waiting.isEmpty()) {
            pushWaiting();
        }
    }

    private void pushWaiting() {
        for (Chunk first = waiting.peek(); first != null; first = waiting.peek()) {
            if (!first.end && !congestion.allows(first.length, duplicates)) {
                return;
            }
            if (!first.end && first.after() > edge && !cutToWindow(first)) {
                return;
            }
            if (coalesce && !first.end && first.length < MSS && waiting.size() == 1 && !flying.isEmpty()) {
                return;
            }
            Chunk next = Objects.requireNonNull(waiting.peek());
            int part = chance.split(next.length);
            if (part < next.length) {
                cut(next, part);
            }
            send(waiting.remove());
        }
    }

    /** Handles a chunk of which only the first part is allowed: sends that part, unless an acknowledgement is due anyway. */
    private boolean cutToWindow(Chunk first) {
        int allowed = (int) (edge - first.sequence);
        if (!flying.isEmpty()) {
            return false;
        }
        if (allowed <= 0) {
            if (!question.running()) {
                patience = timeout;
                question.start(patience);
            }
            return false;
        }
        cut(first, allowed);
        return true;
    }

    /** Splits the first waiting chunk into two. */
    private void cut(Chunk first, int length) {
        Chunk part = new Chunk(first.sequence, 0, false);
        part.bytes = Arrays.copyOf(first.bytes, length);
        part.length = length;
        Chunk rest = new Chunk(first.sequence + length, 0, false);
        rest.bytes = Arrays.copyOfRange(first.bytes, length, first.length);
        rest.length = rest.bytes.length;
        waiting.remove();
        waiting.addFirst(rest);
        waiting.addFirst(part);
    }

    private void ask() {
        if (++questions > mostTries()) {
            tcp.givenUp();
            return;
        }
        tcp.send(Purpose.PROBE, sent, null, 0);
        patience = Math.min(MOST_TIMEOUT, patience * 2);
        question.start(patience);
    }

    private void send(Chunk chunk) {
        question.stop();
        chunk.sentAt = agenda.now();
        flying.add(chunk);
        sent = chunk.after();
        congestion.sent(chunk.length);
        transmit(chunk);
        retransmission.startUnlessRunning(timeout);
    }

    private void transmit(Chunk chunk) {
        tcp.send(chunk.end ? Purpose.FIN : Purpose.DATA, chunk.sequence, chunk.bytes, chunk.length);
    }

    /** Sends again what seems to be lost. */
    private void resend() {
        for (Chunk each : flying) {
            if (each.lost && !congestion.allows(each.length, duplicates)) {
                return;
            }
            if (each.lost) {
                again(each);
            }
        }
    }

    private void again(Chunk chunk) {
        if (chunk.lost) {
            chunk.lost = false;
            congestion.sent(chunk.length);
        }
        chunk.again = true;
        transmit(chunk);
    }

    private void lose(Chunk chunk) {
        if (!chunk.lost) {
            chunk.lost = true;
            congestion.left(chunk.length);
        }
    }

    void acknowledged(long upTo, int window, boolean nothingElse) {
        long oldEdge = edge;
        window(upTo, window);
        questions = 0; // a full receiver that answers is alive
        if (upTo > acknowledged) {
            progress(upTo);
        } else if (nothingElse && !flying.isEmpty() && edge == oldEdge) {
            duplicate();
        }
        push();
    }

    private void duplicate() {
        duplicates = Math.min(duplicates + 1, flying.size());
        if (recoverTo < 0 && duplicates == DUPLICATES) {
            recoverTo = sent;
            congestion.lostOne();
            againFirst();
        }
    }

    private void againFirst() {
        Chunk first = flying.peek();
        if (first != null) {
            again(first);
            retransmission.start(timeout);
        }
    }

    private void progress(long upTo) {
        int segments = 0;
        long bytes = upTo - acknowledged;
        acknowledged = upTo;
        retries = 0;
        long sentAt = -1; // of the first one
        boolean again = false;
        for (Chunk first = flying.peek(); first != null && first.after() <= upTo; first = flying.peek()) {
            flying.remove();
            segments++;
            buffered -= first.length;
            if (!first.lost) {
                congestion.left(first.length);
            }
            sentAt = segments == 1 ? first.sentAt : sentAt;
            again |= first.again;
        }
        if (segments > 0 && !again) {
            measured(agenda.now() - sentAt);
        }
        boolean recovering = recoverTo >= 0 && upTo < recoverTo;
        // Duplicates have announced all but one of the segments that the acknowledgement has jumped over.
        duplicates = recovering ? Math.max(0, duplicates - Math.max(0, segments - 1)) : 0;
        congestion.acknowledged(bytes, recovering);
        if (flying.isEmpty()) {
            retransmission.stop();
        } else {
            retransmission.start(timeout);
        }
        if (!recovering) {
            recoverTo = -1;
        } else if (!congestion.timedOut()) {
            againFirst(); // another one was lost as well
        }
    }

    /** Takes a round trip into account. Only this shortens a timeout that was doubled. */
    private void measured(long roundTrip) {
        if (smoothed < 0) {
            smoothed = roundTrip;
            variation = roundTrip / 2;
        } else {
            variation += (Math.abs(smoothed - roundTrip) - variation) / 4;
            smoothed += (roundTrip - smoothed) / 8;
        }
        timeout = Math.min(MOST_TIMEOUT, smoothed + Math.max(LEAST_VARIATION, 4 * variation));
    }

    private int mostTries() {
        return tcp.isClosed() ? RETRIES_OF_AN_ORPHAN : RETRIES;
    }

    private void timedOut() {
        if (++retries > mostTries()) {
            tcp.givenUp();
            return;
        }
        timeout = Math.min(MOST_TIMEOUT, timeout * 2);
        recoverTo = sent;
        duplicates = 0;
        congestion.lostAll();
        flying.forEach(this::lose);
        resend();
        retransmission.start(timeout);
    }

    void stop() {
        retransmission.stop();
        question.stop();
        waiting.clear();
        flying.clear();
        buffered = 0;
    }

    /** Returns the sequence of a segment that carries nothing. */
    long sent() {
        return sent;
    }

    @Nullable
    String situation() {
        return buffered == 0
                ? null
                : buffered + " bytes unacknowledged, tried again " + (retries + questions) + " times";
    }
}
