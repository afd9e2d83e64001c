package rill.transport.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Trace.Kind;

/**
 * The part of a run that a {@link Picture} shows: of the selected events, those around the failure, or the last ones; the hosts with a column; and
 * the faults in force meanwhile.
 */
final class Scene {
    private static final int SHOWN = 160;
    private static final int AFTER_THE_FAILURE = 30;
    /** If events were selected, more are shown. */
    private static final int CHOSEN = 1_000;

    private static final Set<String> DOWN = Set.of("crashed", "killed", "paused");

    private final List<String> names;
    private final List<Trace.Entry> recorded;
    private final List<Integer> hosts;
    private final List<Strike> faults;
    private final List<Trace.Entry> all = new ArrayList<>(); // that were selected
    private final List<Trace.Entry> shown;
    private final int begin; // of those shown, among all

    Scene(List<String> names, List<Trace.Entry> recorded, List<Strike> strikes, Selection selection) {
        this.names = names;
        this.recorded = recorded;
        this.hosts = selection.columns(recorded, names.size());
        List<String> columns = hosts.stream().map(names::get).toList();
        List<Strike> concerning = strikes.stream()
                .filter(each -> Selection.concerns(each.fault(), columns))
                .toList();
        for (Trace.Entry each : recorded) {
            if (selection.includes(each) && worthShowing(each, concerning)) {
                all.add(each);
            }
        }
        int most = selection.isAll() ? SHOWN : CHOSEN;
        this.begin = begin(most);
        this.shown = all.subList(begin, Math.min(all.size(), begin + most));
        this.faults = concerning.stream().filter(this::inForce).toList();
    }

    /** Returns the first to show. The failure is included, if there is one, with more before it than after it. */
    private int begin(int most) {
        int last = Math.max(0, all.size() - most);
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).kind() == Kind.FAILED) {
                return Math.clamp(i + 1 + Math.min(AFTER_THE_FAILURE, most / 2) - most, 0, last);
            }
        }
        return last;
    }

    private static boolean worthShowing(Trace.Entry entry, List<Strike> strikes) {
        return switch (entry.kind()) {
            case TICK -> false;
            case SETTLED -> !Labels.mark(entry).isEmpty();
            case FAULT ->
                strikes.stream()
                        .anyMatch(each -> each.at().toNanos() == entry.time()
                                && each.fault().toString().equals(entry.what()));
            case HEALED ->
                strikes.stream().anyMatch(each -> each.fault().toString().equals(entry.what()));
            default -> true;
        };
    }

    private boolean inForce(Strike strike) {
        return !shown.isEmpty()
                && strike.at().toNanos() <= shown.getLast().time()
                && end(strike) >= shown.getFirst().time();
    }

    static long end(Strike strike) {
        return strike.at().plus(strike.lasting()).toNanos();
    }

    // ---- what is shown

    List<Trace.Entry> shown() {
        return shown;
    }

    /** Returns the numbers of the hosts with a column. */
    List<Integer> hosts() {
        return hosts;
    }

    String nameOf(int host) {
        return names.get(host);
    }

    /** Returns the faults that were in force, by when they began. */
    List<Strike> faults() {
        return faults;
    }

    /** Returns those of them that began before anything that is shown. */
    List<Strike> earlier() {
        return faults.stream().filter(each -> !begins(each)).toList();
    }

    private boolean begins(Strike strike) {
        return shown.stream()
                .anyMatch(each -> each.kind() == Kind.FAULT
                        && each.time() == strike.at().toNanos()
                        && each.what().equals(strike.fault().toString()));
    }

    /** Returns whether the host was down at the first of the events. */
    boolean downAtFirst(int host) {
        boolean down = false;
        Trace.@Nullable Entry first = shown.isEmpty() ? null : shown.getFirst();
        for (Trace.Entry each : recorded) {
            if (each == first) {
                break;
            }
            if (each.kind() == Kind.HOST && each.host() == host) {
                down = isDownAfter(each, down);
            }
        }
        return down;
    }

    static boolean isDownAfter(Trace.Entry entry, boolean before) {
        return DOWN.contains(entry.what())
                || (before && !entry.what().equals("started") && !entry.what().equals("resumed"));
    }

    /** Describes how much of the selection is shown. */
    String words() {
        if (shown.size() == all.size()) {
            return all.size() + " events";
        }
        return "events " + (begin + 1) + " to " + (begin + shown.size()) + " of " + all.size() + ", from "
                + Labels.time(all.getFirst().time()) + " to "
                + Labels.time(all.getLast().time());
    }
}
