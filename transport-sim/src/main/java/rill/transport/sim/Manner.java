package rill.transport.sim;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * In what manner a run has failed, so that a smaller one can be told to fail in the same: the property that did not hold, or the class of what
 * was thrown and the line of the scenario from which. Messages tell nothing: they have times in them, and many failures share one.
 */
record Manner(String what, String where) {
    /** Of these it is not the line that matters, but whose fault it was. */
    private static boolean isOfTheScenario(StackTraceElement frame) {
        String type = frame.getClassName();
        boolean foreign = type.startsWith("java.")
                || type.startsWith("jdk.")
                || type.startsWith("org.assertj.")
                || type.startsWith("org.junit.")
                || type.startsWith("org.opentest4j.");
        boolean core = type.startsWith("rill.spi.") || (type.startsWith("rill.") && type.lastIndexOf('.') == 4);
        return !foreign && !core && !type.equals(Simulation.class.getName());
    }

    /**
     * Of a failure of the scenario, or one that the verdict has wrapped.
     *
     * @param property that did not hold, if that is it
     */
    static Manner of(Throwable failure, boolean ofVerdict, @Nullable String property) {
        if (ofVerdict && property != null) {
            return new Manner("property", property);
        }
        Throwable cause = failure.getCause();
        Throwable thrown = ofVerdict && cause != null ? cause : failure;
        StackTraceElement[] frames = thrown.getStackTrace();
        String where = Arrays.stream(frames)
                .filter(Manner::isOfTheScenario)
                .findFirst()
                .or(() -> Arrays.stream(frames).findFirst())
                .map(StackTraceElement::toString)
                .orElse("nowhere");
        return new Manner(thrown.getClass().getName(), where);
    }
}
