package rill.transport.nio;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;
import rill.testkit.storm.Storm;
import rill.testkit.storm.World;

/** Storms on several threads. */
@Tag("slow")
@ExtendWith(Leaks.class)
class NioStormTest {
    @Test
    void storms_keep_the_laws() {
        Storm.check(100, 0.1, seed -> World.threads("nio", NioTransport::new, seed));
    }
}
