package rill.bench.program;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;

/** What this process has allocated, and what of it is alive. Apart from {@link Control}, so that it is loaded only when asked. */
final class Memory {
    private static final int COLLECTIONS = 3; // finalizers and cleaners take more than one

    private Memory() {}

    /** Bytes of heap allocated by all threads so far, this one's own included. */
    static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /** After collections: bytes that are alive on the heap, and of direct memory. */
    static String live() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return "heap=" + heap() + " direct=" + Math.max(pooled(), netty());
    }

    /** After collections: bytes that are alive on the heap. */
    static long liveHeap() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return heap();
    }

    /** As it was right after the last collection: since then threads have been given room to allocate in, which counts as used. */
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

    /** Netty's buffers keep their own account, for memory that the JDK's pool does not see. */
    private static long netty() {
        try {
            return Math.max(0, io.netty.util.internal.PlatformDependent.usedDirectMemory());
        } catch (LinkageError absent) {
            return 0; // a server that does without
        }
    }
}
