package rill.bridge.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.Promise;

/**
 * What one connection's handlers take for their event loop: what they give it runs on the loop of the connection and by its clock, within a call of the
 * session, which passes on what comes of it.
 *
 * <pre>
 *  given within a call ─────────────────────────────────▶ runs at its end
 *  given on the loop otherwise ──▶ the session is woken ─▶ runs in that call
 *  given by another thread ──▶ a Handle on the loop ──────┘
 *  given when the connection is gone ──▶ runs in a Handle: what handlers do then fails or is released, as in a closed channel of Netty's
 *  its Handle is discarded, since the loop closes ──▶ runs at once, likewise
 * </pre>
 *
 * <p>It can't be shut down.
 */
final class BridgeLoop extends AbstractScheduledEventExecutor implements EventLoop {
    private static final int ROUNDS = 100;

    private final @Nullable Loop owner = Loop.current(); // null in tests without one
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    private final Ticker ticker = new LoopTicker(owner);
    private Runnable wake = () -> {}; // the session, for a call
    private boolean called; // so that what it is given will be run
    private volatile boolean ended; // the connection is gone
    private volatile @Nullable Thread closer; // of the loop, which does what is left

    /** The loop's clock, from when this was made: Netty takes no readings below zero. In tests without a loop time stands still. */
    private static final class LoopTicker implements Ticker {
        private final @Nullable Loop loop;
        private final long origin;

        LoopTicker(@Nullable Loop loop) {
            this.loop = loop;
            this.origin = loop == null ? 0 : loop.nanoTime();
        }

        @Override
        public long nanoTime() {
            return loop == null ? 0 : loop.nanoTime() - origin;
        }

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("a handler must not block the loop");
        }
    }

    /**
     * Runs what is due, and what that brings about. A task that gives another for ever, be it without a delay, does not keep the loop: the rest runs
     * later.
     *
     * @param failed is told what tasks throw
     */
    void run(Consumer<? super Throwable> failed) {
        for (int round = 0; round < ROUNDS && isDue(); round++) {
            for (int left = tasks.size(); left > 0; left--) {
                run(tasks.remove(), failed);
            }
            long now = ticker.nanoTime();
            Runnable due = pollScheduledTask(now);
            for (int left = ROUNDS; due != null; due = --left > 0 ? pollScheduledTask(now) : null) {
                run(due, failed);
            }
        }
    }

    private static void run(Runnable task, Consumer<? super Throwable> failed) {
        try {
            task.run();
        } catch (Throwable t) {
            failed.accept(t);
        }
    }

    private boolean isDue() {
        return nanosUntilDue() == 0;
    }

    /** How long until something is due; negative if nothing is. */
    long nanosUntilDue() {
        return tasks.isEmpty() ? nextScheduledTaskNano() : 0;
    }

    /** How the session is woken, on the loop. */
    void onWake(Runnable wakes) {
        wake = wakes;
    }

    /** Something is to be seen to: by the call that goes on, or by one that is asked for. */
    void wake() {
        if (!called && !ended) {
            wake.run();
        }
    }

    /** The connection is gone: what is due runs, and what was scheduled for later does not. */
    void end(Consumer<? super Throwable> failed) {
        run(failed);
        ended = true;
        tasks.clear();
        cancelScheduledTasks();
    }

    boolean hasEnded() {
        return ended;
    }

    /** Whether handlers are called from here on. Gives whether they were before. */
    boolean called(boolean now) {
        boolean before = called;
        called = now;
        return before;
    }

    /** Tells the owner of the loop, if there is one, of what nobody else may look at. */
    void report(Throwable thrown) {
        if (owner != null) {
            owner.report("handlers of Netty", thrown);
        }
    }

    @Override
    public void execute(Runnable task) {
        if (inEventLoop() && !ended) {
            tasks.add(task);
            wake();
        } else {
            handOver(task);
        }
    }

    /** To a Handle on the loop; or back, if the loop closes before that runs: Netty has let go of what its tasks hold. */
    private void handOver(Runnable task) {
        if (owner == null) {
            throw new RejectedExecutionException(
                    "the handlers are on no loop, so no other thread can give them anything");
        }
        if (owner.closed()) {
            throw new RejectedExecutionException("the loop of the handlers is closed");
        }
        Promise<Runnable> given = owner.promise(this::lost);
        given.onDone((_, _) -> taken(task));
        given.complete(task);
    }

    private void taken(Runnable task) {
        if (ended) {
            runLate(task);
        } else {
            tasks.add(task);
            wake();
        }
    }

    /** The loop is closed, and this is the thread that closes it, or that has come too late. */
    private synchronized void lost(Runnable task) {
        closer = Thread.currentThread();
        try {
            if (ended) {
                runLate(task);
            } else {
                tasks.add(task); // the end is still to come
            }
        } finally {
            closer = null;
        }
    }

    /** The connection is gone: what it writes fails, and what it schedules again is cancelled. */
    private void runLate(Runnable task) {
        run(task, this::report);
        cancelScheduledTasks();
    }

    /** Netty asks it before anything is scheduled. */
    @Deprecated
    @Override
    protected void validateScheduled(long amount, TimeUnit unit) {
        if (ended) {
            throw new RejectedExecutionException("the connection is gone, and nothing is due any more");
        }
        if (inEventLoop()) {
            wake();
        }
    }

    // ---- as handlers see it

    @Override
    public Ticker ticker() {
        return ticker;
    }

    @Override
    public boolean inEventLoop(Thread thread) {
        return thread == Thread.currentThread() && (Loop.current() == owner || thread == closer);
    }

    @Override
    public @Nullable EventLoopGroup parent() {
        return null;
    }

    @Override
    public EventLoop next() {
        return this;
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return register(new DefaultChannelPromise(channel, this));
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        promise.channel().unsafe().register(this, promise);
        return promise;
    }

    @Deprecated
    @Override
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        channel.unsafe().register(this, promise);
        return promise;
    }

    @Override
    public boolean isShuttingDown() {
        return false;
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return false;
    }

    @Deprecated
    @Override
    public void shutdown() {
        throw notOurs();
    }

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        throw notOurs();
    }

    @Override
    public Future<?> terminationFuture() {
        throw notOurs();
    }

    private static UnsupportedOperationException notOurs() {
        return new UnsupportedOperationException("the loop of a Rill connection is not its handlers' to shut down");
    }
}
