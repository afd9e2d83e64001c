package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** What different seeds cause without any fault. */
@ExtendWith(Leaks.class)
class FreedomTest {
    private static <T> Set<T> outcomes(int seeds, Function<Simulation, T> run) {
        var outcomes = new HashSet<T>();
        for (int seed = 1; seed <= seeds; seed++) {
            try (var sim = Simulation.seed(seed)) {
                outcomes.add(run.apply(sim));
            }
        }
        return outcomes;
    }

    /** Two loops on two hosts have timers at the same instant. */
    private static List<String> timersOfTwoHosts(Simulation sim) {
        var order = new ArrayList<String>();
        for (String name : List.of("a", "b")) {
            sim.host(name).loop("main").schedule(Duration.ofSeconds(1), "timer", () -> order.add(name));
        }
        sim.run(Duration.ofSeconds(2));
        return order;
    }

    @Test
    void what_is_due_at_one_instant_on_different_hosts_comes_in_any_order() {
        assertThat(outcomes(50, FreedomTest::timersOfTwoHosts))
                .containsExactlyInAnyOrder(List.of("a", "b"), List.of("b", "a"));
        assertThat(outcomes(50, sim -> timersOfTwoHosts(sim.fix(Freedom.values()))))
                .containsExactly(List.of("a", "b"));
    }

    @Test
    void on_one_loop_the_order_of_handles_and_timers_stays() {
        var expected = List.of("1", "2", "3", "timer 1", "timer 2");
        assertThat(outcomes(50, sim -> {
                    var order = new ArrayList<String>();
                    Loop loop = sim.host("a").loop("main");
                    loop.schedule(Duration.ofSeconds(1), "timer 1", () -> order.add("timer 1"));
                    loop.schedule(Duration.ofSeconds(1), "timer 2", () -> order.add("timer 2"));
                    for (String each : List.of("1", "2", "3")) {
                        loop.execute(() -> order.add(each));
                    }
                    sim.run(Duration.ofSeconds(2));
                    return (List<String>) order;
                }))
                .containsExactly(expected);
    }

