package rill.bench.program;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** What this process has allocated, and what of it is alive. Apart from {@link Control}, so that it is loaded only when asked. */
final class Memory {
    private static final int COLLECTIONS = 3; // finalizers and cleaners take more than one

    private Memory() {}

    /** Bytes of heap allocated by all threads so far, this one's own included. */
    static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /** After collections: bytes in use on the heap, and of direct memory. */
    static String live() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return "heap=" + heap + " direct=" + Math.max(pooled(), netty());
    }

    private static long pooled() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    /** Netty's buffers keep their own account, for memory that the JDK's pool does not see. */
    private static long netty() {
        try {
            return Math.max(0, io.netty.util.internal.PlatformDependent.usedDirectMemory());
        } catch (LinkageError absent) {
            return 0; // a server that does without
        }
    }
}
