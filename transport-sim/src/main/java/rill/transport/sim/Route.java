package rill.transport.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The route from one host to another, in one direction, and the faults on it. */
final class Route {
    /** A setting that faults replace for a while; the latest replacement counts. */
    static final class Setting<T> {
        private final List<T> values = new ArrayList<>();

        Setting(T normal) {
            values.add(normal);
        }

        T value() {
            return values.getLast();
        }

        /** Returns whether a fault has replaced it. */
        boolean replaced() {
            return values.size() > 1;
        }

        void normal(T value) {
            values.set(0, value);
        }

        /** Replaces it, and returns what undoes that. */
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

    /** In bytes a second; any large number is as good as no limit. */
    static final long UNLIMITED = Long.MAX_VALUE;

    /** How many bytes may wait for a limited bandwidth; beyond that, segments are dropped, as by routers. */
    static final int QUEUE = 128 * 1024;

    final Host from;
    final Host to;
    final Setting<Latency> latency;
    final Setting<Double> loss = new Setting<>(0.0);
    private final Setting<Long> bandwidth = new Setting<>(UNLIMITED);
    final ArrayDeque<Segment> held = new ArrayDeque<>();
    int holds;
    boolean used; // by anyone yet
    int cutsSoFar; // segments sent before the latest one are lost
    private final List<Fault.Kind> cuts = new ArrayList<>();
    private final ArrayDeque<Segment> waiting = new ArrayDeque<>(); // for bandwidth: the first is leaving
    private int waitingBytes;
    private final Timer line; // fires when the first has left
    private final Consumer<? super Segment> leaves;

    /** @param leaves where a segment goes once there is bandwidth for it */
    Route(Agenda agenda, Host from, Host to, Latency normal, Consumer<? super Segment> leaves) {
        this.line = new Timer(agenda, this::firstHasLeft);
        this.leaves = leaves;
        this.from = from;
        this.to = to;
        this.latency = new Setting<>(normal);
    }

    /** Lets nothing through, and loses segments in flight. Returns what undoes it. */
    Runnable cut(Fault.Kind kind) {
        cuts.add(kind);
        cutsSoFar++;
        return () -> cuts.remove(kind);
    }

    /** Returns the kind of fault that cuts it; null if it is not cut. */
    Fault.@Nullable Kind cutBy() {
        return cuts.isEmpty() ? null : cuts.getLast();
    }

    // ---- bandwidth

    /** Sends a segment at once, or when there is bandwidth. Returns false if too much is already waiting. */
    boolean leave(Segment segment) {
        if (bandwidth.value() == UNLIMITED) {
            leaves.accept(segment);
            return true;
        }
        if (waitingBytes + segment.bytesOnTheWay() > QUEUE) {
            return false;
        }
        waiting.add(segment);
        waitingBytes += segment.bytesOnTheWay();
        if (waiting.size() == 1) {
            firstIsLeaving();
        }
        return true;
    }

    boolean limited() {
        return bandwidth.replaced();
    }

    /** Limits the bandwidth from now on. Returns what undoes it. */
    Runnable limit(long bytesPerSecond) {
        Runnable undo = bandwidth.replace(bytesPerSecond);
        bandwidthChanged();
        return () -> {
            undo.run();
            bandwidthChanged();
        };
    }

    private void bandwidthChanged() {
        if (bandwidth.value() == UNLIMITED) {
            line.stop();
            waitingBytes = 0;
            for (Segment each = waiting.poll(); each != null; each = waiting.poll()) {
                leaves.accept(each);
            }
        } else if (!waiting.isEmpty()) {
            firstIsLeaving();
        }
    }

    private void firstIsLeaving() {
        line.start(Math.ceilDiv(waiting.element().bytesOnTheWay() * 1_000_000_000L, bandwidth.value()));
    }

    private void firstHasLeft() {
        Segment first = waiting.remove();
        waitingBytes -= first.bytesOnTheWay();
        if (!waiting.isEmpty()) {
            firstIsLeaving();
        }
        leaves.accept(first);
    }
}
