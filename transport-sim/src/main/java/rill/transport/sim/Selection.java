package rill.transport.sim;

import java.util.List;
import java.util.Set;
import rill.transport.sim.Trace.Kind;

/**
 * The part of a run to show.
 *
 * @param from nanoseconds since the start of the simulation
 * @param to the last of them
 * @param hosts numbers; all if empty
 * @param connections numbers; all if empty
 * @param timers whether they are shown
 */
record Selection(long from, long to, Set<Integer> hosts, Set<Integer> connections, boolean timers) {
    static final Selection ALL = new Selection(0, Long.MAX_VALUE, Set.of(), Set.of(), true);

    boolean isAll() {
        return equals(ALL);
    }

    boolean includes(Trace.Entry entry) {
        return entry.time() >= from && entry.time() <= to && matches(entry);
    }

    /** Returns whether an entry is of a selected kind, at any time. */
    boolean matches(Trace.Entry entry) {
        return switch (entry.kind()) {
            case NOTE, FAILED, FAULT, HEALED -> true;
            case TIMER -> timers && connections.isEmpty() && ofHost(entry);
            default ->
                ofHost(entry)
                        && (connections.isEmpty()
                                || entry.kind() == Kind.HOST
                                || connections.contains(entry.connection()));
        };
    }

    private boolean ofHost(Trace.Entry entry) {
        return hosts.isEmpty() || hosts.contains(entry.host()) || hosts.contains(entry.other());
    }

    /** Returns the numbers of the hosts that have a column: the selected ones, or those of the selected connections. */
    List<Integer> columns(List<Trace.Entry> entries, int count) {
        return java.util.stream.IntStream.range(0, count)
                .filter(host -> hosts.isEmpty()
                        ? connections.isEmpty()
                                || entries.stream()
                                        .anyMatch(each -> connections.contains(each.connection())
                                                && (each.host() == host || each.other() == host))
                        : hosts.contains(host))
                .boxed()
                .toList();
    }

    /** Returns whether a fault is of interest: it strikes a host with a column, or none in particular. */
    static boolean concerns(Fault fault, List<String> shown) {
        return fault.hosts().isEmpty() || fault.hosts().stream().anyMatch(shown::contains);
    }
}
