package rill.transport.sim;

import java.net.URL;
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
        return !foreign && !core && !isOfTheSimulation(type);
    }

    /** Returns whether a class is of this package, and from where this class is from: a test of this package may be a scenario. */
    private static boolean isOfTheSimulation(String type) {
        String here = Manner.class.getPackageName() + '.';
        if (!type.startsWith(here) || type.indexOf('.', here.length()) >= 0) {
            return false;
        }
        int inner = type.indexOf('$');
        return folderOf(inner < 0 ? type : type.substring(0, inner)).equals(folderOf(Manner.class.getName()));
    }

    private static String folderOf(String type) {
        String file = type.substring(type.lastIndexOf('.') + 1) + ".class";
        URL at = Manner.class.getResource(file);
        return at == null ? "" : at.toString().replace(file, "");
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
        // Waiting in vain and waiting for too long may happen at the same line, and are not the same.
        String which = frames.length > 0 && isOfTheSimulation(frames[0].getClassName()) ? " of " + frames[0] : "";
        return new Manner(thrown.getClass().getName() + which, where);
    }
}
