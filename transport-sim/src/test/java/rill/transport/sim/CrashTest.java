package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.ConnectException;
import java.net.SocketException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.TaskEngine;
import rill.testing.MemoryTransport;
import rill.testkit.Leaks;

/** How hosts die and come back. */
@ExtendWith(Leaks.class)
class CrashTest {
    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final List<String> ran = new ArrayList<>();

    @AfterEach
    void close() {
        sim.close();
    }

    private Loop loopOf(Host host, TaskEngine engine) {
        return host.loop(LoopOptions.defaults()
                .name(host.name() + "/main")
                .taskEngine(engine)
                .reporter(report -> ran.add("report " + report.message())));
    }

    @ParameterizedTest
    @EnumSource
    void nothing_of_a_host_without_power_runs(TaskEngine engine) throws IOException {
        sim.host("server", Echo::serve);
        Host host = sim.host("client");
        Loop loop = loopOf(host, engine);
        loop.task("sleeper", () -> {
            try {
                return loop.delay(Duration.ofSeconds(5)).await();
            } finally {
                ran.add("finally");
            }
        });
        Future<Object> failing = loop.promise();
        failing.onDone((value, failure) -> ran.add("callback"));
        loop.schedule(Duration.ofSeconds(3), "timer", () -> ran.add("timer"));
        Connection<ByteBuf, ByteBuf> connection =
                loop.run(() -> Echo.connect(loop).await());
        connection.onFailure(failure -> ran.add("onFailure"));
        connection.closed().onDone((nothing, failure) -> ran.add("closed"));
        connection.receive().onDone((bytes, failure) -> ran.add("received"));
        loop.submit(() -> connection.write(Echo.text("hello"))).await();
        ran.clear();
        sim.inject(Faults.crash("client"));
        sim.run(Duration.ofHours(1));
        assertThat(ran).isEmpty();
        assertThat(loop.isClosed()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Death.class)
    void a_dead_host_leaves_no_garbage(Death death) {
        var refs = new ArrayList<WeakReference<Object>>();
        sim.host("server", host -> {
            Loop loop = host.loop("main");
            var object = new Object();
            refs.add(new WeakReference<>(object));
            loop.task("waits", () -> {
                loop.promise().await();
                return object;
            });
        });
        for (int i = 0; i < 50; i++) {
            sim.run(Duration.ofSeconds(1));
            sim.inject(death.of("server")).close();
        }
        sim.run(Duration.ofSeconds(1));
        for (int i = 0;
                i < 50 && refs.stream().filter(each -> each.get() != null).count() > 1;
                i++) {
            System.gc();
        }
        assertThat(refs).hasSize(51);
        assertThat(refs.stream().filter(each -> each.get() != null).count()).isEqualTo(1);
    }

    enum Death {
        CRASH,
        KILL;

        Fault of(String host) {
            return this == CRASH ? Faults.crash(host) : Faults.kill(host);
        }
    }

    @Test
    void whoever_awaits_something_of_a_dead_host_from_outside_is_told_so() {
        Loop loop = sim.host("client").loop("main");
        sim.schedule(Duration.ofSeconds(1), Duration.ofSeconds(1), Faults.crash("client"));
        assertThatThrownBy(
                        () -> loop.run(() -> loop.delay(Duration.ofSeconds(5)).await()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("host client crashed");
        assertThatThrownBy(() -> loop.schedule("later", () -> {})).hasMessageContaining("host client crashed");
        assertThatThrownBy(() -> loop.delay(Duration.ofSeconds(5)).await()).hasMessageContaining("host client crashed");
    }

    @Test
    void a_peer_of_a_host_without_power_hears_nothing_until_the_kernel_of_the_next_life_refuses() throws IOException {
        sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        var connection = Echo.connect(loop).await();
        Future<ByteBuf> next = connection.receive();
        try (var _ = sim.inject(Faults.crash("server"))) {
            sim.run(Duration.ofHours(2));
            assertThat(next.isDone()).isFalse();
        }
        loop.submit(() -> connection.write(Echo.text("hello"))).await();
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }

    @Test
    void the_kernel_of_a_killed_process_ends_its_connections_and_refuses_new_ones() throws IOException {
        Host server = sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        var connection = Echo.connect(loop).await();
        Future<ByteBuf> next = connection.receive();
        sim.run(Duration.ofMillis(10)); // by then the server has accepted it
        try (var _ = sim.inject(Faults.kill("server"))) {
            assertThat(server.up()).isFalse();
            assertThat(next.await()).isNull(); // its FIN
            assertThatThrownBy(() -> Echo.connect(loop).await())
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("Connection refused");
        }
        assertThat(loop.run(() -> Echo.say(Echo.connect(loop).await(), "again")))
                .isEqualTo("again");
    }

    @Test
    void the_kernel_of_a_killed_process_resets_connections_with_unread_input() throws IOException {
        Host server = sim.host("server");
        server.loop("main").listen(server.address(Echo.PORT), Pipeline.bytes(), connection -> connection.pause());
        Loop loop = sim.host("client").loop("main");
        var connection = Echo.connect(loop).await();
        loop.submit(() -> connection.write(Echo.text("never read"))).await();
        Future<ByteBuf> next = connection.receive();
        sim.run(Duration.ofMillis(10));
        sim.inject(Faults.kill("server"));
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }

    @Test
    void crashes_that_overlap_nest() {
        var boots = new ArrayList<Duration>();
        Host server = sim.host("server", host -> boots.add(sim.elapsed()));
        sim.schedule(Duration.ofSeconds(1), Duration.ofSeconds(3), Faults.crash("server"));
        sim.schedule(Duration.ofSeconds(2), Duration.ofSeconds(5), Faults.crash("server"));
        sim.schedule(Duration.ofSeconds(3), Duration.ofSeconds(6), Faults.kill("server"));
        sim.run(Duration.ofSeconds(8));
        assertThat(server.up()).isFalse();
        sim.run(Duration.ofSeconds(10));
        assertThat(boots).containsExactly(Duration.ZERO, Duration.ofSeconds(9));
    }

    @ParameterizedTest
    @EnumSource(Death.class)
    void a_death_of_which_a_loop_is_the_cause_is_followed_by_a_life_although_it_is_over_at_once(Death death) {
        var boots = new ArrayList<Duration>();
        Host server = sim.host("server", host -> boots.add(sim.elapsed()));
        Loop loop = sim.host("client").loop("main");
        var injected = new ArrayList<Injection>();
        loop.schedule("death", () -> injected.add(sim.inject(death.of("server"))));
        sim.runUntil(() -> !injected.isEmpty());
        injected.getFirst().close(); // from outside: before what the loop has requested could happen
        sim.run(Duration.ofSeconds(1));
        assertThat(server.up()).isTrue();
        assertThat(boots).hasSize(2);
        sim.inject(death.of("server")).close();
        assertThat(boots).hasSize(3);
    }

    @Test
    void a_connection_that_is_half_made_when_its_host_is_killed_is_reset() throws IOException {
        for (int micros = 1_100; micros < 2_500; micros += 200) { // resolved after 1 ms; then 0.5 ms for each segment
            try (var half = Simulation.seed(42).fix(Freedom.values())) {
                half.host("server", Echo::serve);
                Loop loop = half.host("client").loop("main");
                half.schedule(Duration.ofNanos(micros * 1_000L), Duration.ofMinutes(1), Faults.kill("server"));
                Future<ByteBuf> answer = Echo.connect(loop).flatMap(Connection::receive);
                half.runUntil(answer::isDone, Duration.ofSeconds(1));
                assertThat(answer.failure())
                        .as("killed after %d µs", micros)
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining(micros <= 1_500 ? "Connection refused" : "Connection reset");
            }
        }
    }

    @Test
    void a_name_that_was_looked_up_before_a_crash_is_told_to_nobody_after_it() {
        Host client = sim.host("client", host -> {});
        sim.host("server", Echo::serve);
        Loop loop = client.loop("main");
        Echo.connect(loop).onDone((connection, failure) -> ran.add("connected or not"));
        sim.run(Duration.ofNanos(1));
        sim.inject(Faults.crash("client")).close();
        sim.run(Duration.ofMinutes(10));
        assertThat(ran).isEmpty();
    }

    @Test
    void a_clock_begins_anywhere_after_a_loss_of_power_and_goes_on_after_the_end_of_a_process() {
        var readings = new ArrayList<Long>();
        var dates = new ArrayList<Instant>();
        sim.host("host", host -> {
            readings.add(host.loop("main").nanoTime());
            dates.add(host.wallClock().instant());
        });
        sim.run(Duration.ofSeconds(1));
        sim.inject(Faults.kill("host")).close();
        assertThat(readings.get(1) - readings.get(0)).isEqualTo(1_000_000_000L);
        sim.run(Duration.ofSeconds(1));
        sim.inject(Faults.crash("host")).close();
        assertThat(Math.abs(readings.get(2) - readings.get(1))).isGreaterThan(3_600_000_000_000L);
        assertThat(Duration.between(dates.get(0), dates.get(2))).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void an_executor_is_not_busy_with_what_died_with_its_host() {
        Host host = sim.host("host", each -> {});
        var executor = host.executor(Duration.ofSeconds(10));
        executor.execute(() -> ran.add("old work"));
        sim.run(Duration.ofSeconds(1));
        sim.inject(Faults.crash("host")).close();
        executor.execute(() -> ran.add("new work"));
        sim.run(Duration.ofSeconds(11));
        assertThat(ran).containsExactly("new work");
    }

    @Test
    void what_a_boot_has_said_holds_for_that_life() {
        var boots = new int[1];
        sim.host("host", host -> {
            int boot = ++boots[0];
            sim.eventually(Duration.ofSeconds(5), "the second life", () -> boot == 2);
            sim.always("the last life", () -> boot == boots[0]);
        });
        sim.run(Duration.ofMillis(500));
        sim.inject(Faults.crash("host")).close();
        sim.run(Duration.ofSeconds(10));
        assertThat(boots[0]).isEqualTo(2);
    }

    @Test
    void a_boot_that_opens_a_loop_as_it_always_does_opens_it_on_its_host() throws IOException {
        var loops = new ArrayList<Loop>();
        Host host = sim.host("host", each -> loops.add(Loop.open()));
        assertThat(host.loops()).hasSize(1);
        Loop loop = loops.getFirst();
        assertThat(loop.run(() -> loop.delay(Duration.ofHours(1))
                        .map(nothing -> "an hour later")
                        .await()))
                .isEqualTo("an hour later");
        assertThatThrownBy(() -> sim.host("real", each -> Loop.open(new MemoryTransport())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("host.loop(name) or Loop.open(host.transport())");
        assertThatThrownBy(() -> sim.host("failing", each -> {
                    throw new IOException("no disk");
                }))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("no disk");
    }

    @Test
    void a_task_elsewhere_fails_as_the_network_tells_it() throws IOException {
        sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        var connection = Echo.connect(loop).await();
        sim.inject(Faults.crash("server"));
        assertThatThrownBy(() -> loop.task("say", () -> Echo.say(connection, "hello"))
                        .timeout(Duration.ofSeconds(5))
                        .await())
                .isInstanceOf(DeadlineException.class);
    }
}
