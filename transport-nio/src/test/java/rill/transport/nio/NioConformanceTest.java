package rill.transport.nio;

import rill.spi.Transport;
import rill.testkit.TransportConformance;

class NioConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new NioTransport();
    }
}
