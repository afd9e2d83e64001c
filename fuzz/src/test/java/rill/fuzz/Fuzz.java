package rill.fuzz;

/** The entry points that Jazzer calls, with the name of a target as the argument. */
public final class Fuzz {
    private static Target target = Targets.all().getFirst();

    private Fuzz() {}

    /** Runs before the first input. */
    public static void fuzzerInitialize(String[] arguments) {
        target = Targets.named(arguments[0]);
    }

    /** Called with each input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        target.checkBesideAgent(bytes);
    }
}
