package rill.transport.sim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The conditions that have to hold: always, eventually, or in at least one run. They are checked before each step. */
final class Properties {
    /** {@code of} is the host whose boot declared it, or null for the scenario. */
    private record Property(
            String name,
            BooleanSupplier condition,
            long deadline,
            @Nullable Host of) {}

    private final Agenda agenda;
    private final Verdict verdict;
    private final List<Property> always = new ArrayList<>();
    private final List<Property> eventually = new ArrayList<>();
    private final List<Property> sometimes = new ArrayList<>();
    private final Map<String, Boolean> reached = new LinkedHashMap<>();
    private @Nullable Host host; // whose boot runs at present

    Properties(Agenda agenda, Verdict verdict) {
        this.agenda = agenda;
        this.verdict = verdict;
    }

    /** Runs a boot; conditions declared meanwhile apply to this life of the host. */
    void ofHost(Host booting, Runnable boot) {
        Host outer = host;
        host = booting;
        try {
            boot.run();
        } finally {
            host = outer;
        }
    }

    /** Returns whether a boot is running. */
    boolean booting() {
        return host != null;
    }

    /** Drops the conditions of a host that is dead, because the state of its objects no longer means anything. */
    void ended(Host dead) {
        always.removeIf(each -> each.of == dead);
        eventually.removeIf(each -> each.of == dead);
        sometimes.removeIf(each -> each.of == dead);
    }

    void always(String name, BooleanSupplier condition) {
        always.add(new Property(name, condition, 0, host));
    }

    void eventually(long within, String name, BooleanSupplier condition) {
        var property = new Property(name, condition, agenda.after(within), host);
        eventually.add(property);
        agenda.fault(property.deadline + 1, this::check); // in case nothing else happens then
    }

    void sometimes(String name, BooleanSupplier condition) {
        reached.putIfAbsent(name, false);
        sometimes.add(new Property(name, condition, 0, host));
    }

    /** Returns, by name, whether it has held. */
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
                        "what was to hold by " + Simulation.inSeconds(each.deadline) + " does not: " + each.name,
                        null);
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

    /** Ends the run: what has not held so far never will. */
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
