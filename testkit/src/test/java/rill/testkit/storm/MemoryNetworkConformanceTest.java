package rill.testkit.storm;

import java.time.Duration;
import java.util.Set;
import rill.Resolver;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/** What storms run on keeps the contract, whatever chance does. */
class MemoryNetworkConformanceTest extends TransportConformance {
    private static long seed;

    @Override
    protected Transport transport() {
        var network = new MemoryNetwork(++seed).coarse();
        network.environment(new Environment(
                () -> network.now, network.random, Resolver.system(), Runnable::run, Memory.system(), null));
        return network;
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
