package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Loop;
import rill.LoopGroup;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Several loops on one simulated host. */
@ExtendWith(Leaks.class)
class SimLoopGroupTest {
    private static final int LOOPS = 3;

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final List<LoopGroup> groups = new ArrayList<>();
    private final Set<String> served = new TreeSet<>(); // the loops that have served

    @AfterEach
    void close() {
        sim.close();
    }

    private void serve(Host host, ListenOptions options) {
        LoopGroup group = host.loopGroup("io", LOOPS);
        groups.add(group);
        group.serve(host.address(Echo.PORT), Pipeline.bytes(), options, request -> {
            served.add(Loop.current().name());
            return Future.of(request);
        });
    }

    private List<Connection<ByteBuf, ByteBuf>> connect(Loop client, int many) throws IOException {
        return client.run(() -> {
            var connections = new ArrayList<Connection<ByteBuf, ByteBuf>>();
            for (int i = 0; i < many; i++) {
                connections.add(Echo.connect(client).await());
                assertThat(Echo.say(connections.getLast(), "hello")).isEqualTo("hello");
            }
            return connections;
        });
    }

    @Test
    void each_connection_goes_to_the_loop_that_has_the_fewest() throws IOException {
        sim.host("server", host -> serve(host, ListenOptions.defaults()));
        connect(sim.host("client").loop("main"), 3 * LOOPS);
        assertThat(groups.getFirst().loops()).extracting(Loop::connections).containsOnly(3);
        assertThat(served).containsExactly("server/io-1", "server/io-2", "server/io-3");
    }

    @Test
    void with_a_listener_for_each_loop_the_host_spreads_them() throws IOException {
        sim.host("server", host -> serve(host, ListenOptions.defaults().reusePort(true)));
        connect(sim.host("client").loop("main"), 30);
        assertThat(served).containsExactly("server/io-1", "server/io-2", "server/io-3");
        assertThat(groups.getFirst().loops().stream()
                        .mapToInt(Loop::connections)
                        .sum())
                .isEqualTo(30);
    }

    @Test
    void a_seed_is_one_run_with_several_loops_on_a_host_as_well() throws IOException {
        assertThat(hash(5)).isEqualTo(hash(5)).isNotEqualTo(hash(6));
    }

    private String hash(long seed) throws IOException {
        try (var other = Simulation.seed(seed)) {
            other.host("server", host -> serve(host, ListenOptions.defaults()));
            Loop client = other.host("client").loop("main");
            other.run(Duration.ofMillis(100));
            connect(client, 7);
            return other.traceHash();
        }
    }

    @ParameterizedTest
    @EnumSource(CrashTest.Death.class)
    void all_loops_of_a_host_die_with_it_and_the_next_life_has_new_ones(CrashTest.Death death) throws IOException {
        var ran = new ArrayList<String>();
        Host server = sim.host("server", host -> serve(host, ListenOptions.defaults()));
        LoopGroup group = groups.getFirst();
        for (Loop each : group.loops()) {
            each.schedule(Duration.ofSeconds(5), "timer", () -> ran.add("timer"));
            each.task("sleeper", () -> {
                try {
                    return each.delay(Duration.ofSeconds(5)).await();
                } finally {
                    ran.add("finally");
                }
            });
        }
        Loop client = sim.host("client").loop("main");
        var connections = connect(client, LOOPS);
        try (var _ = sim.inject(death.of("server"))) {
            assertThat(group.loops()).allMatch(Loop::isClosed);
            assertThat(server.loops()).isEmpty();
            sim.run(Duration.ofMinutes(1));
        }
        assertThat(ran).isEmpty();
        assertThat(groups).hasSize(2);
        connections.forEach(Connection::abort);
        connect(client, LOOPS);
        assertThat(groups.getLast().loops()).extracting(Loop::connections).containsOnly(1);
        group.close(); // nothing is left to close
        groups.getLast().close();
        assertThat(server.loops()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(CrashTest.Death.class)
    void a_connection_that_is_handed_over_when_the_host_dies_is_told_to_nobody(CrashTest.Death death)
            throws IOException {
        for (int micros = 1_000; micros < 3_000; micros += 50) {
            try (var other = Simulation.seed(42).fix(Freedom.values())) {
                var dead = new boolean[1];
                var told = new ArrayList<String>();
                Host server = other.host("server");
                LoopGroup group = server.loopGroup("io", LOOPS);
                group.listen(server.address(Echo.PORT), Pipeline.bytes(), connection -> {
                    told.add(dead[0] ? "after its death" : "while it lived");
                    connection.onFailure(failure -> told.add("failure"));
                    connection.closed().onDone((nothing, failure) -> told.add("closed"));
                });
                Loop client = other.host("client").loop("main");
                var connecting = new ArrayList<Future<ByteBuf>>();
                for (int i = 0; i < 2 * LOOPS; i++) {
                    connecting.add(Echo.connect(client).flatMap(Connection::receive));
                }
                other.run(Duration.ofNanos(micros * 1_000L));
                dead[0] = true;
                other.inject(death.of("server"));
                other.run(Duration.ofMinutes(2));
                assertThat(told).as("died after %d µs", micros).doesNotContain("after its death", "failure", "closed");
                assertThat(server.tcps).isEmpty();
                assertThat(server.loops()).isEmpty();
                if (death == CrashTest.Death.KILL) {
                    assertThat(connecting).allMatch(Future::isDone);
                }
            }
        }
    }

    @Test
    void when_the_loop_that_accepts_closes_another_one_goes_on() throws IOException {
        sim.host("server", host -> serve(host, ListenOptions.defaults()));
        LoopGroup group = groups.getFirst();
        Loop client = sim.host("client").loop("main");
        connect(client, 1);
        group.loops().getFirst().close(Duration.ofMillis(10));
        served.clear();
        connect(client, 4);
        assertThat(served).containsExactly("server/io-2", "server/io-3");
    }

    @Test
    void closing_a_group_finishes_what_is_in_flight_on_all_its_loops_in_virtual_time() throws IOException {
        Host server = sim.host("server");
        LoopGroup group = server.loopGroup("io", LOOPS);
        group.serve(
                        server.address(Echo.PORT),
                        Pipeline.bytes(),
                        request -> Loop.current().delay(Duration.ofMillis(500)).map(nothing -> request))
                .await();
        Loop client = sim.host("client").loop("main");
        var answers = new ArrayList<Future<String>>();
        for (int i = 0; i < LOOPS; i++) {
            answers.add(client.task("say", () -> Echo.say(Echo.connect(client).await(), "hello")));
        }
        sim.run(Duration.ofMillis(100));
        group.close(Duration.ofSeconds(1));
        sim.run(Duration.ofMillis(10));
        assertThat(answers).allSatisfy(each -> assertThat(each.result()).isEqualTo("hello"));
        assertThat(server.loops()).isEmpty();
        assertThat(sim.elapsed()).isLessThan(Duration.ofSeconds(2));
    }
}
