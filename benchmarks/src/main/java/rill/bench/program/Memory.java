package rill.bench.program;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;

/** What this process has allocated, and how much of it is alive. Separate from {@link Control}, so that it is loaded only on request. */
final class Memory {
    private static final int COLLECTIONS = 3; // finalizers and cleaners take more than one

    private Memory() {}

    /** Returns the bytes of heap that all threads have allocated so far, including the current one. */
    static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /** Returns the live bytes on the heap after collections, and the bytes of direct memory. */
    static String live() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return "heap=" + heap() + " direct=" + Math.max(pooled(), netty());
    }

    /** Returns the live bytes on the heap after collections. */
    static long liveHeap() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return heap();
    }

    /** The usage right after the last collection: since then threads have received allocation buffers, which count as used. */
    private static long heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .mapToLong(pool -> pool.getCollectionUsage().getUsed())
                .sum();
    }

    private static long pooled() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    /** Netty's buffers keep their own account of memory that the JDK's pool does not see. */
    private static long netty() {
        try {
            return Math.max(0, io.netty.util.internal.PlatformDependent.usedDirectMemory());
        } catch (LinkageError absent) {
            return 0; // a server without Netty
        }
    }
}
