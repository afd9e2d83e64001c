package rill.transport.sim;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.EnumSet;
import java.util.Set;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/**
 * Tests a host's transport against the contract in virtual time, on Unix domain sockets. The seed draws small buffers; any other seed passes as well.
 */
class SimUnixConformanceTest extends TransportConformance {
    private int paths;

    @Override
    protected Transport transport() {
        return Simulation.seed(Long.getLong("rill.seed", 6)).host("host").transport();
    }

    @Override
    protected SocketAddress listenAddress() {
        return UnixDomainSocketAddress.of("/run/socket-" + ++paths);
    }

    @Override
    protected Set<Trait> traits() {
        return EnumSet.of(Trait.ONE_THREAD, Trait.NO_RESET, Trait.NO_PORTS);
    }
}
