package rill.bench.program;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one {@link Gets} busy: {@code GetsMain CLASS PORT KEY LENGTH loop|threads IN_FLIGHT [OPTION...]}. Either each answer's callback makes the
 * next call, or four threads share the calls. Prints "ready", or "unavailable REASON".
 */
final class GetsMain {
    private static final int THREADS = 4;
    private static final int PATIENCE_SECONDS = 10;

    private final Gets client;
    private final String key;
    private final int length;

    private GetsMain(Gets client, String key, int length) {
        this.client = client;
        this.key = key;
        this.length = length;
    }

    public static void main(String[] arguments) throws Exception {
        var client = Class.forName(arguments[0])
                .asSubclass(Gets.class)
                .getDeclaredConstructor()
                .newInstance();
        try {
            client.connect(Integer.parseInt(arguments[1]), List.of(arguments).subList(6, arguments.length));
        } catch (UnavailableException e) {
            System.out.println("unavailable " + e.getMessage());
            Runtime.getRuntime().halt(0);
        }
        var main = new GetsMain(client, arguments[2], Integer.parseInt(arguments[3]));
        main.tryOnce();
        int inFlight = Integer.parseInt(arguments[5]);
        LongSupplier count = arguments[4].equals("loop") ? main.callOnLoop(inFlight) : main.callFromThreads(inFlight);
        System.out.println("ready");
        Control.untilInputEnds(count);
    }

    private void tryOnce() throws InterruptedException {
        var answered = new CountDownLatch(1);
        client.onLoop(() -> client.get(key, (bytes, failure) -> {
            check(bytes, failure);
            answered.countDown();
        }));
        if (!answered.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no answer to the first GET");
        }
    }

    /** A wrong answer ends the process, since its figures would mean nothing. */
    private void check(int bytes, @Nullable Throwable failure) {
        if (failure != null || bytes != length) {
            System.err.println("a GET gave " + (failure == null ? bytes + " bytes instead of " + length : failure));
            Runtime.getRuntime().halt(1);
        }
    }

    private LongSupplier callOnLoop(int inFlight) {
        var caller = new Caller();
        client.onLoop(() -> {
            for (int i = 0; i < inFlight; i++) {
                client.get(key, caller);
            }
        });
        return () -> caller.count;
    }

    private final class Caller implements Gets.Answer {
        private volatile long count;

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // written on the client's loop only
        public void done(int bytes, @Nullable Throwable failure) {
            check(bytes, failure);
            count++;
            client.get(key, this);
        }
    }

    private LongSupplier callFromThreads(int inFlight) {
        var count = new LongAdder();
        for (int i = 0; i < THREADS; i++) {
            var permits = new Semaphore(inFlight / THREADS);
            Gets.Answer answer = (bytes, failure) -> {
                check(bytes, failure);
                count.increment();
                permits.release();
            };
            Thread.ofPlatform().name("caller-" + i).daemon().start(() -> {
                while (true) {
                    permits.acquireUninterruptibly();
                    client.get(key, answer);
                }
            });
        }
        return count::sum;
    }
}
