package rill;

import java.util.concurrent.Executors;

/**
 * The threads that Rill starts. None keeps anything of the thread that happened to start it: no inherited thread-locals, not its
 * group, and not its context class loader.
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
    static Thread driver(Loop loop, String name, boolean daemon, Runnable work) {
        Thread thread = platform().name(name).daemon(daemon).unstarted(work);
        thread.setContextClassLoader(loop.contextClassLoader());
        return thread;
    }

    /**
     * Starts the thread of a Task's body. The JDK itself keeps hold of a virtual thread until it ends, which after a loss of power it
     * never does: where there can be one, an executor of the thread's own keeps it, and is garbage with it.
     */
    @SuppressWarnings("resource") // it has one thread, and ends as that does
    static void startBody(Loop loop, Thread thread) {
        if (loop.environment().driver() == null) {
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
}
