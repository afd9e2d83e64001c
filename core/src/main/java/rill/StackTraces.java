package rill;

import java.util.ArrayList;
import java.util.List;

/** Classifies stack traces: whose code runs, and which frames matter. */
final class StackTraces {
    private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");
    private static final List<String> OURS = List.of(
            "rill.spi.", "rill.transport.", "rill.codec.", "rill.http.", "rill.bridge.", "rill.metrics.", "io.netty.");
    private static final String PACKAGE = "rill.";
    private static final int MOST_OF_USER = 6;
    private static final int MOST_IN_ALL = 10;

    private StackTraces() {}

    /** Whether the running code, above the frames of {@code loop}, is the JVM's loading, linking or initializing of classes. */
    static boolean loadsClasses(List<StackTraceElement> stack, Class<?> loop) {
        for (StackTraceElement frame : stack) {
            String type = frame.getClassName();
            if (type.equals(loop.getName())) {
                return false; // a program may well run a whole loop within an initializer
            }
            if (frame.getMethodName().equals("<clinit>")
                    || type.equals("java.lang.ClassLoader")
                    || type.startsWith("jdk.internal.loader.")
                    || type.equals("java.lang.invoke.MethodHandleNatives")) {
                return true;
            }
        }
        return false;
    }

    /** The few lines that tell the most: the frames of Rill's users, and the innermost ones. */
    static String shortened(List<StackTraceElement> stack) {
        var shown = new ArrayList<StackTraceElement>();
        stack.stream().filter(StackTraces::ofUser).limit(MOST_OF_USER).forEach(shown::add);
        int ofUser = shown.size();
        stack.stream()
                .filter(frame -> !shown.contains(frame))
                .limit(MOST_IN_ALL - ofUser)
                .forEach(shown::add);
        var text = new StringBuilder();
        for (int i = 0; i < shown.size(); i++) {
            text.append(i == ofUser && ofUser > 0 ? "\n  innermost:\n\tat " : "\n\tat ")
                    .append(shown.get(i));
        }
        return shown.size() == stack.size()
                ? text.toString()
                : text.append("\n\t… ")
                        .append(stack.size() - shown.size())
                        .append(" more frames")
                        .toString();
    }

    /** Whether this class belongs to users of Rill: neither to the JDK, nor to Rill, nor to what Rill is built on. */
    static boolean ofUser(StackTraceElement frame) {
        return !ofJdk(frame) && !ofRill(frame);
    }

    static boolean ofJdk(StackTraceElement frame) {
        return JDK.stream().anyMatch(frame.getClassName()::startsWith);
    }

    /** Whether this is one of Rill's libraries, or what they are built on, rather than code in a neighboring package. */
    static boolean ofRill(StackTraceElement frame) {
        String type = frame.getClassName();
        return OURS.stream().anyMatch(type::startsWith)
                || (type.startsWith(PACKAGE) && type.indexOf('.', PACKAGE.length()) < 0);
    }
}
