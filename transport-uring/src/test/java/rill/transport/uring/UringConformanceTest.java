package rill.transport.uring;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on io_uring. */
class UringConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new UringTransport();
    }
}
