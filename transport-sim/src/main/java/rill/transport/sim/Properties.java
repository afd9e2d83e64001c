package rill.transport.sim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** What has to hold: always, in the end, or in some run at least. Asked before each step. */
final class Properties {
    private record Property(String name, BooleanSupplier condition, long deadline) {}

    private final Agenda agenda;
    private final Verdict verdict;
    private final List<Property> always = new ArrayList<>();
    private final List<Property> eventually = new ArrayList<>();
    private final List<Property> sometimes = new ArrayList<>();
    private final Map<String, Boolean> reached = new LinkedHashMap<>();

    Properties(Agenda agenda, Verdict verdict) {
        this.agenda = agenda;
        this.verdict = verdict;
    }

    void always(String name, BooleanSupplier condition) {
        always.add(new Property(name, condition, 0));
    }

    void eventually(long within, String name, BooleanSupplier condition) {
        var property = new Property(name, condition, agenda.after(within));
        eventually.add(property);
        agenda.fault(property.deadline + 1, this::check); // in case nothing else happens then
    }

    void sometimes(String name, BooleanSupplier condition) {
        reached.putIfAbsent(name, false);
        sometimes.add(new Property(name, condition, 0));
    }

    /** By name: whether it has held. */
    Map<String, Boolean> reached() {
        return reached;
    }

    void check() {
        for (int i = 0; i < always.size(); i++) {
            Property each = always.get(i);
            if (!holds(each)) {
                verdict.fail(each.name, "what is always to hold does not: " + each.name, null);
            }
        }
        for (int i = eventually.size() - 1; i >= 0; i--) {
            Property each = eventually.get(i);
            if (holds(each)) {
                eventually.remove(i);
            } else if (agenda.now() > each.deadline) {
                eventually.remove(i);
                verdict.fail(
                        each.name,
                        "what was to hold by " + Simulation.inSeconds(each.deadline) + " does not: " + each.name, null);
            }
        }
        for (int i = sometimes.size() - 1; i >= 0; i--) {
            Property each = sometimes.get(i);
            if (holds(each)) {
                sometimes.remove(i);
                reached.put(each.name, true);
            }
        }
    }

    private boolean holds(Property property) {
        try {
            return property.condition.getAsBoolean();
        } catch (Throwable thrown) {
            verdict.fail(property.name, "the condition of “" + property.name + "” threw " + thrown, thrown);
            return true;
        }
    }

    /** The run is over: what has not held so far never will. */
    void end() {
        check();
        for (Property each : eventually) {
            verdict.fail(
                    each.name,
                    "the run was over before this held, and before " + Simulation.inSeconds(each.deadline)
                            + ", by when it has to: " + each.name + "; let more time pass",
                    null);
        }
        always.clear();
        eventually.clear();
        sometimes.clear();
    }
}
