package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.ProtocolException;
import rill.examples.CustomCodec.Reading;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class CustomCodecTest {
    private static Future<Listener> echo(Loop loop, SocketAddress address) {
        return loop.serve(address, Pipeline.of(Reading.CODEC), Future::of);
    }

    @Test
    void a_reading_comes_back_wherever_it_was_cut_in_two() throws IOException {
        String bytes = "\5attic\0\0\14\1"; // 12 * 256 + 1
        try (var server = new RunningServer(CustomCodecTest::echo);
                var caller = server.caller()) {
            for (int cut = 0; cut <= bytes.length(); cut++) {
                caller.send(bytes.substring(0, cut));
                caller.send(bytes.substring(cut));
                assertThat(caller.read(bytes.length())).as("cut at " + cut).isEqualTo(bytes);
            }
        }
    }

    @Test
    void an_empty_name_is_a_violation_at_its_place() throws IOException {
        try (var server = new RunningServer(CustomCodecTest::echo);
                var caller = server.caller()) {
            assertThat(caller.send("\1a\0\0\0\1\0rest").readToEnd()).isEqualTo("\1a\0\0\0\1");
            assertThat(server.failure())
                    .isInstanceOfSatisfying(
                            ProtocolException.class,
                            violation -> assertThat(violation.offset()).isEqualTo(6));
        }
    }

    @Test
    void a_reading_without_a_name_can_not_be_made() {
        assertThatThrownBy(() -> new Reading("", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Reading("x".repeat(256), 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
