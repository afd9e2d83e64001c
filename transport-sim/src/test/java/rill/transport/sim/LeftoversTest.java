package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.CancelledException;
import rill.ClientProtocol;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.Promise;
import rill.Task;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.SocketOptions;

/** What a run must not leave behind, and what it may. */
class LeftoversTest {
    private static final int LARGE = 100_000;

    private static Throwable failureOf(Scenario scenario) {
        return Trial.run(42, scenario).failure();
    }

    private static void passes(Scenario scenario) {
        assertThat(failureOf(scenario)).isNull();
    }

    private static Loop loop(Simulation sim, String host) {
        return sim.host(host).loop("main");
    }

    // ---- Tasks that hang

    @Test
    void a_task_of_the_scenario_that_waits_for_what_never_comes_fails_the_run() {
        assertThat(failureOf(sim -> {
                    Loop client = loop(sim, "client");
                    client.task("writer", () -> client.promise().await());
                    sim.run(Duration.ofSeconds(1));
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("on host client: client/main: Task writer (awaiting a Promise of client/main)")
                .hasMessageContaining("hangs")
                .hasMessageContaining("nothing is left that could settle that")
                .hasCauseInstanceOf(LeftBehindException.class);
    }

    @Test
    void so_does_one_beside_which_others_go_on_for_ever() {
        assertThat(failureOf(sim -> {
                    Loop client = loop(sim, "client");
                    beat(client);
                    client.task("writer", () -> client.promise().await());
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("Task writer")
                .hasMessageContaining("after the scenario was over and all faults had ended");
    }

    @Test
    @Tag("slow")
    void so_does_one_beside_which_much_happens() {
        assertThat(failureOf(sim -> {
                    Loop client = loop(sim, "client");
                    beat(client, Duration.ofMillis(5));
                    client.task("writer", () -> client.promise().await());
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("Task writer")
                .hasMessageContaining("after the scenario was over and all faults had ended");
    }

    @Test
    @Tag("slow")
    void that_it_is_not_known_since_too_much_happens_is_told_with_the_faults() {
        Trial trial = Trial.run(42, sim -> {
            Loop client = loop(sim, "client");
            beat(client, Duration.ofNanos(10_000));
            client.task("writer", () -> client.promise().await());
            sim.run(Duration.ofSeconds(1));
        });
        assertThat(trial.failure()).isNull();
        assertThat(trial.tally()).hasToString("looking for Tasks that hang given up 1 ×, since too much happens");
    }

    private static void beat(Loop loop) {
        beat(loop, Duration.ofSeconds(1));
    }

    private static void beat(Loop loop, Duration pause) {
        loop.schedule(pause, "beat", () -> beat(loop, pause));
    }

    @Test
    void so_does_one_that_another_task_of_the_scenario_has_started_and_one_that_waits_through_derived_futures() {
        assertThat(failureOf(sim -> {
                    Loop client = loop(sim, "client");
                    client.run(() -> {
                        Promise<String> never = client.promise();
                        client.task(
                                "writer",
                                () -> Future.all(never.map(String::length), client.done(1))
                                        .await());
                    });
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("Task writer");
    }

    @Test
    void tasks_that_wait_for_one_another_fail_the_run_whoever_has_started_them() {
        List<Task<?>> tasks = new ArrayList<>();
        assertThat(failureOf(sim -> {
                    sim.host("server", host -> {
                        Loop loop = host.loop("main");
                        tasks.add(loop.task("left", () -> tasks.get(1).await()));
                        tasks.add(loop.task("right", () -> tasks.get(0).await()));
                    });
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("waits for this Task in turn");
    }

    @Test
    void they_do_so_at_once_however_much_happens_beside_them() {
        assertThat(failureOf(sim -> {
                    beat(loop(sim, "other"), Duration.ofMillis(2));
                    waitForOneAnother(loop(sim, "client"));
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("waits for this Task in turn")
                .hasMessageContaining("at 1 s of virtual time");
    }

    private static void waitForOneAnother(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        tasks.add(loop.task("left", () -> tasks.get(1).await()));
        tasks.add(loop.task("right", () -> tasks.get(0).await()));
    }

    @Test
    void an_expectation_that_throws_is_told_and_closes_the_loops_all_the_same() {
        var sim = Simulation.seed(42);
        Loop client = loop(sim, "client");
        client.task("writer", () -> client.promise().await());
        sim.expect(failure -> ((UncheckedIOException) failure).getCause() != null);
        sim.run(Duration.ofSeconds(1));
        assertThatThrownBy(sim::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Task writer")
                .hasMessageContaining("the condition of an expect threw java.lang.ClassCastException")
                .hasMessageContaining("seed 42");
        assertThat(sim.hosts().getFirst().loops()).isEmpty();
    }

    @Test
    void it_is_told_by_name_and_can_be_expected() {
        passes(sim -> {
            Loop client = loop(sim, "client");
            client.task("worker", () -> client.promise().await());
            sim.expect(failure ->
                    failure instanceof LeftBehindException left && left.name().equals("worker"));
        });
    }

    @Test
    void a_simulation_of_ones_own_tells_it_when_it_is_closed() {
        var sim = Simulation.seed(42);
        Loop client = loop(sim, "client");
        client.task("writer", () -> client.promise().await());
        sim.run(Duration.ofSeconds(1));
        assertThatThrownBy(sim::close).isInstanceOf(AssertionError.class).hasMessageContaining("Task writer");
    }

    @Test
    void a_run_that_has_failed_fails_as_it_did() {
        assertThat(failureOf(sim -> {
                    Loop client = loop(sim, "client");
                    client.task("writer", () -> client.promise().await());
                    sim.run(Duration.ofSeconds(1));
                    throw new IllegalStateException("it was this");
                }))
                .hasMessage("it was this")
                .hasNoSuppressedExceptions();
    }

    // ---- Tasks that may wait

    @Test
    void whoever_waits_for_a_message_or_for_the_end_of_a_connection_may_wait_for_ever() {
        passes(sim -> {
            sim.host("server", Echo::serve);
            Loop client = loop(sim, "client");
            Connection<ByteBuf, ByteBuf> connection = Echo.connect(client).await();
            client.task("reader", () -> connection.receive().await());
            client.task("watcher", () -> connection.closed().await());
            client.task(
                    "either",
                    () -> Future.any(connection.closed(), client.<Void>promise())
                            .await());
            sim.run(Duration.ofSeconds(1));
        });
    }

    @Test
    void what_a_boot_or_a_callback_has_started_may_wait_for_ever() {
        passes(sim -> {
            sim.host("server", host -> {
                Loop loop = host.loop("main");
                loop.task("worker", () -> loop.promise().await());
            });
            Loop client = loop(sim, "client");
            client.schedule(
                    Duration.ofMillis(1),
                    "start",
                    () -> client.task("worker", () -> client.promise().await()));
            sim.run(Duration.ofSeconds(1));
        });
    }

    @Test
    void whoever_is_in_the_middle_of_something_goes_on() {
        passes(sim -> {
            sim.host("server", Echo::serve);
            Loop client = loop(sim, "client");
            client.task("sleeper", () -> client.delay(Duration.ofDays(1)).await());
            client.task("talker", () -> {
                Connection<ByteBuf, ByteBuf> connection = Echo.connect(client).await();
                while (true) {
                    Echo.say(connection, "hello");
                    client.delay(Duration.ofSeconds(1)).await();
                }
            });
            sim.expect(IOException.class::isInstance);
            sim.run(Duration.ofMillis(5));
        });
    }

    @Test
    void tasks_that_wait_for_one_another_for_a_time_go_on_after_it() {
        passes(sim -> {
            beat(loop(sim, "other"), Duration.ofMillis(30));
            Loop client = loop(sim, "client");
            List<Task<?>> tasks = new ArrayList<>();
            tasks.add(client.task(
                    "asks", () -> tasks.get(1).timeout(Duration.ofHours(1)).await()));
            tasks.add(client.task("is asked", () -> tasks.get(0).await()));
            sim.run(Duration.ofSeconds(1));
        });
    }

    @Test
    void no_fault_strikes_any_more_once_the_scenario_is_over() {
        List<Simulation> runs = new ArrayList<>();
        assertThat(failureOf(sim -> {
                    runs.add(sim);
                    Loop client = loop(sim, "client");
                    beat(client);
                    beat(loop(sim, "other"));
                    client.task("writer", () -> client.promise().await());
                    sim.schedule(Duration.ofMinutes(10), Duration.ofDays(1), Faults.pause("client"));
                    client.schedule(
                            Duration.ofMinutes(5), "injects", () -> sim.inject(Faults.loss("client", "other", 1)));
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("Task writer")
                .hasMessageContaining("after the scenario was over and all faults had ended")
                .hasMessageContaining("faults in force: none");
        assertThat(runs.getFirst().timeline().faults()).isEmpty();
    }

    @Test
    void faults_that_are_in_force_at_the_end_are_no_reason_to_wait() {
        passes(sim -> {
            sim.fix(Freedom.values());
            sim.host("server", Echo::serve);
            Loop client = loop(sim, "client");
            var caller = client.connect(Echo.at("server"), ClientProtocol.inOrder(Pipeline.bytes()))
                    .await();
            sim.inject(Faults.cut("client", "server"));
            client.task("caller", () -> caller.call(Echo.text("hello")).await().release());
            sim.run(Duration.ofSeconds(1));
        });
    }

    @Test
    void tasks_of_a_host_that_is_dead_are_none() {
        passes(sim -> {
            Loop client = loop(sim, "client");
            client.task("writer", () -> client.promise().await());
            sim.run(Duration.ofSeconds(1));
            sim.inject(Faults.crash("client"));
        });
    }

    // ---- what closing does not release

    @Test
    void a_task_that_no_cancelling_ends_fails_the_run() {
        assertThat(failureOf(sim -> {
                    sim.host("server", host -> {
                        Loop loop = host.loop("main");
                        loop.task("worker", () -> {
                            try {
                                loop.promise().await();
                            } catch (CancelledException e) {
                                loop.promise().await(); // its clean-up hangs
                            }
                        });
                    });
                    sim.run(Duration.ofSeconds(1));
                }))
                .hasMessageContaining("server/main: Task worker")
                .hasMessageContaining("left behind");
    }

    @Test
    void one_that_was_cancelled_only_when_time_was_up_had_none_to_end() {
        passes(sim -> {
            sim.host("server", host -> {
                Loop loop = host.loop("main");
                Loop other = host.loop("other");
                loop.listen(
                        host.address(Echo.PORT),
                        Pipeline.bytes(),
                        connection -> connection.onMessage(ByteBuf::release, () -> {})); // so it is never closed
                loop.task("worker", () -> {
                    try {
                        loop.promise().await();
                    } finally {
                        other.task(
                                        "release",
                                        () -> other.delay(Duration.ofMillis(1)).await())
                                .await();
                    }
                });
            });
            Echo.connect(loop(sim, "client")).await();
            sim.run(Duration.ofSeconds(1));
        });
    }

    @Test
    void a_message_that_nobody_releases_fails_the_run() {
        List<ByteBuf> kept = new ArrayList<>();
        try {
            assertThat(failureOf(sim -> keep(sim, kept)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("on host server: ")
                    .hasMessageContaining("buffers with ")
                    .hasMessageContaining("still held, although its loops are closed");
        } finally {
            kept.forEach(ByteBuf::release);
        }
    }

    @Test
    void one_that_is_released_does_not_nor_one_of_a_host_that_has_died() {
        passes(sim -> {
            List<ByteBuf> kept = new ArrayList<>();
            keep(sim, kept);
            kept.forEach(ByteBuf::release);
        });
        List<ByteBuf> kept = new ArrayList<>();
        passes(sim -> {
            keep(sim, kept);
            sim.inject(Faults.crash("server")).close();
        });
        kept.forEach(ByteBuf::release);
    }

    private static void keep(Simulation sim, List<ByteBuf> kept) throws IOException {
        sim.fix(Freedom.values());
        Host server = sim.host("server");
        server.loop("main")
                .listen(server.address(Echo.PORT), Pipeline.bytes(), connection -> {
                    connection.write(Echo.text("welcome")); // so that there is a chunk to be reused
                    connection.onMessage(kept::add);
                })
                .await();
        Loop client = loop(sim, "client");
        Connection<ByteBuf, ByteBuf> connection = Echo.connect(client).await();
        connection.write(Unpooled.directBuffer(LARGE).writeZero(LARGE)).await();
        sim.runUntil(() -> kept.stream().mapToInt(ByteBuf::readableBytes).sum() == LARGE);
    }

    @Test
    void a_socket_that_was_accepted_and_not_opened_fails_the_run() {
        assertThat(failureOf(sim -> acceptsAndForgets(sim, sim.host("server").address(Echo.PORT), "client")))
                .hasMessageContaining("on host server: 1 sockets are still open");
        var path = UnixDomainSocketAddress.of("/run/left.socket");
        assertThat(failureOf(sim -> acceptsAndForgets(sim, path, "server")))
                .hasMessageContaining("on host server: 1 sockets are still open");
    }

    private static void acceptsAndForgets(Simulation sim, SocketAddress address, String client) throws IOException {
        List<AcceptedSocket> accepted = new ArrayList<>();
        ByteBuf buffer = Unpooled.directBuffer(16_384);
        Host server = host(sim, "server");
        var selector = server.transport().open(buffer::clear);
        selector.listen(address, 0, SocketOptions.none(), new AcceptListener() {
            @Override
            public void accepted(AcceptedSocket socket) {
                accepted.add(socket);
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        });
        Loop loop = host(sim, client).loop("main");
        loop.connect(address, Pipeline.bytes()).await();
        while (accepted.isEmpty()) {
            selector.select(1_000_000);
        }
        selector.close();
        buffer.release();
    }

    private static Host host(Simulation sim, String name) {
        return sim.hosts().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseGet(() -> sim.host(name));
    }
}
