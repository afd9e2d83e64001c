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
    void a_connection_that_has_nothing_left_to_wait_for_closes_at_once_and_without_a_timer() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection().onMessage(rig.connection()::write));
            rig.arrives("hello\n");
            rig.inputEnds();
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.sent()).isEqualTo("hello\n");
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void a_peer_that_takes_nothing_of_what_is_left_is_given_up_after_the_limit() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("never taken");
                rig.connection().close();
            });
            rig.settle();
            rig.passes(ConnectionLimits.defaults().closeProgress().minusMillis(1));
            assertThat(rig.wire.aborted).isFalse();
            rig.passes(Duration.ofMillis(1));
            assertThat(rig.wire.aborted).isTrue();
        }
    }

    @Test
    void a_peer_that_takes_a_little_now_and_then_is_given_all_the_time_it_needs() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("taken");
                rig.connection().close();
            });
            rig.settle();
            for (int taken = 0; taken < "taken\n".length(); taken++) {
                assertThat(rig.wire.outputShut).isFalse();
                rig.passes(ConnectionLimits.defaults().closeProgress().minusMillis(1));
                rig.wire.space = 1;
                rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
                rig.settle();
            }
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.wire.aborted).isFalse();
            assertThat(rig.sent()).isEqualTo("taken\n");
        }
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
