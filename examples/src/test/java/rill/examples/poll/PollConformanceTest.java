package rill.examples.poll;

import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import rill.spi.Transport;
import rill.testkit.TransportConformance;

@EnabledOnOs(OS.LINUX)
class PollConformanceTest extends TransportConformance {
    @Override
    protected Transport transport() {
        return new PollTransport();
    }
}
