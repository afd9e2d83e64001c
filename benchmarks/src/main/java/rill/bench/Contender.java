package rill.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program to be measured.
 *
 * @param name short, for tables
 * @param title what it is and how it is set up
 * @param ours whether it is Rill
 * @param program the name of its class, or null for one of our own in C. A name, so that none of it is loaded here
 * @param options arguments of the class; for a program in C, which one, by its name in {@link Tools.Program}
 * @param jvm flags of its JVM, besides those that all contenders have
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
    /** The same contender with one more JVM flag. */
    Contender with(String flag) {
        List<String> more = new ArrayList<>(jvm);
        more.add(flag);
        return new Contender(name, title, ours, program, options, List.copyOf(more), jars);
    }
}
