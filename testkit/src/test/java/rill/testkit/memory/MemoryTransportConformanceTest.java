package rill.testkit.memory;

import java.time.Duration;
import java.util.Set;
import rill.Resolver;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/** The memory transport keeps the contract, whatever the seed decides. */
class MemoryTransportConformanceTest extends TransportConformance {
    private static final int MUCH = 128 * 1024;

    private static long seed;

    @Override
    protected Transport transport() {
        var transport = new MemoryTransport(++seed).capacity(MUCH);
        return transport.environment(new Environment(
                transport::nanoTime, transport.random, Resolver.system(), Runnable::run, Memory.system(), null));
    }

    @Override
    protected Duration patience() {
        return Duration.ofHours(1);
    }

    @Override
    protected Set<Trait> traits() {
        return Set.of(Trait.ONE_THREAD);
    }
}
