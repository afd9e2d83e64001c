package rill.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import java.util.Timer;
import java.util.stream.Stream;

/** The rules for code that is a function of its bytes, wherever it is: what it may depend on, and what it must not use. */
public final class PureCode {
    private PureCode() {}

    /** Buffers, the types that a codec is made of, plain parts of the JDK, and these packages. */
    public static String[] and(String... packages) {
        return Stream.concat(
                        Stream.of(
                                "rill",
                                "java.lang..",
                                "java.io",
                                "java.nio",
                                "java.nio.charset",
                                "java.util",
                                "java.util.function",
                                "java.util.stream",
                                "io.netty.buffer",
                                "io.netty.util",
                                "org.jspecify.annotations"),
                        Stream.of(packages))
                .toArray(String[]::new);
    }

    /** Time and randomness must come from elsewhere. */
    public static ArchRule readsNoClockAndStartsNoThread() {
        return noClasses()
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, Random.class, Timer.class);
    }
}
