package rill.transport.epoll;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on the direct path. */
class EpollConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new EpollTransport();
    }
}
