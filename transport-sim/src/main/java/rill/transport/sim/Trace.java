package rill.transport.sim;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that happens, as one number, and, if recorded, as a list. The number is a hash of times, identifiers of this simulation, lengths, bytes
 * and names: of what is the same in every JVM.
 */
final class Trace {
    /** The kinds of events. */
    enum Kind {
        SENT,
        ARRIVED,
        LOST,
        LOCAL,
        OPENED,
        CLOSED,
        RESOLVED,
        TICK,
        TIMER,
        SETTLED,
        FAULT,
        HEALED,
        HOST,
        NOTE,
        FAILED;

        final long code = name().hashCode();
    }

    /**
     * One event.
     *
     * @param time nanoseconds since the start of the simulation
     * @param host the number of the host where it happens, or -1
     * @param other the number of the host at the other end, or -1
     * @param connection the connection's number, or 0
     * @param number of the segment, or of the loop
     * @param length bytes, or another quantity
     * @param what in one word or name; part of the hash
     * @param label further information for a reader; not part of the hash
     * @param hash of everything up to here, the bytes of segments included
     */
    record Entry(
            long time,
            Kind kind,
            int host,
            int other,
            int connection,
            long number,
            long length,
            String what,
            @Nullable String label,
            long hash) {
        /** Returns everything that is part of the hash. */
        String line() {
            return time + " " + kind + " host=" + host + " other=" + other + " connection=" + connection + " number="
                    + number + " length=" + length + " " + what + " " + Long.toHexString(hash);
        }
    }

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN); // the same everywhere

    private final Agenda agenda;
    private @Nullable List<Entry> entries;
    private int mostEntries;
    private long hash = 0x2545F4914F6CDD1DL;
    private long count;

    Trace(Agenda agenda) {
        this.agenda = agenda;
    }

    void record() {
        recordLast(Integer.MAX_VALUE);
    }

    /** Records, and keeps at least half as many events as this, the last ones. */
    void recordLast(int most) {
        entries = new ArrayList<>();
        mostEntries = most;
    }

    boolean recording() {
        return entries != null;
    }

    List<Entry> entries() {
        return entries == null ? List.of() : entries;
    }

    void add(Kind kind, int host, int other, int connection, long number, long length, String what) {
        add(kind, host, other, connection, number, length, what, null);
    }

    void add(
            Kind kind,
            int host,
            int other,
            int connection,
            long number,
            long length,
            String what,
            @Nullable String label) {
        count++;
        mix(agenda.now());
        mix((kind.code << 48) ^ ((long) host << 32) ^ ((long) other << 16) ^ connection);
        mix(number ^ Long.rotateLeft(length, 40));
        mix(what.hashCode());
        if (entries != null) {
            if (entries.size() >= mostEntries) {
                entries.subList(0, mostEntries / 2).clear();
            }
            entries.add(new Entry(agenda.now(), kind, host, other, connection, number, length, what, label, hash));
        }
    }

    /** Adds an entry for readers; not part of the hash. */
    void mark(Kind kind, String text) {
        if (entries != null) {
            entries.add(new Entry(agenda.now(), kind, -1, -1, 0, 0, 0, text, null, hash));
        }
    }

    /** Adds the content of a segment to the hash only. */
    void content(long sequence, long acknowledged, int window, byte @Nullable [] bytes, int length) {
        mix(sequence);
        mix(Long.rotateLeft(acknowledged, 20) ^ window);
        if (bytes == null) {
            return;
        }
        long sum = length;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            sum = (sum ^ (long) LONGS.get(bytes, i)) * 0x9E3779B185EBCA87L;
            sum ^= sum >>> 29;
        }
        for (; i < length; i++) {
            sum = (sum ^ bytes[i]) * 0xC2B2AE3D27D4EB4FL;
        }
        mix(sum);
    }

    private void mix(long value) {
        hash = Long.rotateLeft(hash ^ (value * 0xC2B2AE3D27D4EB4FL), 31) * 0x9E3779B185EBCA87L;
    }

    long count() {
        return count;
    }

    /** Returns 16 hexadecimal digits. */
    String hash() {
        long mixed = (hash ^ (hash >>> 32)) * 0x9FB21C651E98DF25L;
        return "%016x".formatted(mixed ^ (mixed >>> 28));
    }
}
