package rill.testkit;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Memory outside of the heap, and the number of its blocks: direct buffers and, where the JVM keeps account of it
 * ({@code -XX:NativeMemoryTracking=summary}), all that Java code has allocated, such as by arenas of {@code java.lang.foreign}.
 */
record Native(long bytes, long blocks) {
    private static final String[] SIGNATURE = {"[Ljava.lang.String;"};

    /** The category that {@code Unsafe} and everything built on it allocates from, in KiB, and the number of allocations. */
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=(\\d+)KB.*?#(\\d+)", Pattern.DOTALL);

    private static boolean tracked = true; // until the JVM says that it isn't

    static synchronized Native now() {
        if (tracked) {
            Matcher other = OTHER.matcher(account());
            tracked = other.find();
            if (tracked) {
                return new Native(Long.parseLong(other.group(1)) * 1024, Long.parseLong(other.group(2)));
            }
        }
        return directBuffers();
    }

    private static String account() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmNativeMemory",
                            new Object[] {new String[] {"summary"}},
                            SIGNATURE);
        } catch (JMException | RuntimeException e) {
            return ""; // another JVM
        }
    }

    private static Native directBuffers() {
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            if (pool.getName().equals("direct")) {
                return new Native(pool.getMemoryUsed(), pool.getCount());
            }
        }
        return new Native(0, 0);
    }
}
