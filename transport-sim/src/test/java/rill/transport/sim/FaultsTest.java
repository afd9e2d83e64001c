package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.testkit.Leaks;

/** Each fault, and how a client observes it. */
@ExtendWith(Leaks.class)
class FaultsTest {
    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private Host server;
    private Loop loop;

    @BeforeEach
    void open() {
        server = sim.host("server", Echo::serve);
        loop = sim.host("client").loop("main");
    }

    @AfterEach
    void close() {
        sim.close();
    }

    private Duration timeOf(Future<?> future) throws IOException {
        Duration before = sim.elapsed();
        future.await();
        return sim.elapsed().minus(before);
    }

    private Future<String> say(Connection<ByteBuf, ByteBuf> connection, String text) {
        return loop.task("say", () -> Echo.say(connection, text));
    }

    @Test
    void a_cut_of_seconds_is_seen_as_delay() throws IOException {
        var connection = Echo.connect(loop).await();
        sim.schedule(Duration.ZERO, Duration.ofSeconds(3), Faults.cut("client", "server"));
        sim.run(Duration.ofMillis(1));
        assertThat(timeOf(say(connection, "hello"))).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8));
    }

    @Test
    void a_cut_that_lasts_ends_in_a_timeout_after_a_quarter_of_an_hour() throws IOException {
        var connection = Echo.connect(loop).await();
        say(connection, "hello").await();
        try (var cut = sim.inject(Faults.cut("client", "server"))) {
            assertThat(cut.toString()).isEqualTo("cut client – server");
            Future<String> answer = say(connection, "lost");
            assertThatThrownBy(answer::await)
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("Connection timed out");
            assertThat(sim.elapsed()).isBetween(Duration.ofMinutes(10), Duration.ofMinutes(30));
        }
    }

    @Test
    void a_cut_in_one_direction_loses_the_answers_only() throws IOException {
        var connection = Echo.connect(loop).await();
        try (var _ = sim.inject(Faults.cutOneWay("server", "client"))) {
            Future<String> answer = say(connection, "hello").timeout(Duration.ofSeconds(5));
            assertThatThrownBy(answer::await).isInstanceOf(DeadlineException.class);
        }
    }

    @Test
    void what_is_held_comes_when_it_is_released() throws IOException {
        var connection = Echo.connect(loop).await();
        var hold = sim.inject(Faults.hold("server", "client"));
        Future<String> answer = say(connection, "hello");
        sim.run(Duration.ofSeconds(2));
        assertThat(answer.isDone()).isFalse();
        hold.close();
        hold.close();
        assertThat(timeOf(answer)).isLessThan(Duration.ofMillis(10));
    }

    @Test
    void latency_and_bandwidth_slow_down_one_direction() throws IOException {
        var connection = Echo.connect(loop).await();
        try (var _ = sim.inject(Faults.latency("client", "server", Latency.fixed(Duration.ofMillis(100))))) {
            assertThat(timeOf(say(connection, "hello"))).isEqualTo(Duration.ofNanos(100_500_000));
        }
        try (var _ = sim.inject(Faults.bandwidth("client", "server", 1_000))) {
            assertThat(timeOf(say(connection, "x".repeat(1_000))))
                    .isBetween(Duration.ofMillis(1_040), Duration.ofMillis(1_100));
        }
    }

    @Test
    void what_waits_for_bandwidth_goes_at_the_new_one_and_at_once_when_there_is_no_limit_any_more() throws IOException {
        var connection = Echo.connect(loop).await();
        String text = "x".repeat(60_000);
        Future<String> slow;
        try (var _ = sim.inject(Faults.bandwidth("client", "server", 500))) {
            slow = say(connection, text); // takes minutes at this bandwidth
            sim.run(Duration.ofSeconds(1));
        }
        assertThat(timeOf(slow)).isLessThan(Duration.ofSeconds(1));
        sim.run(Duration.ofSeconds(10));
        try (var _ = sim.inject(Faults.bandwidth("client", "server", 500))) {
            slow = say(connection, text);
            sim.run(Duration.ofSeconds(1));
            try (var _ = sim.inject(Faults.bandwidth("client", "server", 1_000_000))) {
                assertThat(timeOf(slow)).isLessThan(Duration.ofSeconds(1));
            }
        }
    }

    @Test
    void a_reset_passes_no_cut_and_waits_where_segments_are_held() throws IOException {
        var connection = Echo.connect(loop).await();
        Future<ByteBuf> next = connection.receive();
        try (var _ = sim.inject(Faults.cut("client", "server"))) {
            sim.inject(Faults.reset("client", "server"));
            sim.run(Duration.ofSeconds(1));
        }
        assertThat(next.isDone()).isFalse();
        try (var _ = sim.inject(Faults.hold("server", "client"))) {
            sim.inject(Faults.reset("client", "server"));
            sim.run(Duration.ofSeconds(1));
            assertThat(next.isDone()).isFalse();
        }
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }

    @Test
    void loss_is_seen_as_delay_and_the_stream_stays_whole() throws IOException {
        var connection = Echo.connect(loop).await();
        var text = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            text.append(i).append(',');
        }
        try (var _ = sim.inject(Faults.loss("client", "server", 0.1));
                var _ = sim.inject(Faults.loss("server", "client", 0.1))) {
            assertThat(say(connection, text.toString()).await()).isEqualTo(text.toString());
        }
        assertThat(sim.elapsed()).isGreaterThan(Duration.ofMillis(15)); // 7 without loss
    }

    @Test
    void a_reset_reaches_both_ends() throws IOException {
        var connection = Echo.connect(loop).await();
        Future<ByteBuf> next = connection.receive();
        sim.inject(Faults.reset("server", "client"));
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }

    @Test
    void connections_are_refused_swallowed_and_taken_again() throws IOException {
        try (var _ = sim.inject(Faults.refuse("server", Echo.PORT))) {
            assertThatThrownBy(() -> Echo.connect(loop).await())
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("Connection refused");
        }
        try (var _ = sim.inject(Faults.blackhole("server", Echo.PORT))) {
            assertThatThrownBy(() -> Echo.connect(loop).await()).isInstanceOf(DeadlineException.class);
        }
        assertThat(say(Echo.connect(loop).await(), "hello").await()).isEqualTo("hello");
    }

    @Test
    void a_crash_takes_everything_and_a_restart_begins_anew() throws IOException {
        var connection = Echo.connect(loop).await();
        say(connection, "hello").await();
        try (var _ = sim.inject(Faults.crash("server"))) {
            assertThat(server.up()).isFalse();
            assertThatThrownBy(() -> server.loop("another")).hasMessageContaining("host server is down");
        }
        assertThat(server.up()).isTrue();
        assertThatThrownBy(() -> say(connection, "to whom?").await())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("Connection reset");
        assertThat(say(Echo.connect(loop).await(), "hello").await()).isEqualTo("hello");
    }

    @Test
    void a_host_that_stands_still_answers_late_but_its_kernel_acknowledges() throws IOException {
        var connection = Echo.connect(loop).await();
        sim.schedule(Duration.ZERO, Duration.ofHours(1), Faults.pause("server"));
        sim.run(Duration.ofMillis(1));
        assertThat(timeOf(say(connection, "hello"))).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(61));
    }

    @Test
    void what_an_executor_and_the_resolver_do_for_a_host_stands_still_with_it() {
        var done = new java.util.ArrayList<Duration>();
        Host client = sim.hosts().get(1);
        sim.schedule(Duration.ZERO, Duration.ofSeconds(30), Faults.pause("client"));
        sim.run(Duration.ofNanos(1));
        client.executor(Duration.ofSeconds(1)).execute(() -> done.add(sim.elapsed()));
        sim.run(Duration.ofMinutes(1));
        assertThat(done).containsExactly(Duration.ofSeconds(30));
    }

    @Test
    void a_slow_host_takes_its_time() throws IOException {
        var connection = Echo.connect(loop).await();
        try (var _ = sim.inject(Faults.slow("server", Duration.ofMillis(50)))) {
            say(connection, "hello").await();
            assertThat(timeOf(say(connection, "hello"))).isGreaterThan(Duration.ofMillis(40));
        }
    }

    @Test
    void names_fail_and_are_slow() throws IOException {
        try (var _ = sim.inject(Faults.nameFails("server"))) {
            assertThatThrownBy(() -> Echo.connect(loop).await())
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessageContaining("a fault makes the name fail");
        }
        try (var _ = sim.inject(Faults.nameIsSlow("server", Duration.ofSeconds(3)))) {
            assertThat(timeOf(Echo.connect(loop))).isGreaterThan(Duration.ofSeconds(3));
        }
        assertThatThrownBy(() ->
                        loop.connect(Echo.at("nowhere"), rill.Pipeline.bytes()).await())
                .isInstanceOf(UnknownHostException.class)
                .hasMessage("unknown host: nowhere; the hosts are server, client");
    }

    @Test
    void a_fast_clock_is_early() throws IOException {
        try (var _ = sim.inject(Faults.clockRate("client", 2.0))) {
            assertThatThrownBy(
                            () -> loop.promise().timeout(Duration.ofSeconds(10)).await())
                    .isInstanceOf(DeadlineException.class);
            assertThat(sim.elapsed()).isEqualTo(Duration.ofSeconds(5));
        }
    }

    private boolean reaches(String from, String to) {
        Host host = sim.hosts().stream()
                .filter(each -> each.name().equals(from))
                .findFirst()
                .orElseThrow();
        Loop one =
                host.loops().isEmpty() ? host.loop("main") : (Loop) host.loops().getFirst().loop;
        Future<?> answer = one.task(
                        "reach",
                        () -> Echo.say(
                                one.connect(Echo.at(to), rill.Pipeline.bytes()).await(), "hello"))
                .timeout(Duration.ofMillis(500));
        sim.run(Duration.ofSeconds(1));
        return answer.isDone() && answer.failure() == null;
    }

    @Test
    void a_partition_has_two_sides_and_whoever_is_added_is_on_the_other() {
        sim.host("a", Echo::serve);
        sim.host("b", Echo::serve);
        try (var partition = sim.inject(Faults.partition("a", "server"))) {
            assertThat(partition).hasToString("partition a, server | all others");
            sim.host("late", Echo::serve);
            assertThat(reaches("a", "server")).isTrue();
            assertThat(reaches("b", "late")).isTrue();
            assertThat(reaches("a", "b")).isFalse();
            assertThat(reaches("b", "server")).isFalse();
            assertThat(reaches("late", "server")).isFalse();
        }
        assertThat(reaches("late", "server")).isTrue();
        try (var partition = sim.inject(Faults.partition(List.of("a", "b"), List.of("server")))) {
            assertThat(partition).hasToString("partition a, b | server");
            assertThat(reaches("a", "b")).isTrue();
            assertThat(reaches("b", "server")).isFalse();
            assertThat(reaches("late", "a")).isTrue(); // on neither side
            assertThat(reaches("late", "server")).isTrue();
        }
        assertThatThrownBy(() -> Faults.partition()).hasMessage("a side of a partition has at least one host");
        assertThatThrownBy(() -> Faults.partition(List.of("a"), List.of("a"))).hasMessageContaining("not on both");
        assertThatThrownBy(() -> sim.inject(Faults.partition("aa"))).hasMessageContaining("there is no host aa");
    }

    @Test
    void who_is_isolated_is_isolated_from_whoever_is_added_as_well() {
        sim.inject(Faults.isolate("server"));
        sim.host("late", Echo::serve);
        assertThat(reaches("late", "server")).isFalse();
        assertThat(reaches("client", "late")).isTrue();
    }

    @Test
    void a_fault_injected_from_a_task_works_as_well() throws IOException {
        loop.run(() -> {
            var connection = Echo.connect(loop).await();
            try (var _ = sim.inject(Faults.crash("server"))) {
                assertThatThrownBy(() ->
                                loop.promise().timeout(Duration.ofSeconds(1)).await())
                        .isInstanceOf(DeadlineException.class);
                assertThat(server.up()).isFalse();
            }
            assertThatThrownBy(() -> {
                        Echo.say(connection, "one");
                    })
                    .isInstanceOf(IOException.class);
            return null;
        });
    }
}
