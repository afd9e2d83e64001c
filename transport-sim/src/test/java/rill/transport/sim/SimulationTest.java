package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.TaskEngine;
import rill.spi.Transport;
import rill.testing.MemoryTransport;
import rill.testkit.Leaks;

/** Hosts, time, and drivers. */
@ExtendWith(Leaks.class)
class SimulationTest {
    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final List<String> seen = new ArrayList<>();

    @AfterEach
    void close() {
        sim.close();
    }

    private static void pass(Loop loop, Duration time) throws IOException {
        Promise<String> later = loop.promise();
        loop.schedule(time, "later", () -> later.complete("later"));
        later.await();
    }

    @ParameterizedTest
    @EnumSource
    void the_production_loop_talks_in_virtual_time(TaskEngine engine) throws IOException {
        sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop(LoopOptions.defaults().taskEngine(engine));
        String answer = loop.run(() -> {
            var connection = Echo.connect(loop).await();
            String first = Echo.say(connection, "hello");
            pass(loop, Duration.ofHours(1));
            String second = Echo.say(connection, " again");
            connection.close();
            connection.closed().await();
            return first + second;
        });
        assertThat(answer).isEqualTo("hello again");
        assertThat(sim.elapsed())
                .isBetween(Duration.ofHours(1), Duration.ofHours(1).plusSeconds(1));
    }

    @Test
    void a_round_trip_takes_twice_the_latency() throws IOException {
        sim.latency(Latency.fixed(Duration.ofMillis(20)));
        Host server = sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        loop.run(() -> {
            var connection = loop.connect(server.address(Echo.PORT), rill.Pipeline.bytes())
                    .await();
            assertThat(sim.elapsed()).isEqualTo(Duration.ofMillis(40));
            Echo.say(connection, "hello");
            assertThat(sim.elapsed()).isEqualTo(Duration.ofMillis(80));
            connection.close();
            return null;
        });
    }

    @Test
    void whoever_awaits_outside_drives_all_loops() throws IOException {
        sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        var connection = Echo.connect(loop).await();
        assertThat(loop.task(() -> Echo.say(connection, "hello")).await()).isEqualTo("hello");
    }

    @Test
    void two_loops_of_one_host_and_a_loop_opened_by_hand_live_in_the_same_time() throws IOException {
        Host host = sim.host("host");
        Loop one = host.loop("one");
        try (Loop other = Loop.open(host.transport())) {
            List<String> order = new ArrayList<>();
            one.schedule(Duration.ofMillis(2), "b", () -> order.add("b"));
            other.schedule(Duration.ofMillis(1), "a", () -> order.add("a"));
            one.schedule(Duration.ofMillis(3), "c", () -> order.add("c"));
            sim.run(Duration.ofMillis(10));
            assertThat(order).containsExactly("a", "b", "c");
            assertThat(sim.elapsed()).isEqualTo(Duration.ofMillis(10));
        }
    }

    @Test
    void a_task_awaits_a_future_of_another_host() throws IOException {
        Loop one = sim.host("one").loop("main");
        Loop other = sim.host("other").loop("main");
        int sum = one.run(
                () -> other.submit(() -> 20).await() + other.task(() -> 22).await());
        assertThat(sum).isEqualTo(42);
    }

