package rill.fuzz;

import rill.testkit.CodecHarness;

/** What Jazzer calls, with the name of a target as argument. */
public final class Fuzz {
    private static Target target = Targets.all().getFirst();

    private Fuzz() {}

    /** Before the first input: what loading classes costs is no memory of a decoder. */
    public static void fuzzerInitialize(String[] arguments) {
        target = Targets.named(arguments[0]);
        for (byte[] each : Corpus.of(target)) {
            CodecHarness.decodeAtRandom(target.codec(), target.whole(each), 1);
        }
    }

    /** Each input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        target.check(bytes);
    }
}
