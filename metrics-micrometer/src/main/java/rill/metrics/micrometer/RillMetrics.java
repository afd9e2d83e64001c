package rill.metrics.micrometer;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import rill.Loop;
import rill.LoopGroup;
import rill.Pool;

/**
 * What loops, groups and pools count, as meters of Micrometer: {@link rill.LoopMetrics} with a tag {@code loop} for each, {@link rill.PoolMetrics} with a tag
 * {@code pool}. The guide to operating has a table of all names.
 *
 * <p>Meters are asked when the registry is read, and a snapshot costs the loop nothing. They keep nothing alive, and stay in the registry when what they are about is closed, until
 * {@link #close}. Of those that have one name and the same tags the registry shows what was bound last: so a pool or a loop may take the place of an
 * earlier one, before or after the meters of that are closed. Those that are to be seen side by side need names or tags of their own.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class RillMetrics implements MeterBinder, AutoCloseable {
    private final Binding binding;
    private final Tags tags;
    private final List<Registered> registered = new ArrayList<>(); // guarded by itself

    /** How the meters of something come into a registry. */
    private interface Binding {
        void bind(MeterRegistry registry, Tags tags, List<Meter> meters);
    }

    private record Registered(MeterRegistry registry, List<Meter> meters) {
        /** A registry removes by names, and so would take another's for it. */
        void remove() {
            Set<Meter> there = Collections.newSetFromMap(new IdentityHashMap<>());
            there.addAll(registry.getMeters());
            meters.stream().filter(there::contains).forEach(registry::remove);
        }
    }

    private RillMetrics(Binding binding, Tags tags) {
        this.binding = binding;
        this.tags = tags;
    }

    /** The meters of a loop, tagged with its name. */
    public static RillMetrics of(Loop loop) {
        Objects.requireNonNull(loop, "loop");
        return new RillMetrics((registry, tags, meters) -> ofLoop(loop, registry, tags, meters), Tags.empty());
    }

    /** The meters of each loop of a group, tagged with its name: their sum is the group's. */
    public static RillMetrics of(LoopGroup group) {
        Objects.requireNonNull(group, "group");
        return new RillMetrics(
                (registry, tags, meters) -> group.loops().forEach(loop -> ofLoop(loop, registry, tags, meters)),
                Tags.empty());
    }

    /**
     * The meters of a pool.
     *
     * @param name its tag {@code pool}, by which it is told from others
     */
    public static RillMetrics of(Pool<?, ?> pool, String name) {
        Objects.requireNonNull(pool, "pool");
        Tags named = Tags.of("pool", name);
        return new RillMetrics(
                (registry, tags, meters) ->
                        bindAll(Row.OF_POOLS, registry, pool, each -> each.metrics(), tags.and(named), meters),
                Tags.empty());
    }

    private static void ofLoop(Loop loop, MeterRegistry registry, Tags tags, List<Meter> meters) {
        bindAll(Row.OF_LOOPS, registry, loop, Loop::metrics, tags.and("loop", loop.name()), meters);
    }

    private static <T, M> void bindAll(
            List<Row<M>> rows,
            MeterRegistry registry,
            T source,
            Function<? super T, M> snapshot,
            Tags tags,
            List<Meter> meters) {
        rows.forEach(row -> meters.add(row.bindTo(registry, source, snapshot, tags)));
    }

    /** With these tags as well. */
    public RillMetrics tags(Iterable<Tag> more) {
        return new RillMetrics(binding, tags.and(more));
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        var meters = new ArrayList<Meter>();
        binding.bind(Objects.requireNonNull(registry, "registry"), tags, meters);
        synchronized (registered) {
            registered.add(new Registered(registry, meters));
        }
    }

    /** Takes its meters out of the registries that they are in; those that have taken their place stay. */
    @Override
    public void close() {
        List<Registered> all;
        synchronized (registered) {
            all = List.copyOf(registered);
            registered.clear();
        }
        all.forEach(Registered::remove);
    }
}
