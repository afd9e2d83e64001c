package rill;

import java.util.ArrayList;
import java.util.List;

/** Answers questions about stacks: whose code runs, and which frames matter. */
final class StackTraces {
    private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");
    private static final List<String> OURS = List.of("rill.spi.", "rill.transport.", "rill.codec.", "io.netty.");
    private static final String PACKAGE = "rill.";
    private static final int MOST_OF_USER = 6;
    private static final int MOST_IN_ALL = 10;

    private StackTraces() {}

    /** Whether what runs there is, right now, the JVM's loading, linking or initializing of classes, above the frames of {@code loop}. */
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

    /** A few lines that tell the most: the frames of those who use Rill, and the innermost ones. */
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

    /** Whether this class belongs to those who use Rill: neither to the JDK nor to Rill and what it stands on. */
    static boolean ofUser(StackTraceElement frame) {
        return !ofJdk(frame) && !ofRill(frame);
    }

    static boolean ofJdk(StackTraceElement frame) {
        return JDK.stream().anyMatch(frame.getClassName()::startsWith);
    }

    /** Core, transports and codecs; not what merely has a package beside them. */
    static boolean ofRill(StackTraceElement frame) {
        String type = frame.getClassName();
        return OURS.stream().anyMatch(type::startsWith)
                || (type.startsWith(PACKAGE) && type.indexOf('.', PACKAGE.length()) < 0);
    }
}
