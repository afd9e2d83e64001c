package rill.spi;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import rill.Resolver;

/** Holder of the production environment, so that its threads and its random source are made on first use only. */
final class ProductionEnvironment {
    private static final int IDLE_SECONDS = 5;

    static final Environment INSTANCE =
            new Environment(Clock.system(), new SystemRandom(), Resolver.system(), blockingPool(), null);

    private ProductionEnvironment() {}

    private static ThreadPoolExecutor blockingPool() {
        ThreadFactory threads =
                Thread.ofPlatform().name("rill-blocking-", 1).daemon().factory();
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    }
}
