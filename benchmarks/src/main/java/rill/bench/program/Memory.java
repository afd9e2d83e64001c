package rill.bench.program;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;

/** What this process has allocated, and what of it is alive. Separate from {@link Control}, so that it is loaded only when asked. */
final class Memory {
    private static final int COLLECTIONS = 3; // finalizers and cleaners take more than one

    private Memory() {}

    /** The bytes of heap allocated by all threads so far, including the current one. */
    static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /** The bytes alive on the heap and in direct memory, after collections. */
    static String live() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return "heap=" + heap() + " direct=" + Math.max(pooled(), netty());
    }

    /** The bytes alive on the heap, after collections. */
    static long liveHeap() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return heap();
    }

    /** The heap as it was right after the last collection: since then threads have been given room to allocate in, which counts as used. */
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

    /** Netty counts its own buffers, whose memory the JDK's pool does not see. */
    private static long netty() {
        try {
            return Math.max(0, io.netty.util.internal.PlatformDependent.usedDirectMemory());
        } catch (LinkageError absent) {
            return 0; // a server that does not use Netty
        }
    }
}
