package rill.examples.inprocess;

import java.util.Random;
import rill.spi.Transport;
import rill.testkit.TransportConformance;

class InProcessConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        return new InProcessTransport(seed);
    }
}
