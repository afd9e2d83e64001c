package rill.transport.sim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What has to hold: always, in the end, or in some run at least. Asked before each step. */
final class Properties {
    /** With whose boot has said it, or null if that was the scenario. */
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
    private @Nullable Host host; // whose boot it is at present

    Properties(Agenda agenda, Verdict verdict) {
        this.agenda = agenda;
        this.verdict = verdict;
    }

    /** What is said meanwhile holds for this life of the host. */
    void ofHost(Host booting, Runnable boot) {
        Host outer = host;
        host = booting;
        try {
            boot.run();
        } finally {
            host = outer;
        }
    }

    /** Whether it is a boot that acts. */
    boolean booting() {
        return host != null;
    }

    /** The host is dead, and what its objects had to look like has no meaning any more. */
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
