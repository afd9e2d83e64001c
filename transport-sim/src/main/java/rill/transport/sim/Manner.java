package rill.transport.sim;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The manner in which a run has failed, for telling whether a smaller one fails in the same: the property that did not hold, or the class of the
 * exception and the line of the scenario that caused it. Messages are not compared: they contain times, and many failures share one.
 */
record Manner(String what, String where) {
    /** Returns whether a frame is the scenario's. Of all others, the line does not matter, but who called them. */
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
     * Returns the manner of a failure of the scenario, or of one that the verdict has wrapped.
     *
     * @param property that did not hold, if that is the failure
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
