package rill.spi;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Resolver;
import rill.system.ProductionEnvironment;

/**
 * What a loop takes from the world besides its sockets. A transport supplies it, and that is the door through which a
 * simulation brings its virtual time.
 *
 * @param clock the loop's only source of time
 * @param random the loop's only source of randomness
 * @param resolver turns names into addresses
 * @param blocking runs work that may block or take long, for instance the delegated tasks of a TLS engine
 * @param memory where the buffers of loops live
 * @param driver drives the loops that nobody else drives while somebody awaits; null lets the awaiting thread drive its
 *     own loop, as is usual
 */
public record Environment(
        Clock clock,
        RandomGenerator random,
        Resolver resolver,
        Executor blocking,
        Memory memory,
        @Nullable Driver driver) {
    /** The system's monotonic clock, a secure random source, the JDK's resolver on a pool of its own, real threads, {@link Memory#system()}. */
    public static Environment production() {
        return ProductionEnvironment.INSTANCE;
    }
}
