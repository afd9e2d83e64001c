package rill.system;

import java.lang.management.ManagementFactory;

/**
 * How much memory the JVM allows for direct buffers, according to its arguments. Reading them takes tens of milliseconds, so this happens only on
 * first use.
 */
final class DirectLimit {
    private static final String FLAG = "-XX:MaxDirectMemorySize=";

    static final long BYTES = find();

    private DirectLimit() {}

    private static long find() {
        long limit = 0;
        try {
            for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
                if (argument.startsWith(FLAG)) {
                    limit = bytes(argument.substring(FLAG.length()));
                }
            }
        } catch (LinkageError | RuntimeException e) {
            limit = 0; // a JVM without the module java.management, or a number in another format
        }
        return limit > 0 ? limit : Runtime.getRuntime().maxMemory(); // as the JVM does
    }

    /** Parses a size as the JVM does: {@code 64m}. */
    static long bytes(String argument) {
        int end = argument.length() - 1;
        int shift = switch (Character.toLowerCase(argument.charAt(end))) {
            case 'k' -> 10;
            case 'm' -> 20;
            case 'g' -> 30;
            case 't' -> 40;
            default -> 0;
        };
        return Long.decode(shift == 0 ? argument : argument.substring(0, end)) << shift;
    }
}
