package rill.metrics.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import rill.CallOutcome;
import rill.LoopMetrics;
import rill.LoopMetrics.Calls;
import rill.PoolMetrics;

/**
 * One meter: its name, and the number of a snapshot that it shows. The two lists are complete.
 *
 * @param <M> the snapshot
 * @param grows whether it is a counter; otherwise it is a gauge
 * @param outcome the value of its tag {@code outcome}, if it has one
 */
record Row<M>(
        String name,
        boolean grows,
        @Nullable String unit,
        @Nullable String outcome,
        String description,
        ToDoubleFunction<M> number) {
    private static final String BYTES = "bytes";
    private static final String SECONDS = "seconds";

    static final List<Row<LoopMetrics>> OF_LOOPS = List.of(
            counter(
                    "rill.loop.ticks",
                    "Ticks that have ended",
                    all -> all.work().ticks()),
            counter(
                    "rill.loop.sleeps",
                    "How often it had nothing to do and waited",
                    all -> all.work().sleeps()),
            counter(
                    "rill.loop.wakeups",
                    "How often another thread has ended that",
                    all -> all.work().wakeUps()),
            counter(
                    "rill.loop.handles",
                    "Handles that have run",
                    all -> all.work().handles()),
            counter(
                    "rill.loop.tasks.begun",
                    "Tasks that have begun",
                    all -> all.work().tasksBegun()),
            gauge(
                    "rill.loop.tasks",
                    "Tasks that have begun and are not done",
                    all -> all.work().tasks()),
            time(
                    true,
                    "rill.loop.busy",
                    "How long its ticks have taken",
                    all -> all.work().busy()),
            time(
                    false,
                    "rill.loop.tick.longest",
                    "The longest that a tick was busy, of late",
                    all -> all.work().longestTickLately()),
            counter(
                    "rill.loop.timers.run",
                    "Timers that have run",
                    all -> all.timers().run()),
            gauge(
                    "rill.loop.timers.pending",
                    "Timers that are not due yet",
                    all -> all.timers().pending()),
            time(
                    true,
                    "rill.loop.timers.lag",
                    "How late they were, in all",
                    all -> all.timers().lag()),
            time(
                    false,
                    "rill.loop.timers.lag.longest",
                    "The latest that a timer was, of late",
                    all -> all.timers().longestLagLately()),
            gauge(
                    "rill.connections.open",
                    "Connections that are open",
                    all -> all.connections().open()),
            counter(
                    "rill.connections.opened",
                    "Connections that were opened",
                    all -> all.connections().opened()),
            counter(
                    "rill.connections.accepted",
                    "Of those, how many came in",
                    all -> all.connections().accepted()),
            counter(
                    "rill.connections.closed",
                    "Connections that are gone",
                    all -> all.connections().closed()),
            counter(
                    "rill.connections.failed",
                    "Of those, how many had failed",
                    all -> all.connections().failed()),
            counter(
                    "rill.connections.refused",
                    "Connections that came in and could not be opened",
                    all -> all.connections().refused()),
            counter(
                    "rill.accepts.failed",
                    "How often the system has refused to accept",
                    all -> all.connections().acceptsFailed()),
            counter(
                    "rill.connects.failed",
                    "Connects that have failed",
                    all -> all.connections().connectsFailed()),
            bytes(
                    true,
                    "rill.bytes.received",
                    "Bytes that have come",
                    all -> all.traffic().bytesReceived()),
            bytes(
                    true,
                    "rill.bytes.sent",
                    "Bytes that have left",
                    all -> all.traffic().bytesSent()),
            bytes(
                    false,
                    "rill.bytes.pending",
                    "Bytes that were accepted and have not left",
                    all -> all.traffic().pendingBytes()),
            counter(
                    "rill.messages.received",
                    "Messages decoded",
                    all -> all.traffic().messagesReceived()),
            counter(
                    "rill.messages.sent",
                    "Messages encoded",
                    all -> all.traffic().messagesSent()),
            counter(
                    "rill.reads",
                    "How often the system was asked for bytes",
                    all -> all.traffic().reads()),
            counter(
                    "rill.writes",
                    "How often the system was given bytes",
                    all -> all.traffic().writes()),
            counter(
                    "rill.calls.made",
                    "Calls that have come to a connection",
                    all -> all.calls().made()),
            ended(CallOutcome.ANSWERED, Calls::answered),
            ended(CallOutcome.SENT, Calls::sent),
            ended(CallOutcome.CANCELLED, Calls::cancelled),
            ended(CallOutcome.LATE, Calls::late),
            ended(CallOutcome.NEVER_SENT, Calls::neverSent),
            ended(CallOutcome.PERHAPS_CARRIED_OUT, Calls::perhapsCarriedOut),
            ended(CallOutcome.REJECTED, Calls::rejected),
            counter(
                    "rill.calls.handed.back",
                    "Calls that went back to their pool",
                    all -> all.calls().handedBack()),
            counter(
                    "rill.calls.turned.away",
                    "Calls of other threads that have failed on their way",
                    all -> all.calls().turnedAway()),
            gauge(
                    "rill.calls.outstanding",
                    "Calls that somebody waits for",
                    all -> all.calls().outstanding()),
            gauge(
                    "rill.calls.tombstones",
                    "Calls that nobody waits for, and whose answer may still come",
                    all -> all.calls().tombstones()),
            bytes(
                    false,
                    "rill.buffers.held",
                    "Memory of buffers, kept ones included",
                    all -> all.memory().held()),
            bytes(
                    false,
                    "rill.buffers.used",
                    "Memory of buffers in use",
                    all -> all.memory().inUse()));

    static final List<Row<PoolMetrics>> OF_POOLS = List.of(
            gauge("rill.pool.connections", "Connections that take calls", PoolMetrics::connections),
            gauge("rill.pool.waiting", "Calls that wait for a connection", PoolMetrics::waiting),
            counter("rill.pool.connected", "Connections that have come to take calls", PoolMetrics::connected),
            counter("rill.pool.lost", "Of those, how many have failed", PoolMetrics::lost),
            counter("rill.pool.connects.failed", "Attempts to connect that have failed", PoolMetrics::connectsFailed),
            counter("rill.pool.calls.retried", "How often a call was tried again", PoolMetrics::retried),
            counter("rill.pool.calls.failed", "Calls that have failed on no connection", PoolMetrics::failed),
            counter("rill.pool.calls.cancelled", "Calls that were given up on no connection", PoolMetrics::cancelled));

    private static <M> Row<M> counter(String name, String description, ToLongFunction<M> number) {
        return new Row<>(name, true, null, null, description, number::applyAsLong);
    }

    private static <M> Row<M> gauge(String name, String description, ToLongFunction<M> number) {
        return new Row<>(name, false, null, null, description, number::applyAsLong);
    }

    private static <M> Row<M> bytes(boolean grows, String name, String description, ToLongFunction<M> number) {
        return new Row<>(name, grows, BYTES, null, description, number::applyAsLong);
    }

    private static <M> Row<M> time(boolean grows, String name, String description, Function<M, Duration> time) {
        double perSecond = TimeUnit.SECONDS.toNanos(1);
        return new Row<>(
                name, grows, SECONDS, null, description, all -> time.apply(all).toNanos() / perSecond);
    }

    private static Row<LoopMetrics> ended(CallOutcome outcome, ToLongFunction<Calls> number) {
        return new Row<>(
                "rill.calls.ended",
                true,
                null,
                outcome.name().toLowerCase(Locale.ROOT),
                "Calls that have ended so",
                all -> number.applyAsLong(all.calls()));
    }

    private Tags all(Tags tags) {
        return outcome == null ? tags : tags.and(Tag.of("outcome", outcome));
    }

    /**
     * Removes the meter that has its name and tags, if there is one, and returns it. Otherwise a registry would keep that one and never show this one.
     */
    @Nullable
    Meter makeRoom(MeterRegistry registry, Tags tags) {
        return registry.removeByPreFilterId(
                new Meter.Id(name, all(tags), unit, description, grows ? Meter.Type.COUNTER : Meter.Type.GAUGE));
    }

    /** Registers it. */
    <T> Meter bindTo(MeterRegistry registry, T source, Function<? super T, M> snapshot, Tags tags) {
        Tags all = all(tags);
        ToDoubleFunction<T> value = from -> number.applyAsDouble(snapshot.apply(from));
        return grows
                ? FunctionCounter.builder(name, source, value)
                        .tags(all)
                        .baseUnit(unit)
                        .description(description)
                        .register(registry)
                : Gauge.builder(name, source, value)
                        .tags(all)
                        .baseUnit(unit)
                        .description(description)
                        .register(registry);
    }
}
