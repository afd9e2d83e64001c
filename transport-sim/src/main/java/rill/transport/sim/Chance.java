package rill.transport.sim;

import java.util.StringJoiner;
import java.util.random.RandomGenerator;

/** What a seed has drawn for each {@link Freedom}, and everything that follows from it, each with its own random numbers. */
final class Chance {
    private static final double USED = 0.8; // of the seeds use a freedom
    private static final int LEAST_BUFFER = 4 * 1024;
    private static final int ONE_BYTE = 4; // one in this many short reads

    private int used; // a bit for each, because this is asked several times a step
    private final RandomGenerator order;
    private final RandomGenerator jitter;
    private final RandomGenerator pieces;
    private final RandomGenerator wakeUps;
    private final RandomGenerator flushes;
    private final RandomGenerator buffers;
    private final double spread; // of the latency
    private final double shortReads;
    private final double shortWrites;
    private final double splits;
    private final double late;
    private final long latest;
    private final double spurious;
    private final double delayed;
    private final long longestDelay;

    Chance(long seed) {
        RandomGenerator draw = Agenda.random(seed, "freedoms");
        for (Freedom each : Freedom.values()) {
            if (draw.nextDouble() < USED) {
                used |= bit(each);
            }
        }
        spread = oneOf(draw, 0.1, 0.5, 1, 4);
        shortReads = oneOf(draw, 0, 0.05, 0.3, 1);
        shortWrites = oneOf(draw, 0, 0.05, 0.3);
        splits = oneOf(draw, 0, 0.05, 0.3);
        late = oneOf(draw, 0.01, 0.1, 0.5);
        latest = (long) oneOf(draw, 10_000, 200_000, 3_000_000);
        spurious = oneOf(draw, 0, 0.01, 0.1);
        delayed = oneOf(draw, 0.02, 0.2, 0.7);
        longestDelay = (long) oneOf(draw, 20_000, 300_000, 2_000_000);
        order = Agenda.random(seed, "order");
        jitter = Agenda.random(seed, "jitter");
        pieces = Agenda.random(seed, "pieces");
        wakeUps = Agenda.random(seed, "wake-ups");
        flushes = Agenda.random(seed, "flushes");
        buffers = Agenda.random(seed, "buffers");
    }

    private static double oneOf(RandomGenerator draw, double... values) {
        return values[draw.nextInt(values.length)];
    }

    void fix(Freedom freedom) {
        used &= ~bit(freedom);
    }

    boolean free(Freedom freedom) {
        return (used & bit(freedom)) != 0;
    }

    private static int bit(Freedom freedom) {
        return switch (freedom) {
            case ORDER -> 1;
            case JITTER -> 2;
            case PIECES -> 4;
            case WAKE_UPS -> 8;
            case FLUSHES -> 16;
            case BUFFERS -> 32;
        };
    }

    // ---- order

    /** Returns a rank among events of one instant: the smaller is first. */
    long turn() {
        return order.nextLong() >>> 2;
    }

    /** Chooses which of this many is next. */
    int pick(int many) {
        return many > 1 && free(Freedom.ORDER) ? order.nextInt(many) : 0;
    }

    /** Returns whether an event that is due precedes a loop that waits for its tick. */
    boolean eventFirst() {
        return free(Freedom.ORDER) && order.nextInt(4) == 0;
    }

    // ---- the network

    /** Returns how long a segment takes whose normal delay is this. */
    long jittered(long delay) {
        return free(Freedom.JITTER) ? delay + (long) (delay * spread * jitter.nextDouble()) : delay;
    }

    int readable(int bytes) {
        return part(bytes, shortReads);
    }

    int writable(int bytes) {
        return part(bytes, shortWrites);
    }

    /** Returns where to split a segment; its length if it stays whole. */
    int split(int length) {
        return part(length, splits);
    }

    private int part(int bytes, double probability) {
        if (bytes <= 1 || !free(Freedom.PIECES) || pieces.nextDouble() >= probability) {
            return bytes;
        }
        return pieces.nextInt(ONE_BYTE) == 0 ? 1 : 1 + pieces.nextInt(bytes);
    }

    /** Returns how long flushed bytes are kept back. */
    long flushDelay() {
        return free(Freedom.FLUSHES) && flushes.nextDouble() < delayed ? flushes.nextLong(longestDelay) : 0;
    }

    /** Returns the buffer size of a new connection, which is usually {@code usual}. */
    int buffer(int usual) {
        if (!free(Freedom.BUFFERS) || buffers.nextBoolean()) {
            return usual;
        }
        int doublings = Integer.numberOfTrailingZeros(Integer.highestOneBit(usual / LEAST_BUFFER));
        return (LEAST_BUFFER << buffers.nextInt(doublings)) + buffers.nextInt(LEAST_BUFFER);
    }

    // ---- hosts

    /** Returns how late a tick is. */
    long lateness() {
        return free(Freedom.WAKE_UPS) && wakeUps.nextDouble() < late ? wakeUps.nextLong(latest) : 0;
    }

    /** Returns whether something wakes up for nothing. */
    boolean spurious() {
        return free(Freedom.WAKE_UPS) && spurious > 0 && wakeUps.nextDouble() < spurious;
    }

    /** Describes what the seed has chosen. */
    @Override
    public String toString() {
        var text = new StringJoiner(", ");
        text.setEmptyValue("nothing");
        add(text, Freedom.ORDER, "any order within an instant");
        add(text, Freedom.JITTER, "latencies up to × " + (1 + spread));
        add(
                text,
                Freedom.PIECES,
                percent(shortReads) + " of the reads short, " + percent(shortWrites) + " of the writes, "
                        + percent(splits) + " of the segments split");
        add(
                text,
                Freedom.WAKE_UPS,
                percent(late) + " of the ticks up to " + latest / 1_000 + " µs late, " + percent(spurious)
                        + " for nothing");
        add(text, Freedom.FLUSHES, percent(delayed) + " of the flushes up to " + longestDelay / 1_000 + " µs late");
        add(text, Freedom.BUFFERS, "buffers from 4 KiB");
        return text.toString();
    }

    private void add(StringJoiner text, Freedom freedom, String words) {
        if (free(freedom)) {
            text.add(words);
        }
    }

    private static String percent(double part) {
        return Math.round(part * 100) + " %";
    }
}
