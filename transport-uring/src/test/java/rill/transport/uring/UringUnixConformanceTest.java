package rill.transport.uring;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import rill.spi.Transport;
import rill.testkit.Trait;
import rill.testkit.TransportConformance;

/** The contract of transports, on Unix domain sockets with io_uring. */
class UringUnixConformanceTest extends TransportConformance {
    @TempDir
    private Path folder;

    @Override
    protected Transport transport() {
        return new UringTransport();
    }

    @Override
    protected SocketAddress listenAddress() throws IOException {
        return UnixDomainSocketAddress.of(Files.createTempDirectory(folder, "s").resolve("socket"));
    }

    @Override
    protected Set<Trait> traits() {
        return EnumSet.of(Trait.NO_RESET, Trait.NO_PORTS);
    }
}
