package rill;

import java.util.List;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Makes the threads that Rill starts. None inherits anything from the thread that happens to start it: neither thread-locals, nor its group, nor its
 * context class loader.
 */
final class Threads {
    private Threads() {}

    /** A thread for all loops, which may outlive the thread that starts it: a daemon, with the system's class loader. */
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

    /** A thread that drives a loop: its callbacks see the context class loader of the code that opened the loop. */
    static Thread driver(@Nullable ClassLoader ofOpener, String name, boolean daemon, Runnable work) {
        Thread thread = platform().name(name).daemon(daemon).unstarted(work);
        thread.setContextClassLoader(ofOpener);
        return thread;
    }

    /**
     * Starts the thread of a Task's body. The JDK itself keeps a virtual thread reachable until it ends. One that may never end, since a simulated
     * host can lose its power, is kept by a separate executor instead, and becomes garbage with it.
     */
    @SuppressWarnings("resource") // it has one thread, and ends with it
    static void startBody(Thread thread, boolean mayNeverEnd) {
        if (!mayNeverEnd) {
            thread.start();
        } else {
            Executors.newThreadPerTaskExecutor(itsOwn -> thread).execute(() -> {});
        }
    }

    /** The name of a thread in messages; virtual threads rarely have one of their own. */
    static String describe(Thread thread) {
        String kind = thread.isVirtual() ? "virtual thread " : "thread ";
        return kind + (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName());
    }

    /** Waits for the end of threads, whatever interrupts the wait. */
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
