package rill.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A measured program.
 *
 * @param name a short name, for tables
 * @param title what it is and how it is set up
 * @param ours whether it is Rill
 * @param program the name of its class, or null for one of our C programs. Only a name, so that its class is not loaded here
 * @param options the arguments of its class; for a C program, its name in {@link Tools.Program}
 * @param jvm flags of its JVM, in addition to those of all contenders
 * @param jars the artifacts that it needs
 */
record Contender(
        String name,
        String title,
        boolean ours,
        @Nullable String program,
        List<String> options,
        List<String> jvm,
        List<String> jars) {
    /** Returns the same contender with one more flag of its JVM. */
    Contender with(String flag) {
        return with(List.of(flag));
    }

    /** Returns the same contender with more flags of its JVM. */
    Contender with(List<String> flags) {
        List<String> more = new ArrayList<>(jvm);
        more.addAll(flags);
        return new Contender(name, title, ours, program, options, List.copyOf(more), jars);
    }
}
