package rill.spi;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Resolver;
import rill.system.ProductionEnvironment;

/**
 * What a loop uses from the outside world besides its sockets. A transport supplies it, which is how a simulation brings in its virtual time.
 *
 * @param clock the loop's only source of time
 * @param random the loop's only source of randomness
 * @param resolver turns names into addresses
 * @param blocking runs work that may block or take long, for instance the delegated tasks of a TLS engine
 * @param memory where the buffers of loops live
 * @param driver drives loops that nobody else drives while a thread awaits; null, as is usual, lets the awaiting thread drive its own loop
 */
public record Environment(
        Clock clock,
        RandomGenerator random,
        Resolver resolver,
        Executor blocking,
        Memory memory,
        @Nullable Driver driver) {
    /**
     * The system's monotonic clock, a secure random source, the JDK's resolver with its own thread pool, real threads, and {@link Memory#system()}.
     */
    public static Environment production() {
        return ProductionEnvironment.INSTANCE;
    }
}
