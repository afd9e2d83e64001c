package rill.transport.sim;

import java.util.Set;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/**
 * Tests a host's transport against the contract in virtual time. The seed draws some of each freedom, including small buffers; any other seed passes
 * as well.
 */
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
