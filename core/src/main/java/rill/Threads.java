package rill;

import java.util.List;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Makes the threads that Rill starts. None keeps anything of the thread that happens to start it: neither inherited thread-locals, nor its
 * group, nor its context class loader.
 */
final class Threads {
    private Threads() {}

    /** A thread for all loops, which may outlive whoever starts it: a daemon, with the system's class loader. */
    static Thread.Builder.OfPlatform shared() {
        return platform().daemon();
    }

    private static Thread.Builder.OfPlatform platform() {
        return Thread.ofPlatform().group(topGroup()).inheritInheritableThreadLocals(false);
    }

    private static ThreadGroup topGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        for (ThreadGroup above = group.getParent(); above != null; above = group.getParent()) {
            group = above;
        }
        return group;
    }

    /** A thread that drives a loop: callbacks that it runs see the class loader of whoever opened that. */
    static Thread driver(@Nullable ClassLoader ofOpener, String name, boolean daemon, Runnable work) {
        Thread thread = platform().name(name).daemon(daemon).unstarted(work);
        thread.setContextClassLoader(ofOpener);
        return thread;
    }

    /**
     * Starts the thread of a Task's body. The JDK itself keeps hold of a virtual thread until it ends. One that may never end, since there
     * can be a loss of power, is kept by an executor of its own instead, and is garbage with that.
     */
    @SuppressWarnings("resource") // it has one thread, and ends as that does
    static void startBody(Thread thread, boolean mayNeverEnd) {
        if (!mayNeverEnd) {
            thread.start();
        } else {
            Executors.newThreadPerTaskExecutor(itsOwn -> thread).execute(() -> {});
        }
    }

    /** What messages call it; virtual threads rarely have a name. */
    static String describe(Thread thread) {
        String kind = thread.isVirtual() ? "virtual thread " : "thread ";
        return kind + (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName());
    }

    /** Waits for the end of threads, whatever interrupts that. */
    static void join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
