package rill.transport.epoll;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on the JDK's own epoll. */
class EpollNioConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new EpollNioTransport();
    }
}
