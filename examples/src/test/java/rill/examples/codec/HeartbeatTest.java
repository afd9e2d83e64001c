package rill.examples.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Loop;
import rill.Pipeline;
import rill.codec.Text;
import rill.testkit.CodecHarness;
import rill.transport.sim.Host;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** In virtual time: an hour passes at once. */
class HeartbeatTest {
    private static final int PORT = 7;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pipeline<String, String> BEATING = Pipeline.of(new Heartbeat(PATIENCE));

    private final List<String> received = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    /** Starts a server with a heartbeat, and connects to it. */
    private Connection<String, String> connect(Simulation simulation, Pipeline<String, String> pipeline)
            throws IOException {
        received.clear(); // one test with many seeds
        failures.clear();
        Host server = simulation.host("server");
        server.loop("server")
                .listen(server.address(PORT), BEATING, accepted -> {
                    accepted.onFailure(failure -> failures.add(failure.cause()));
                    accepted.onMessage(received::add);
                })
                .await();
        Loop loop = simulation.host("client").loop("client");
        return loop.connect(server.address(PORT), pipeline).await();
    }

    @Simulated(seeds = 20)
    void two_ends_that_have_nothing_to_say_stay_connected(Simulation simulation) throws IOException {
        Connection<String, String> connection = connect(simulation, BEATING);
        connection.onMessage(received::add);
        simulation.run(Duration.ofHours(1));
        connection.write("still there");
        simulation.run(Duration.ofSeconds(1));
        assertThat(received).containsExactly("still there");
        assertThat(failures).isEmpty();
    }

    @Simulated(seeds = 20)
    void a_peer_that_is_asked_and_says_nothing_is_given_up(Simulation simulation) throws IOException {
        Connection<String, String> silent = connect(simulation, Text.lines());
        List<String> asked = new ArrayList<>();
        silent.onMessage(asked::add);
        simulation.run(PATIENCE.multipliedBy(3));
        assertThat(asked).containsExactly("PING");
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("nothing was heard of")
                        .hasMessageContaining("for 20000 ms"));
    }

    @Simulated(seeds = 20)
    void a_peer_whose_lines_wait_here_is_not_blamed_for_silence(Simulation simulation) throws IOException {
        received.clear();
        failures.clear();
        List<Connection<String, String>> paused = new ArrayList<>();
        Host server = simulation.host("server");
        server.loop("server")
                .listen(server.address(PORT), BEATING, accepted -> {
                    accepted.onFailure(failure -> failures.add(failure.cause()));
                    accepted.onMessage(line -> {
                        received.add(line);
                        if (line.equals("hold on")) {
                            accepted.pause();
                            paused.add(accepted);
                        }
                    });
                })
                .await();
        Loop loop = simulation.host("client").loop("client");
        Connection<String, String> peer =
                loop.connect(server.address(PORT), Text.lines()).await();
        peer.write("hold on");
        peer.write("still there");
        simulation.run(PATIENCE.multipliedBy(3));
        assertThat(failures).isEmpty();
        assertThat(received).containsExactly("hold on");
        paused.getFirst().resume();
        simulation.run(Duration.ofSeconds(1));
        assertThat(received).containsExactly("hold on", "still there");
    }

    @Test
    void the_codecs_own_lines_can_not_be_sent() {
        Heartbeat codec = new Heartbeat(PATIENCE);
        assertThatThrownBy(() -> new CodecHarness<>(codec).write("PING"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the codec's own");
    }
}
