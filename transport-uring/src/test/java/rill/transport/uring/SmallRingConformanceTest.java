package rill.transport.uring;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on rings so small that requests wait for room and answers overflow all the time. */
class SmallRingConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new UringTransport(null, new Ring.Size(4, 4));
    }
}
