package rill.transport.sim;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.EnumSet;
import java.util.Set;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/** A host's transport, held to the contract in virtual time, on Unix domain sockets. */
class SimUnixConformanceTest extends TransportConformance {
    private int paths;

    @Override
    protected Transport transport() {
        return Simulation.seed(42).host("host").transport();
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
