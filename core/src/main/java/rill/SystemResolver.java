package rill;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The JDK's resolver, off the loop. */
final class SystemResolver implements Resolver {
    static final SystemResolver INSTANCE = new SystemResolver();

    private static final int THREADS = 4;
    private static final int IDLE_SECONDS = 5;

    private final ThreadPoolExecutor pool;

    private SystemResolver() {
        pool = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name("rill-resolver-", 1).daemon().factory());
        pool.allowCoreThreadTimeOut(true);
    }

    @Override
    public Future<List<InetAddress>> resolve(String name, Loop loop) {
        Promise<List<InetAddress>> promise = loop.promise();
        try {
            promise.complete(List.of(InetAddress.ofLiteral(name)));
        } catch (IllegalArgumentException notInNumbers) {
            pool.execute(() -> lookUp(name, promise));
        }
        return promise;
    }

    private static void lookUp(String name, Promise<List<InetAddress>> promise) {
        if (promise.isDone()) {
            return; // nobody waits any more
        }
        try {
            promise.complete(List.of(InetAddress.getAllByName(name)));
        } catch (UnknownHostException e) {
            var named = new UnknownHostException("unknown host: " + name);
            named.initCause(e);
            promise.fail(named);
        } catch (RuntimeException e) {
            promise.fail(e);
        }
    }
}
