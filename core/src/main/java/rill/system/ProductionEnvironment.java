package rill.system;

import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import rill.Resolver;
import rill.spi.Clock;
import rill.spi.Environment;
import rill.spi.Memory;

/** Holder of the production environment, so that its threads and its random source are made on first use only. */
public final class ProductionEnvironment {
    private static final int IDLE_SECONDS = 5;

    /** A flood of handshakes, each with some computing to do, must not become a flood of threads. */
    private static final int MOST_THREADS = 64;

    /** The environment of all loops of this process. */
    public static final Environment INSTANCE = new Environment(
            Clock.system(), new SystemRandom(), Resolver.system(), blockingPool(), Memory.system(), null);

    private ProductionEnvironment() {}

    private static ThreadPoolExecutor blockingPool() {
        ThreadFactory threads = Thread.ofPlatform()
                .name("rill-blocking-", 1)
                .daemon()
                .group(topGroup()) // the first user may go long before the thread does: the thread keeps nothing of it
                .inheritInheritableThreadLocals(false)
                .factory();
        return new ThreadPoolExecutor(
                0,
                MOST_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ForIdleThreads(),
                threads,
                (work, pool) -> pool.getQueue().add(work));
    }

    /** Accepts work directly only if a thread is waiting for it; otherwise the pool makes another thread and, at its bound, adds the work here. */
    private static final class ForIdleThreads extends LinkedTransferQueue<Runnable> {
        @Override
        public boolean offer(Runnable work) {
            return tryTransfer(work);
        }

        @Override
        public boolean add(Runnable work) {
            return super.offer(work);
        }
    }

    private static ThreadGroup topGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        for (ThreadGroup above = group.getParent(); above != null; above = group.getParent()) {
            group = above;
        }
        return group;
    }
}
