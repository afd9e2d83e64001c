package rill.examples.inprocess;

import java.util.Random;
import rill.spi.Transport;
import rill.testkit.TransportConformance;

class InProcessConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new InProcessTransport(new Random().nextLong());
    }
}
