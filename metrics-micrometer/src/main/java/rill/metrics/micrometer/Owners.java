package rill.metrics.micrometer;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which loop or pool each meter of one registry shows, so that one in use does not vanish from it without a word. Keeps neither of them alive, nor the
 * registry.
 *
 * <p><b>Threading:</b> any thread that holds the {@link #LOCK}.
 */
final class Owners {
    /** Held while meters are registered and removed: two that bind the same names at once would both believe that the meters are theirs. */
    static final Object LOCK = new Object();

    private static final Map<MeterRegistry, Owners> ALL = new WeakHashMap<>();

    private final Map<Meter, Owner<?>> owners = new WeakHashMap<>(); // meters are equal if their names and tags are

    private record Owner<T>(WeakReference<T> source, Predicate<? super T> inUse) {
        boolean isInUse() {
            T there = source.get();
            return there != null && inUse.test(there);
        }
    }

    static Owners of(MeterRegistry registry) {
        return ALL.computeIfAbsent(registry, any -> new Owners());
    }

    /** Notes whose meter it is. */
    <T> void add(Meter meter, T source, Predicate<? super T> inUse) {
        owners.put(meter, new Owner<>(new WeakReference<>(source), inUse));
    }

    /** The meter has left the registry. Returns what somebody still in use has lost by that, in words; null if nobody has. */
    @Nullable
    String remove(Meter meter, Object successor) {
        Owner<?> owner = owners.remove(meter);
        if (owner == null) {
            return meter.getId() + " was somebody else's";
        }
        return owner.isInUse() && owner.source().get() != successor
                ? meter.getId() + " showed one that is still in use"
                : null;
    }

    /** The meter has left the registry, since it is not wanted any more. */
    void remove(Meter meter) {
        owners.remove(meter);
    }
}
