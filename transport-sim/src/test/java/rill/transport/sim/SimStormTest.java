package rill.transport.sim;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testkit.storm.Storm;

/** Storms on the simulated network. */
@Tag("slow")
class SimStormTest {
    @Test
    void storms_on_a_good_network_keep_the_laws() {
        Storm.check(250, 0.1, seed -> new SimWorld(seed, false));
    }

    @Test
    void storms_on_a_bad_network_keep_the_laws() {
        Storm.check(250, 0.1, seed -> new SimWorld(seed, true));
    }
}