    /** How a text of ten bytes arrives. */
    private static List<String> pieces(Simulation sim) {
        var pieces = new ArrayList<String>();
        Host server = sim.host("server");
        Future<Listener> listening = server.loop("main")
                .listen(
                        server.address(Echo.PORT),
                        Pipeline.bytes(),
                        connection -> connection.onMessage(bytes -> {
                            pieces.add(bytes.toString(StandardCharsets.US_ASCII));
                            bytes.release();
                        }));
        Loop loop = sim.host("client").loop("main");
        try {
            listening.await();
            loop.run(() -> Echo.connect(loop).await().write(Echo.text("0123456789")));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        sim.run(Duration.ofSeconds(5));
        assertThat(String.join("", pieces)).isEqualTo("0123456789");
        return pieces;
    }

    @Test
    void a_message_below_one_segment_arrives_split_at_any_byte() {
        Set<List<String>> seen = outcomes(400, FreedomTest::pieces);
        for (int at = 1; at < 10; at++) {
            int length = at;
            assertThat(seen).anyMatch(pieces -> pieces.getFirst().length() == length);
        }
        assertThat(outcomes(50, sim -> pieces(sim.fix(Freedom.PIECES)))).containsExactly(List.of("0123456789"));
    }

    @Test
    void messages_sent_apart_arrive_together_and_apart() {
        assertThat(outcomes(100, sim -> {
                    var pieces = new ArrayList<Integer>();
                    Host server = sim.fix(Freedom.PIECES).host("server");
                    server.loop("main")
                            .listen(
                                    server.address(Echo.PORT),
                                    Pipeline.bytes(),
                                    connection -> connection.onMessage(bytes -> {
                                        pieces.add(bytes.readableBytes());
                                        bytes.release();
                                    }));
                    Loop loop = sim.host("client").loop("main");
                    loop.task("write", () -> {
                        Connection<ByteBuf, ByteBuf> connection =
                                Echo.connect(loop).await();
                        for (int i = 0; i < 4; i++) {
                            connection.write(Unpooled.directBuffer(1).writeByte('x'));
                            loop.delay(Duration.ofNanos(100_000)).await();
                        }
                        return null;
                    });
                    sim.run(Duration.ofSeconds(5));
                    return pieces.size();
                }))
                .contains(1, 4);
    }

    @Test
    void segments_take_different_times_and_exactly_as_long_if_that_is_fixed() {
        assertThat(outcomes(50, FreedomTest::timeOfAnEcho).size()).isGreaterThan(20);
        assertThat(outcomes(50, sim -> timeOfAnEcho(sim.fix(Freedom.values()))))
                .containsExactly(Duration.ofMillis(2).plusMillis(1)); // name resolution, connection, there and back
    }

    private static Duration timeOfAnEcho(Simulation sim) {
        sim.host("server", Echo::serve);
        sim.run(Duration.ofMillis(10));
        Loop loop = sim.host("client").loop("main");
        try {
            loop.run(() -> Echo.say(Echo.connect(loop).await(), "hello"));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return sim.elapsed().minusMillis(10);
    }

    @Test
    void ticks_come_late_in_some_seeds_and_on_time_if_that_is_fixed() {
        assertThat(outcomes(200, FreedomTest::isLate)).containsExactlyInAnyOrder(false, true);
        assertThat(outcomes(50, sim -> isLate(sim.fix(Freedom.WAKE_UPS)))).containsExactly(false);
    }

    private static boolean isLate(Simulation sim) {
        var times = new ArrayList<Duration>();
        Loop loop = sim.host("client").loop("main");
        loop.schedule(Duration.ofSeconds(1), "on time", () -> times.add(sim.elapsed()));
        sim.run(Duration.ofSeconds(2));
        return times.getFirst().compareTo(Duration.ofSeconds(1)) > 0;
    }

    @Test
    void loops_have_ticks_for_nothing_in_some_seeds_and_none_if_that_is_fixed() {
        assertThat(outcomes(100, FreedomTest::ticksForNothing).size()).isGreaterThan(2);
        assertThat(outcomes(20, sim -> ticksForNothing(sim.fix(Freedom.WAKE_UPS))))
                .containsExactly(0L);
    }

    /** Ticks of an idle loop beside a busy one. */
    private static long ticksForNothing(Simulation sim) {
        Host server = sim.host("server", Echo::serve);
        Loop idle = server.loop("idle");
        sim.run(Duration.ofMillis(10));
        long before = idle.metrics().work().ticks();
        Loop loop = sim.host("client").loop("main");
        try {
            loop.run(() -> {
                Connection<ByteBuf, ByteBuf> connection = Echo.connect(loop).await();
                for (int i = 0; i < 20; i++) {
                    Echo.say(connection, "hello");
                }
            });
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return idle.metrics().work().ticks() - before;
    }

    @Test
    void buffers_are_small_in_some_seeds_and_as_usual_if_that_is_fixed() {
        assertThat(outcomes(50, FreedomTest::takenWithoutReader)).hasSizeGreaterThan(10);
        Set<Long> usual = outcomes(20, sim -> takenWithoutReader(sim.fix(Freedom.BUFFERS)));
        assertThat(usual).hasSize(1).allMatch(bytes -> bytes > 1.5 * Outgoing.BUFFER);
    }

    /** The number of bytes that both ends hold if nobody reads. */
    private static long takenWithoutReader(Simulation sim) {
        sim.fix(Freedom.PIECES, Freedom.FLUSHES, Freedom.WAKE_UPS);
        Host server = sim.host("server");
        server.loop("main").listen(server.address(Echo.PORT), Pipeline.bytes(), connection -> {});
        sim.run(Duration.ofMillis(10));
        Loop loop = sim.host("client").loop("main");
        try {
            Connection<ByteBuf, ByteBuf> connection =
                    loop.run(() -> Echo.connect(loop).await());
            loop.submit(() -> connection.write(Unpooled.directBuffer(600_000).writeZero(600_000)));
            sim.run(Duration.ofSeconds(10));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return sim.hosts().stream()
                .flatMap(host -> host.tcps.stream())
                .mapToLong(tcp -> tcp.out.buffered() + tcp.in.buffered())
                .sum();
    }

    @Test
    void what_a_seed_has_chosen_is_told() {
        try (var sim = Simulation.seed(1)) {
            assertThat(sim.chosen()).isNotEmpty();
            assertThat(sim.fix(Freedom.values()).chosen()).isEqualTo("nothing");
        }
        assertThat(outcomes(30, Simulation::chosen).size()).isGreaterThan(25);
    }
}
