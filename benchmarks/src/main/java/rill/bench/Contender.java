package rill.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program that is measured.
 *
 * @param name short, for tables
 * @param title what it is and how it is set up
 * @param ours whether it is Rill
 * @param program the name of its class, or null for one of our own in C. A name, so that nothing of it is loaded here
 * @param options what the class is told; which of them for one in C, by the name that {@link Tools.Program} has for it
 * @param jvm flags of its JVM, besides those that all have
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
    /** The same with one more flag of its JVM. */
    Contender with(String flag) {
        List<String> more = new ArrayList<>(jvm);
        more.add(flag);
        return new Contender(name, title, ours, program, options, List.copyOf(more), jars);
    }
}
