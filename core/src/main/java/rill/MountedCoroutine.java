package rill;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A virtual thread whose scheduler is this object: its continuation runs on the loop's thread, when the loop calls for it.
 *
 * <p>Whenever the virtual thread can continue, the JDK hands over its continuation, by {@link #execute}. When the body awaits, it yields; the
 * continuation is handed over at once and is kept until {@link #resume()} runs it. Unparking or interrupting the thread meanwhile changes nothing.
 * When the body blocks in something else, such as a sleep or a monitor, the loop's thread waits here until the body can continue: blocking blocks the
 * loop. If the body starts another virtual thread, that thread inherits the scheduler; an ordinary pool runs its continuations.
 */
final class MountedCoroutine implements Coroutine, Executor {
    static final @Nullable Constructor<?>
            BUILDER; // null if not available; native images find it in reachability-metadata.json
    private static final @Nullable String UNAVAILABLE;

    static {
        Constructor<?> builder = null;
        String reason = null;
        try {
            builder = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            builder.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            reason = "this JDK (" + Runtime.version() + ") has no virtual threads with a scheduler of one's own: " + e;
        } catch (RuntimeException e) { // InaccessibleObjectException
            reason = "java.lang is not open to Rill; add --add-opens java.base/java.lang="
                    + (MountedCoroutine.class.getModule().isNamed() ? "rill.core" : "ALL-UNNAMED");
        }
        BUILDER = reason == null ? builder : null;
        UNAVAILABLE = reason;
    }

    private final BareLoop loop;
    private final Thread thread;
    private final Runnable body;
    private boolean started;

    private volatile @Nullable Runnable own; // the continuation of this thread
    private volatile boolean runnable; // it was handed over and has not been run since
    private volatile boolean suspended; // the body has yielded, to wait for resume()
    private volatile boolean ended;
    private volatile @Nullable Thread waiting; // the loop's thread, while the body blocks it

    MountedCoroutine(BareLoop loop, String name, Runnable body) {
        this.loop = loop;
        this.body = body;
        this.thread = newThread(this).name(name).unstarted(this::runBody);
    }

    private static Thread.Builder.OfVirtual newThread(Executor scheduler) {
        try {
            if (BUILDER == null) {
                throw new IllegalStateException(UNAVAILABLE);
            }
            return (Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the mounted engine does not work on " + Runtime.version(), e);
        }
    }

    /** Why this engine can't be used, or null if it can. */
    static @Nullable String unavailable() {
        return UNAVAILABLE;
    }

    private void runBody() {
        try {
            body.run();
        } finally {
            ended = true;
        }
    }

    @Override
    public void resume() {
        if (started) {
            suspended = false;
        } else {
            started = true;
            Threads.startBody(thread, loop.driver() != null);
        }
        runUntilSuspended();
    }

    private void runUntilSuspended() {
        boolean interrupted = false;
        while (true) {
            Runnable continuation = own;
            if (runnable && continuation != null) {
                runnable = false;
                interrupted |= Thread.interrupted(); // mounting would lose it
                continuation.run();
            }
            if (ended || suspended) {
                break;
            }
            waiting = Thread.currentThread();
            try {
                interrupted |= awaitRunnable();
            } finally {
                waiting = null;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits while the body blocks. Returns whether the loop's thread was interrupted. */
    private boolean awaitRunnable() {
        BlockWatch watch = BlockWatch.of(loop, thread);
        boolean interrupted = false;
        while (!runnable) {
            if (watch == null) {
                LockSupport.park(this);
            } else if (watch.blocks()) {
                watch.tell();
            } else {
                LockSupport.parkNanos(this, BlockWatch.PERIOD_NANOS);
            }
            interrupted |= Thread.interrupted(); // otherwise park would return at once, again and again
        }
        return interrupted;
    }

    /**
     * Suspends by a yield, which returns at once only if the thread can't leave its carrier. A park would then hold the carrier, which is the loop's
     * thread, for ever.
     */
    @Override
    @SuppressWarnings("ThreadPriorityCheck") // the scheduler it yields to is this object
    public boolean suspend() {
        suspended = true;
        boolean pinned;
        try {
            Thread.yield();
        } finally {
            pinned = suspended;
            suspended = false;
        }
        return !pinned;
    }

    /** Called by the JDK, on any thread: a virtual thread whose scheduler this is may continue. */
    @Override
    public void execute(Runnable continuation) {
        if (own == null) {
            own = continuation; // the first is always that of this thread's start
        }
        if (continuation != own) {
            OtherCarriers.POOL.execute(continuation);
            return;
        }
        runnable = true;
        LockSupport.unpark(waiting);
    }

    @Override
    public Thread thread() {
        return thread;
    }

    /** Platform threads that carry the virtual threads started by Task bodies. */
    private static final class OtherCarriers {
        static final ThreadPoolExecutor POOL = newPool();

        private static ThreadPoolExecutor newPool() {
            int size = Math.max(2, Runtime.getRuntime().availableProcessors());
            var pool = new ThreadPoolExecutor(
                    size,
                    size,
                    5,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    Threads.shared().name("rill-carrier-", 1).factory());
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }
}
