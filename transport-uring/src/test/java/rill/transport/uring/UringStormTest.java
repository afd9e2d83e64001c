package rill.transport.uring;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;
import rill.testkit.storm.Storm;
import rill.testkit.storm.World;

/** Storms on several threads, on io_uring. */
@Tag("slow")
@ExtendWith(Leaks.class)
class UringStormTest {
    @Test
    void storms_on_io_uring_keep_the_laws() {
        Storm.check(60, 0.1, seed -> World.threads("uring", UringTransport::new, seed));
    }
}
