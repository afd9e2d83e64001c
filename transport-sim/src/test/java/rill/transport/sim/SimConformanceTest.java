package rill.transport.sim;

import java.util.Set;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/** A host's transport, held to the contract in virtual time; the seed draws some of each freedom, small buffers among them. Any other passes as well. */
class SimConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return Simulation.seed(Long.getLong("rill.seed", 6)).host("host").transport();
    }

    @Override
    protected Set<Trait> traits() {
        return Set.of(Trait.ONE_THREAD);
    }
}
