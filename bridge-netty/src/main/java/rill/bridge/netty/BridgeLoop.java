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
 * The event loop that one connection's handlers see. Their tasks run on the connection's loop and by its clock, within a call of the session, which
 * sends and delivers the results.
 *
 * <pre>
 *  submitted within a call ─────────────────────────────────▶ runs at its end
 *  submitted on the loop otherwise ──▶ the session is woken ─▶ runs in that call
 *  submitted by another thread ──▶ a Handle on the loop ──────┘
 *  submitted when the connection is closed ──▶ runs in a Handle: its writes fail and its messages are released, as in a closed channel of Netty's
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
    private Runnable wake = () -> {}; // asks the session for a call
    private boolean called; // within a call, which will run what is submitted
    private volatile boolean ended; // the connection is closed
    private volatile @Nullable Thread closer; // the thread that closes the loop, and runs what is left

    /** The loop's clock, counted from the creation of this object: Netty accepts no negative time. In tests without a loop, time stands still. */
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
     * Runs what is due, and what follows from it. Tasks that submit further tasks for ever, even without a delay, do not block the loop: the rest
     * runs later.
     *
     * @param failed is called with the exceptions of tasks
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

    /** The time until something is due; negative if nothing is. */
    long nanosUntilDue() {
        return tasks.isEmpty() ? nextScheduledTaskNano() : 0;
    }

    /** Sets how the session is woken, on the loop. */
    void onWake(Runnable wakes) {
        wake = wakes;
    }

    /** There is something to do: for the call in progress, or for one that is asked for now. */
    void wake() {
        if (!called && !ended) {
            wake.run();
        }
    }

    /**
     * The connection is closed: due tasks run, and those scheduled for later are cancelled. Each submitted task runs, since only the task can release
     * what it holds; if tasks submit one another for ever, the next of them run in Handles.
     */
    void end(Consumer<? super Throwable> failed) {
        run(failed);
        ended = true;
        for (int left = tasks.size(); left > 0; left--) {
            run(tasks.remove(), failed);
        }
        cancelScheduledTasks();
    }

    boolean hasEnded() {
        return ended;
    }

    /** Sets whether a call is in progress. Returns the previous value. */
    boolean called(boolean now) {
        boolean before = called;
        called = now;
        return before;
    }

    /** Reports to the loop, if there is one, a failure that nothing else may see. */
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

    /**
     * Passes the task to a Handle on the loop. If the loop closes before that runs, the task comes back to {@link #lost}: only the task can still
     * release what it holds.
     */
    private void handOver(Runnable task) {
        if (owner == null) {
            throw new RejectedExecutionException(
                    "the handlers are on no loop, so no other thread can give them anything");
        }
        if (owner.isClosed()) {
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

    /** The loop is closed. The current thread is the one that closes it, or one that came too late. */
    private synchronized void lost(Runnable task) {
        closer = Thread.currentThread();
        try {
            if (ended) {
                runLate(task);
            } else {
                tasks.add(task); // the end of the connection is still to come
            }
        } finally {
            closer = null;
        }
    }

    /** The connection is closed: what the task writes fails, and what it schedules is cancelled. */
    private void runLate(Runnable task) {
        run(task, this::report);
        cancelScheduledTasks();
    }

    /** Netty calls this before it schedules anything. */
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

    // ---- the view of handlers

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
