package rill.testkit;

import rill.spi.Transport;
import rill.testing.MemoryTransport;

/** The fixture of core's tests keeps the contract, too. */
class MemoryConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new MemoryTransport().delay(20);
    }
}
