package rill.transport.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
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

    final Host from;
    final Host to;
    final Setting<Latency> latency;
    final Setting<Double> loss = new Setting<>(0.0);
    private final Setting<Long> bandwidth = new Setting<>(UNLIMITED);
    final ArrayDeque<Segment> held = new ArrayDeque<>();
    int holds;
    boolean used; // by anybody yet
    int cutsSoFar; // who set out before the latest one is lost
    private final List<Fault.Kind> cuts = new ArrayList<>();
    private final ArrayDeque<Segment> waiting = new ArrayDeque<>(); // for bandwidth: the first is leaving
    private int waitingBytes;
    private final Timer line; // when the first has left
    private final Consumer<? super Segment> leaves;

    /** With where a segment goes once there was bandwidth for it. */
    Route(Agenda agenda, Host from, Host to, Latency normal, Consumer<? super Segment> leaves) {
        this.line = new Timer(agenda, this::firstHasLeft);
        this.leaves = leaves;
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

    // ---- bandwidth

    /** Leaves at once, or when there is bandwidth; false if too much waits for that. */
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

    /** From now on no more than this. Gives what undoes it. */
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
