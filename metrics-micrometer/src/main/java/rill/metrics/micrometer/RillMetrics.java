package rill.metrics.micrometer;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import rill.Loop;
import rill.LoopGroup;
import rill.Pool;

/**
 * The metrics of loops, groups and pools as Micrometer meters: {@link rill.LoopMetrics} with a tag {@code loop} for each, {@link rill.PoolMetrics}
 * with a tag {@code pool}. The guide to operating has a table of all names.
 *
 * <p>Meters are read when the registry is, and a snapshot costs the loop nothing. They keep nothing alive, and stay in the registry after their loop
 * or pool is closed, until {@link #close}. Of meters with the same name and tags, the registry shows the ones bound last. So a pool or loop may
 * replace an earlier one, before or after the earlier meters are closed; if the earlier one is still in use, or is no loop or pool, that is logged.
 * To show several side by side, give them different names, or other values of the same tags: some registries, such as those for Prometheus, accept
 * only one set of keys for a name.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class RillMetrics implements MeterBinder, AutoCloseable {
    private static final System.Logger LOG = System.getLogger("rill.metrics");

    private final Binding binding;
    private final Tags tags;
    private final List<Registered> registered = new ArrayList<>(); // guarded by itself

    /** Registers meters in a registry. */
    private interface Binding {
        void bind(MeterRegistry registry, Tags tags, Bound bound);
    }

    /**
     * What has been registered at once.
     *
     * @param losses the meters in use that were replaced, in words: at most one for each loop or pool
     */
    private record Bound(List<Meter> meters, List<String> losses) {}

    private record Registered(MeterRegistry registry, List<Meter> meters) {
        /** Removes the meters that are still registered. A registry removes by name, and so would remove a replacement instead. */
        void remove() {
            Set<Meter> there = Collections.newSetFromMap(new IdentityHashMap<>());
            there.addAll(registry.getMeters());
            meters.stream().filter(there::contains).forEach(this::remove);
        }

        private void remove(Meter meter) {
            registry.remove(meter);
            Owners.of(registry).remove(meter);
        }
    }

    private RillMetrics(Binding binding, Tags tags) {
        this.binding = binding;
        this.tags = tags;
    }

    /** The meters of a loop, tagged with its name. */
    public static RillMetrics of(Loop loop) {
        Objects.requireNonNull(loop, "loop");
        return new RillMetrics((registry, tags, bound) -> ofLoop(loop, registry, tags, bound), Tags.empty());
    }

    /** The meters of each loop of a group, tagged with its name. Their sum is that of the group. */
    public static RillMetrics of(LoopGroup group) {
        Objects.requireNonNull(group, "group");
        return new RillMetrics(
                (registry, tags, bound) -> group.loops().forEach(loop -> ofLoop(loop, registry, tags, bound)),
                Tags.empty());
    }

    /**
     * The meters of a pool.
     *
     * @param name the value of the tag {@code pool}, which distinguishes it from others
     */
    public static RillMetrics of(Pool<?, ?> pool, String name) {
        Objects.requireNonNull(pool, "pool");
        Tags named = Tags.of("pool", name);
        return new RillMetrics(
                (registry, tags, bound) -> bindAll(
                        Row.OF_POOLS, registry, pool, Pool::isOpen, each -> each.metrics(), tags.and(named), bound),
                Tags.empty());
    }

    private static void ofLoop(Loop loop, MeterRegistry registry, Tags tags, Bound bound) {
        Tags named = tags.and("loop", loop.name());
        bindAll(Row.OF_LOOPS, registry, loop, each -> !each.isClosed(), Loop::metrics, named, bound);
    }

    private static <T, M> void bindAll(
            List<Row<M>> rows,
            MeterRegistry registry,
            T source,
            Predicate<? super T> inUse,
            Function<? super T, M> snapshot,
            Tags tags,
            Bound bound) {
        Owners owners = Owners.of(registry);
        String loss = null;
        for (Row<M> row : rows) {
            Meter replaced = row.makeRoom(registry, tags);
            String lost = replaced == null ? null : owners.remove(replaced, source);
            loss = loss == null ? lost : loss;
            Meter meter = row.bindTo(registry, source, snapshot, tags);
            owners.add(meter, source, inUse);
            bound.meters().add(meter);
        }
        if (loss != null) {
            bound.losses().add(loss);
        }
    }

    /** Returns a copy with these additional tags. */
    public RillMetrics tags(Iterable<Tag> more) {
        return new RillMetrics(binding, tags.and(more));
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        var bound = new Bound(new ArrayList<>(), new ArrayList<>());
        synchronized (Owners.LOCK) {
            binding.bind(Objects.requireNonNull(registry, "registry"), tags, bound);
        }
        synchronized (registered) {
            registered.add(new Registered(registry, bound.meters()));
        }
        for (String loss : bound.losses()) {
            LOG.log(
                    Level.WARNING,
                    "a meter was replaced by another of the same name and tags, and its source is not shown any more: {0}; give them different names",
                    loss);
        }
    }

    /** Removes its meters from all registries they are in. Meters that have replaced them stay. */
    @Override
    public void close() {
        List<Registered> all;
        synchronized (registered) {
            all = List.copyOf(registered);
            registered.clear();
        }
        synchronized (Owners.LOCK) {
            all.forEach(Registered::remove);
        }
    }
}
