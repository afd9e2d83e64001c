package rill.transport.sim;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Something that can go wrong, made by {@link Faults}: a value that can be {@linkplain Simulation#inject injected} any number of times, in any
 * simulation that has its hosts.
 */
public sealed class Fault permits Swarm {
    /** The kinds of faults. */
    public enum Kind {
        /** See {@link Faults#cut}. */
        CUT("segments"),
        /** See {@link Faults#cutOneWay}. */
        CUT_ONE_WAY("segments"),
        /** See {@link Faults#hold}. */
        HOLD("segments"),
        /** See {@link Faults#latency}. */
        LATENCY("segments"),
        /** See {@link Faults#loss}. */
        LOSS("segments"),
        /** See {@link Faults#bandwidth}. */
        BANDWIDTH("segments"),
        /** See {@link Faults#reset}. */
        RESET("connections"),
        /** See {@link Faults#isolate}. */
        ISOLATE("segments"),
        /** See {@link Faults#partition(String...)}. */
        PARTITION("segments"),
        /** See {@link Faults#refuse}. */
        REFUSE("requests"),
        /** See {@link Faults#blackhole}. */
        BLACKHOLE("requests"),
        /** See {@link Faults#crash}. */
        CRASH("connections"),
        /** See {@link Faults#kill}. */
        KILL("connections"),
        /** See {@link Faults#pause}. */
        PAUSE("ticks"),
        /** See {@link Faults#slow}. */
        SLOW("ticks"),
        /** See {@link Faults#clockRate}. */
        CLOCK_RATE("loops"),
        /** See {@link Faults#wallClockJumps}. */
        WALL_CLOCK("loops"),
        /** See {@link Faults#nameFails}. */
        NAME_FAILS("lookups"),
        /** See {@link Faults#nameIsSlow}. */
        NAME_IS_SLOW("lookups"),
        /** See {@link Faults#swarm}. */
        SWARM("faults");

        final String hits; // what it hits

        Kind(String hits) {
            this.hits = hits;
        }
    }

    private final Kind kind;
    private final String description;
    private final List<String> hosts;
    private final Function<? super Injections, ? extends Runnable> effect;

    /** The effect returns what undoes it. */
    Fault(Kind kind, String description, List<String> hosts, Function<? super Injections, ? extends Runnable> effect) {
        this.kind = kind;
        this.description = description;
        this.hosts = List.copyOf(hosts);
        this.effect = effect;
    }

    /** Returns its kind. */
    public final Kind kind() {
        return kind;
    }

    /** Returns the hosts that it names, in order; none if it applies everywhere. */
    public final List<String> hosts() {
        return hosts;
    }

    Runnable apply(Injections simulation) {
        return Objects.requireNonNull(effect.apply(simulation));
    }

    @Override
    public String toString() {
        return description;
    }
}
