package rill.transport.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The way from one host to another, in one direction, and what is wrong with it. */
final class Route {
    /** A setting that faults replace for a while; the latest one counts. */
    static final class Setting<T> {
        private final List<T> values = new ArrayList<>();

        Setting(T normal) {
            values.add(normal);
        }

        T value() {
            return values.getLast();
        }

        /** Whether a fault has replaced it. */
        boolean replaced() {
            return values.size() > 1;
        }

        void normal(T value) {
            values.set(0, value);
        }

        /** Gives what undoes it. */
        Runnable replace(T value) {
            values.add(value);
            return () -> removeLatest(value);
        }

        private void removeLatest(T value) {
            for (int i = values.size() - 1; i > 0; i--) {
                if (values.get(i) == value) {
                    values.remove(i);
                    return;
                }
            }
        }
    }

    /** Bytes a second; anything large is as good as no limit. */
    static final long UNLIMITED = Long.MAX_VALUE;

    /** How many bytes wait for a limited bandwidth; what comes then is dropped, as routers do. */
    static final int QUEUE = 128 * 1024;

    /** What {@link #departure} gives if the queue is full. */
    static final long DROPPED = -1;

    final Host from;
    final Host to;
    final Setting<Latency> latency;
    final Setting<Double> loss = new Setting<>(0.0);
    final Setting<Long> bandwidth = new Setting<>(UNLIMITED);
    final ArrayDeque<Segment> held = new ArrayDeque<>();
    int holds;
    boolean used; // by anybody yet
    int cutsSoFar; // who set out before the latest one is lost
    private final List<Fault.Kind> cuts = new ArrayList<>();
    private long busyUntil;

    Route(Host from, Host to, Latency normal) {
        this.from = from;
        this.to = to;
        this.latency = new Setting<>(normal);
    }

    /** Nothing gets through, and what is on its way is lost. Gives what undoes it. */
    Runnable cut(Fault.Kind kind) {
        cuts.add(kind);
        cutsSoFar++;
        return () -> cuts.remove(kind);
    }

    /** By what it is cut; null if it is not. */
    Fault.@Nullable Kind cutBy() {
        return cuts.isEmpty() ? null : cuts.getLast();
    }

    /** When a segment that is sent now has left, at the bandwidth that there is. */
    long departure(long now, int bytes) {
        long perSecond = bandwidth.value();
        if (perSecond == UNLIMITED) {
            return now;
        }
        double waiting = (double) Math.max(0, busyUntil - now) * perSecond / 1e9;
        if (waiting + bytes > QUEUE) {
            return DROPPED;
        }
        busyUntil = Math.max(now, busyUntil) + Math.ceilDiv(bytes * 1_000_000_000L, perSecond);
        return busyUntil;
    }
}
