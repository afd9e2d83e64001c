package rill.testkit;

import rill.spi.Transport;
import rill.testing.MemoryTransport;

/** The fixture of core's tests also keeps the contract. */
class MemoryConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new MemoryTransport().delay(20);
    }
}
