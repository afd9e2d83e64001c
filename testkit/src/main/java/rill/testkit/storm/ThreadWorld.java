package rill.testkit.storm;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import rill.Loop;
import rill.Promise;
import rill.spi.Transport;

/**
 * A world of threads, on a transport of the system. Each loop is driven in its own way: by its thread, by {@code run}, by ticks, by one thread that
 * awaits, or by several that take turns. Where a transport keeps its driver, the loop's thread drives it: otherwise it would be up to chance who the
 * driver is.
 *
 * <p>Threads mostly wait for one another, so worlds run in parallel where each can have its own loopback address. At a shared address, a port that
 * one world has given up would soon be reused by another, and a connect that should be refused would succeed.
 */
final class ThreadWorld implements World {
    private static final int PLATFORM_THREAD = 4;
    private static final int VIRTUAL_THREAD = 5;
    private static final boolean MANY_LOOPBACK_ADDRESSES =
            System.getProperty("os.name").startsWith("Linux");
    private static final AtomicLong MADE =
            new AtomicLong(ProcessHandle.current().pid() * 997);
    private static final long LONGEST_PASS = TimeUnit.MILLISECONDS.toNanos(3);
    private static final long LONGEST_HOLD = TimeUnit.MILLISECONDS.toNanos(2);

    private enum Driving {
        START,
        RUN,
        TICKS,
        AWAIT,
        TAKING_TURNS
    }

    private final String name;
    private final Supplier<? extends Transport> transports;
    private final Random random;
    private final InetAddress loopback = loopback(MADE.incrementAndGet());
    private final List<Thread> drivers = new ArrayList<>();
    private final List<Loop> opened = new CopyOnWriteArrayList<>();
    private final ExecutorService platform;
    private final ExecutorService virtual;
    private final ThreadLocal<Integer> thread = ThreadLocal.withInitial(() -> 0);
    private volatile boolean over;

    ThreadWorld(String name, Supplier<? extends Transport> transports, long seed) {
        this.name = name;
        this.transports = transports;
        this.random = new Random(seed);
        platform = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("storm-platform-", 1).factory());
        virtual = Executors.newSingleThreadExecutor(
                Thread.ofVirtual().name("storm-virtual-", 1).factory());
        platform.execute(() -> thread.set(PLATFORM_THREAD));
        virtual.execute(() -> thread.set(VIRTUAL_THREAD));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean virtual() {
        return false;
    }

    @Override
    public int atOnce() {
        return MANY_LOOPBACK_ADDRESSES ? 6 : 1;
    }

    @Override
    public Transport transport(int loop) {
        return transports.get();
    }

    @Override
    public SocketAddress address(int loop) {
        return new InetSocketAddress(loopback, 0);
    }

    /** All of 127.0.0.0/8 is the loopback on Linux. */
    private static InetAddress loopback(long number) {
        if (!MANY_LOOPBACK_ADDRESSES) {
            return InetAddress.getLoopbackAddress();
        }
        byte[] address = {127, (byte) (number >> 14), (byte) (number >> 7), (byte) (1 + (number & 0x7f))};
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // impossible with four bytes
        }
    }

    // ---- driving

    @Override
    public void opened(Loop loop, int number) {
        opened.add(loop);
        Driving[] ways = Driving.values();
        Driving way = ways[random.nextInt(ways.length)];
        switch (loop.transport().keepsDriver() ? Driving.START : way) {
            case START -> loop.start();
            case RUN -> drive(loop, () -> loop.run(() -> loop.promise().await()));
            case TICKS -> drive(loop, () -> tick(loop));
            case AWAIT -> drive(loop, () -> await(loop));
            case TAKING_TURNS -> {
                drive(loop, () -> takeTurns(loop, Duration.ofMillis(1)));
                drive(loop, () -> takeTurns(loop, Duration.ofMillis(2)));
            }
        }
    }

    private interface Body {
        void run() throws IOException;
    }

    private void drive(Loop loop, Body body) {
        drivers.add(Thread.ofPlatform()
                .daemon()
                .name("storm-driver-" + loop.name())
                .start(() -> {
                    while (!over && !loop.isClosed()) {
                        try {
                            body.run();
                        } catch (IOException | IllegalStateException e) {
                            LockSupport.parkNanos(20_000); // another thread drives it just now, or it is being closed
                        }
                    }
                }));
    }

    private void tick(Loop loop) {
        while (!over && !loop.isClosed()) {
            if (!loop.tick()) {
                LockSupport.parkNanos(50_000);
            }
        }
    }

    private static void await(Loop loop) throws IOException {
        Promise<Object> never = loop.promise();
        never.await();
    }

    private void takeTurns(Loop loop, Duration each) throws IOException {
        while (!over && !loop.isClosed()) {
            loop.delay(each).await();
        }
    }

    // ---- time

    @Override
    public void turns(int count) {
        LockSupport.parkNanos(count * 10_000L);
    }

    @Override
    public void pass(Duration time) {
        LockSupport.parkNanos(Math.min(LONGEST_PASS, time.toNanos()));
    }

    @Override
    public void until(Duration limit, BooleanSupplier done) {
        long start = System.nanoTime();
        long pause = 20_000;
        while (!done.getAsBoolean() && System.nanoTime() - start < limit.toNanos()) {
            LockSupport.parkNanos(pause);
            pause = Math.min(pause * 2, 1_000_000);
        }
    }

    @Override
    public void hold(Duration time) {
        LockSupport.parkNanos(Math.min(time.toNanos(), LONGEST_HOLD));
    }

    // ---- threads

    @Override
    public void onThread(Runnable call) {
        platform.execute(call);
    }

    @Override
    public void onVirtualThread(Runnable call) {
        virtual.execute(call);
    }

    @Override
    public int thread() {
        return thread.get();
    }

    /** Waits until the calls passed to the two threads are done. */
    @Override
    public void join() {
        for (ExecutorService each : List.of(platform, virtual)) {
            try {
                each.submit(() -> {}).get(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException
                    | java.util.concurrent.TimeoutException
                    | RejectedExecutionException e) {
                throw new Violation(2, "a thread outside has not come back from a call for 30 seconds");
            }
        }
    }

    @Override
    public void close() {
        over = true;
        platform.shutdownNow();
        virtual.shutdownNow();
        for (Thread each : drivers) {
            LockSupport.unpark(each);
        }
        for (Loop each : opened) {
            if (!each.isClosed()) { // its program has failed, and there is no telling how it ends
                Thread.ofPlatform().daemon().name("storm-close").start(() -> each.close(Duration.ZERO));
            }
        }
    }
}
