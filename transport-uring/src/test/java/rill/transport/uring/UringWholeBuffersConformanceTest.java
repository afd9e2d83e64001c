package rill.transport.uring;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on a kernel that can't use up receive buffers bit by bit, as before Linux 6.12. */
class UringWholeBuffersConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new UringTransport(new Kernel(false, false), Ring.Size.USUAL);
    }
}
