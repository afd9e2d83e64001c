package rill.fuzz;

import rill.testkit.CodecHarness;

/** The entry points that Jazzer calls, with the name of a target as the argument. */
public final class Fuzz {
    private static Target target = Targets.all().getFirst();

    private Fuzz() {}

    /** Runs before the first input: the cost of loading classes must not count as a decoder's memory. */
    public static void fuzzerInitialize(String[] arguments) {
        target = Targets.named(arguments[0]);
        for (byte[] each : Corpus.of(target)) {
            CodecHarness.decodeAtRandom(target.codec(), target.whole(each), 1);
        }
    }

    /** Called with each input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        target.check(bytes);
    }
}
