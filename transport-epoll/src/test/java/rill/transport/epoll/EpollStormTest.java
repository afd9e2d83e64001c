package rill.transport.epoll;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;
import rill.testkit.storm.Storm;
import rill.testkit.storm.World;

/** Storms on several threads, on both paths to epoll. */
@Tag("slow")
@ExtendWith(Leaks.class)
class EpollStormTest {
    @Test
    void storms_on_the_direct_path_keep_the_laws() {
        Storm.check(60, 0.1, seed -> World.threads("epoll", EpollTransport::new, seed));
    }

    @Test
    void storms_on_the_JDKs_epoll_keep_the_laws() {
        Storm.check(40, 0.05, seed -> World.threads("epoll-nio", EpollNioTransport::new, seed));
    }
}
