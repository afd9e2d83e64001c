package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** After close: how long a peer is listened to that does not hang up. */
class DrainTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loops loops = Loops.manual();

    @AfterEach
    void closeLoops() {
        loops.close(); // fails on a report, such as one of survivors
    }

    @Test
    void a_loop_that_closes_does_not_wait_long_for_idle_peers_to_hang_up() throws Exception {
        Loop server = loops.open();
        Loop client = loops.open();
        var listening = server.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(line -> {}));
        Listener listener = loops.settle(listening);
        for (int i = 0; i < 3; i++) {
            loops.settle(client.connect(listener.address(), TextLines.pipeline()));
        }
        long before = loops.clock().nanoTime();

        client.closing().start(Duration.ofHours(1));
        while (!client.closed()) { // nobody drives the server, so that its ends never hang up
            client.tick();
            loops.clock().advance(Duration.ofMillis(10));
        }

        long passed = loops.clock().nanoTime() - before;
        assertThat(Duration.ofNanos(passed))
                .isLessThan(ConnectionLimits.defaults().closeProgress());
    }

    @Test
    void a_peer_that_goes_on_sending_to_a_closing_loop_is_drained_for_no_longer_than_the_limit() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(rig.connection()::close);
            rig.settle();
            for (int i = 0; i < 4; i++) {
                rig.passes(Duration.ofSeconds(1));
                rig.arrives("still here\n");
                assertThat(rig.wire.closed).isFalse();
            }
            rig.passes(Duration.ofSeconds(1));
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted)
                    .as("its last bytes may be on their way yet")
                    .isFalse();
        }
    }
}
