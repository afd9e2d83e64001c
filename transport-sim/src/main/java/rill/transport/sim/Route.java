package rill.transport.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

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

    final Host from;
    final Host to;
    final Setting<Latency> latency;
    final Setting<Double> loss = new Setting<>(0.0);
    final Setting<Long> bandwidth = new Setting<>(UNLIMITED);
    int cuts;
    int holds;
    final ArrayDeque<Segment> held = new ArrayDeque<>();
    private long busyUntil;

    Route(Host from, Host to, Latency normal) {
        this.from = from;
        this.to = to;
        this.latency = new Setting<>(normal);
    }

    /** When a segment that is sent now has left, at the bandwidth that there is. */
    long departure(long now, int bytes) {
        long perSecond = bandwidth.value();
        if (perSecond == UNLIMITED) {
            return now;
        }
        busyUntil = Math.max(now, busyUntil) + Math.ceilDiv(bytes * 1_000_000_000L, perSecond);
        return busyUntil;
    }
}
