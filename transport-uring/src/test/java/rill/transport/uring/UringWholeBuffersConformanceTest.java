package rill.transport.uring;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

/** The contract of transports, on a kernel that can't consume receive buffers incrementally, as before Linux 6.12. */
class UringWholeBuffersConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new UringTransport(new Kernel(false, false), Ring.Size.USUAL);
    }
}
