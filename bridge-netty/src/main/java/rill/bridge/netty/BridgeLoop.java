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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;

/**
 * What one connection's handlers take for their event loop: what they give it waits until it is {@linkplain #run run}, on the loop of the connection and by
 * its clock. It lives as long as its channel does, and can't be shut down.
 */
final class BridgeLoop extends AbstractScheduledEventExecutor implements EventLoop {
    private static final int ROUNDS = 100;

    private final @Nullable Loop owner = Loop.current(); // null in tests without one
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    private final Ticker ticker = new LoopTicker(owner);
    private boolean called; // so that what it is given will be run

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

    /** Nothing of it will run any more. */
    void drop() {
        tasks.clear();
        cancelScheduledTasks();
    }

    /** Whether handlers are called from here on. Gives whether they were before. */
    boolean called(boolean now) {
        boolean before = called;
        called = now;
        return before;
    }

    /** Whether handlers are being called: what they leave then is seen to. */
    boolean isCalled() {
        return called;
    }

    static IllegalStateException notCalled() {
        return new IllegalStateException(
                "handlers of a Rill connection work within the calls in which something has come, is written or"
                        + " is due: nothing would see to what they do outside of them, as in a callback of a Future");
    }

    /** Tells the owner of the loop, if there is one, of what nobody else may look at. */
    void report(Throwable thrown) {
        if (owner != null) {
            owner.report("handlers of Netty", thrown);
        }
    }

    private void requireCall() {
        if (!inEventLoop()) {
            throw new IllegalStateException(
                    "handlers of a Rill connection work on its loop, and on no thread of their own");
        }
        if (!called) {
            throw notCalled();
        }
    }

    @Override
    public void execute(Runnable task) {
        requireCall();
        tasks.add(task);
    }

    /** Netty asks it before anything is scheduled. */
    @Deprecated
    @Override
    protected void validateScheduled(long amount, TimeUnit unit) {
        requireCall();
    }

    // ---- as handlers see it

    @Override
    public Ticker ticker() {
        return ticker;
    }

    @Override
    public boolean inEventLoop(Thread thread) {
        return thread == Thread.currentThread() && Loop.current() == owner;
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