    @Test
    void a_condition_is_met_or_can_never_be() {
        Loop loop = sim.host("client").loop("main");
        loop.schedule(Duration.ofDays(1), "far ahead", () -> seen.add("it"));
        sim.runUntil(() -> !seen.isEmpty());
        assertThat(sim.elapsed()).isEqualTo(Duration.ofDays(1));
        loop.task("a waiter", () -> loop.promise().await());
        sim.expect(LeftBehindException.class::isInstance);
        assertThatThrownBy(() -> sim.runUntil(() -> seen.size() > 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("seed 42")
                .hasMessageContaining("nothing is left that could happen")
                .hasMessageContaining("loop client/main of host client")
                .hasMessageContaining("Task a waiter (awaiting a Promise of client/main)");
    }

    @Test
    void a_run_that_never_ends_is_ended_and_tells_who_waits_for_what() throws IOException {
        sim.limits(1_000, Duration.ofHours(1));
        sim.host("server", Echo::serve);
        Loop loop = sim.host("client").loop("main");
        loop.run(() -> Echo.connect(loop).await());
        class Again implements Runnable {
            @Override
            public void run() {
                loop.schedule("again", this);
            }
        }
        loop.schedule("again", new Again());
        assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1)))
                .hasMessageContaining("more than 1000 steps")
                .hasMessageContaining("host client at 10.0.0.2")
                .hasMessageContaining("connection 1 client/10.0.0.2:32768 → server/10.0.0.1:7 OPEN");
    }

    @Test
    void a_run_whose_time_is_up_is_ended() {
        sim.limits(1_000, Duration.ofHours(1));
        Loop loop = sim.host("client").loop("main");
        loop.schedule(Duration.ofHours(2), "too late", () -> {});
        assertThatThrownBy(() -> sim.run(Duration.ofHours(3)))
                .hasMessageContaining("time is up after PT1H")
                .hasMessageContaining("next timer in");
    }

    @Test
    void mistakes_of_the_caller_are_named() {
        sim.host("server");
        assertThatThrownBy(() -> sim.host("server")).hasMessage("there is a host server already");
        assertThatThrownBy(() -> sim.host(" ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sim.inject(Faults.cut("server", "serer")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no host serer; the hosts are server");
        assertThatThrownBy(() -> Latency.fixed(Duration.ofMillis(-1))).hasMessage("negative latency: PT-0.001S");
        assertThatThrownBy(() -> Faults.loss("a", "b", 1.5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sim.run(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sim.limits(0, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sim.schedule(Duration.ofMillis(-1), Duration.ZERO, Faults.swarm()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_foreign_thread_that_touches_a_loop_fails_there_and_in_the_next_step() throws Exception {
        Loop loop = sim.host("client").loop("main");
        var there = new AtomicReference<Throwable>();
        Thread foreign = Thread.ofPlatform().name("foreign").start(() -> {
            try {
                loop.schedule("from elsewhere", () -> {});
            } catch (IllegalStateException e) {
                there.set(e);
            }
        });
        foreign.join();
        assertThat(there.get()).hasMessageContaining("handing work to client/main on thread foreign");
        assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1))).hasMessageContaining("on thread foreign");
    }

    @ParameterizedTest
    @EnumSource
    void a_task_that_blocks_is_an_error_at_once(TaskEngine engine) {
        Loop loop = sim.host("client")
                .loop(LoopOptions.defaults().taskEngine(engine).name("main"));
        var never = new CountDownLatch(1);
        try {
            var task = loop.task("sleeper", () -> never.await(1, java.util.concurrent.TimeUnit.MINUTES));
            assertThatThrownBy(task::await)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Task main/sleeper blocks")
                    .hasMessageContaining("CountDownLatch.await");
        } finally {
            never.countDown();
        }
    }

    @Test
    void a_callback_that_sleeps_is_an_error() {
        Loop loop = sim.host("client").loop("main");
        loop.schedule("sleeper", () -> {
            try {
                Thread.sleep(Duration.ofMinutes(1));
            } catch (InterruptedException told) {
                seen.add("told");
            }
        });
        assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a callback of client/main sleeps or waits")
                .hasMessageContaining("Thread.sleep");
        assertThat(seen).containsExactly("told");
    }

    @Test
    void a_callback_that_was_woken_up_leaves_no_interrupt_behind() {
        Loop loop = sim.host("client").loop("main");
        loop.schedule("sleeper", () -> {
            try {
                Thread.sleep(Duration.ofMinutes(1));
            } catch (InterruptedException told) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1))).hasMessageContaining("sleeps or waits");
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void on_a_thread_that_is_interrupted_time_does_not_pass_and_that_is_an_error() {
        Loop loop = sim.host("client").loop("main");
        loop.schedule(Duration.ofSeconds(1), "timer", () -> seen.add("timer"));
        List<ThrowableAssert.ThrowingCallable> waysToPass = List.of(
                () -> sim.run(Duration.ofSeconds(2)),
                () -> sim.runUntil(() -> !seen.isEmpty()),
                () -> sim.runUntil(() -> !seen.isEmpty(), Duration.ofSeconds(2)));
        for (var pass : waysToPass) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(pass)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("seed 42: thread ")
                    .hasMessageContaining(" is interrupted");
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(seen).isEmpty();
        sim.runUntil(() -> !seen.isEmpty(), Duration.ofSeconds(2));
    }

    @Test
    void on_a_thread_that_is_interrupted_no_time_passes_even_if_nothing_is_due() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> sim.run(Duration.ofSeconds(2))).hasMessageContaining(" is interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(sim.elapsed()).isZero();
    }

    @Test
    void a_run_of_a_seed_does_not_suffer_from_an_interrupt_of_an_earlier_one() {
        Thread.currentThread().interrupt();
        Trial trial = Trial.run(1, simulation -> simulation.run(Duration.ofSeconds(1)));
        assertThat(Thread.interrupted()).isFalse();
        assertThat(trial.failure()).isNull();
    }

    @Test
    void durations_of_centuries_are_as_long_as_can_be() throws IOException {
        var ages = Duration.ofSeconds(Long.MAX_VALUE);
        Host host = sim.host("client", each -> seen.add("boot"));
        sim.host("server", Echo::serve);
        Loop loop = host.loop("main");
        sim.limits(1_000_000, ages);
        sim.eventually(ages, "a timer", () -> seen.contains("timer"));
        sim.schedule(ages, ages, Faults.crash("client"));
        sim.schedule(Duration.ofSeconds(1), ages, Faults.nameIsSlow("server", ages));
        sim.inject(Faults.swarm().only("client").calm(ages)).close();
        for (int i = 0; i < 3; i++) {
            host.executor(ages).execute(() -> seen.add("work"));
        }
        loop.schedule(Duration.ofDays(1), "timer", () -> seen.add("timer"));
        sim.runUntil(() -> seen.contains("timer"), ages);
        assertThat(sim.elapsed()).isEqualTo(Duration.ofDays(1));
        assertThat(seen).containsExactly("boot", "timer");

        sim.inject(Faults.latency("client", "server", Latency.logNormal(ages, 5)));
        sim.inject(Faults.slow("client", ages));
        Echo.connect(loop).onDone((connection, failure) -> seen.add("connected or not"));
        sim.run(Duration.ofDays(365));
        assertThat(sim.elapsed()).isEqualTo(Duration.ofDays(366));
        assertThat(seen).containsExactly("boot", "timer");
    }

    @Test
    void a_callback_that_waits_for_a_thread_is_an_error() {
        Loop loop = sim.host("client").loop("main");
        Thread other = Thread.ofPlatform().daemon().name("another").start(() -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException over) {
                seen.add("over");
            }
        });
        loop.schedule("waiter", () -> {
            try {
                other.join();
            } catch (InterruptedException told) {
                seen.add("told");
            }
        });
        try {
            assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1)))
                    .hasMessageContaining("a callback of client/main sleeps or waits")
                    .hasMessageContaining("Thread.join");
            assertThat(seen).containsExactly("told");
        } finally {
            other.interrupt();
        }
    }

    @Test
    void a_stage_that_another_thread_would_complete_never_comes_and_that_is_said() {
        Loop loop = sim.host("client").loop("main");
        assertThatThrownBy(() -> loop.run(() -> Future.from(new java.util.concurrent.CompletableFuture<String>())
                        .await()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("what other threads, or stages that they complete, would do never comes here")
                .hasMessageContaining("host.executor(cost)");
        sim.expect(LeftBehindException.class::isInstance);
    }

    @Test
    void real_sockets_within_a_simulation_are_refused() {
        Loop loop = sim.host("client").loop("main");
        Transport real = new MemoryTransport();
        assertThatThrownBy(() -> loop.run(() -> Loop.open(real)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("within client/main, whose time is that of its simulation");
    }
}
