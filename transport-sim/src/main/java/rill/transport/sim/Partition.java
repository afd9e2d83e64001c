package rill.transport.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A cut between some hosts and others, including hosts that are added meanwhile. */
final class Partition {
    private final Network network;
    private final Fault.Kind kind;
    private final Set<Host> side;
    private final @Nullable Set<Host> other;
    private final List<Runnable> undo = new ArrayList<>();

    /** With null for the other side, that is all hosts that are not on this one. */
    Partition(Network network, Fault.Kind kind, Set<Host> side, @Nullable Set<Host> other) {
        this.network = network;
        this.kind = kind;
        this.side = side;
        this.other = other;
    }

    /** Begins it, and returns what undoes it. */
    Runnable begin() {
        network.hosts().forEach(this::joined);
        network.partitions.add(this);
        return () -> {
            network.partitions.remove(this);
            undo.forEach(Runnable::run);
        };
    }

    /** Applies it to a host. */
    void joined(Host host) {
        if (!side.contains(host) && (other == null || other.contains(host))) {
            for (Host each : side) {
                undo.add(network.route(each, host).cut(kind));
                undo.add(network.route(host, each).cut(kind));
            }
        }
    }
}
