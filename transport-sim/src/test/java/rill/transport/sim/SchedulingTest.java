package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** The order of events, and which of them the hash covers. */
@ExtendWith(Leaks.class)
class SchedulingTest {
    private final List<String> seen = new ArrayList<>();

    private static void play(Agenda agenda) {
        for (Event next = agenda.take(); next != null; next = agenda.take()) {
            next.happen();
        }
    }

    // ---- one instant

    @Test
    void faults_come_first_in_their_instant_and_what_is_planned_within_it_comes_last() {
        for (int seed = 1; seed <= 50; seed++) {
            seen.clear();
            var agenda = new Agenda(new Chance(seed));
            agenda.at(5, () -> {
                seen.add("early");
                agenda.at(5, () -> seen.add("planned within"));
            });
            agenda.at(5, () -> seen.add("early"));
            agenda.at(5, () -> seen.add("early"));
            agenda.fault(5, () -> seen.add("fault"));
            play(agenda);
            assertThat(seen).as("seed %d", seed).containsExactly("fault", "early", "early", "early", "planned within");
        }
    }

    // ---- timers and clocks

    @Test
    void a_timer_that_is_set_later_for_an_earlier_time_is_not_late() {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Loop loop = sim.host("host").loop("main");
            loop.schedule(Duration.ofSeconds(10), "late", () -> seen.add("late at " + sim.elapsed()));
            sim.run(Duration.ofMillis(1));
            loop.schedule(Duration.ofMillis(999), "early", () -> seen.add("early at " + sim.elapsed()));
            sim.run(Duration.ofSeconds(20));
            assertThat(seen).containsExactly("early at PT1S", "late at PT10S");
        }
    }

    @Test
    void a_clock_that_changes_its_rate_moves_the_timers_that_are_set_and_never_jumps() {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Loop loop = sim.host("host").loop("main");
            long start = loop.nanoTime();
            loop.schedule(Duration.ofSeconds(10), "timer", () -> seen.add("at " + sim.elapsed()));
            sim.run(Duration.ofSeconds(4));
            try (var _ = sim.inject(Faults.clockRate("host", 3))) {
                assertThat(loop.nanoTime() - start)
                        .isEqualTo(Duration.ofSeconds(4).toNanos());
                sim.run(Duration.ofSeconds(1));
                assertThat(loop.nanoTime() - start)
                        .isEqualTo(Duration.ofSeconds(7).toNanos());
                sim.run(Duration.ofSeconds(3));
            }
            assertThat(seen).containsExactly("at PT6S");
            assertThat(loop.nanoTime() - start).isEqualTo(Duration.ofSeconds(16).toNanos());
            sim.run(Duration.ofSeconds(1));
            assertThat(loop.nanoTime() - start).isEqualTo(Duration.ofSeconds(17).toNanos());
        }
    }

    @Test
    void a_host_that_was_paused_goes_on_with_what_waited_once() {
        try (var sim = Simulation.seed(1).fix(Freedom.values()).record()) {
            Loop loop = sim.host("host").loop("main");
            for (int i = 1; i <= 3; i++) {
                loop.schedule(Duration.ofSeconds(i), "timer", () -> seen.add("at " + sim.elapsed()));
            }
            sim.schedule(Duration.ofMillis(500), Duration.ofSeconds(2), Faults.pause("host"));
            sim.schedule(Duration.ofMillis(2_700), Duration.ofMillis(100), Faults.pause("host"));
            sim.run(Duration.ofSeconds(5));
            assertThat(seen).containsExactly("at PT2.5S", "at PT2.5S", "at PT3S");
            long ticks = sim.trace().entries().stream()
                    .filter(each -> each.kind() == Trace.Kind.TICK && each.time() > 2_600_000_000L)
                    .count();
            assertThat(ticks).isEqualTo(1);
        }
    }

    @Test
    void a_slow_host_takes_its_time_for_each_tick() {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Loop loop = sim.host("host").loop("main");
            sim.inject(Faults.slow("host", Duration.ofMillis(100)));
            for (int i = 0; i < 4; i++) {
                loop.schedule(Duration.ofMillis(10 + i), "timer", () -> seen.add("at " + sim.elapsed()));
            }
            sim.run(Duration.ofSeconds(1));
            assertThat(seen.getFirst()).isEqualTo("at PT0.1S"); // after the tick that set them
            assertThat(seen).hasSize(4).containsOnly("at PT0.1S");
            loop.schedule(Duration.ZERO, "one", () -> loop.schedule(Duration.ZERO, "next", () -> seen.add("next")));
            sim.run(Duration.ofMillis(99));
            assertThat(seen).doesNotContain("next");
            sim.run(Duration.ofMillis(101));
            assertThat(seen).contains("next");
        }
    }

    @Test
    void among_several_loops_with_work_any_may_be_next() {
        var firsts = new HashSet<String>();
        for (int seed = 1; seed <= 40; seed++) {
            seen.clear();
            try (var sim = Simulation.seed(seed).fix(Freedom.WAKE_UPS)) {
                for (int i = 0; i < 3; i++) {
                    Loop loop = sim.host("host" + i).loop("main");
                    loop.schedule(Duration.ZERO, "work", () -> seen.add(loop.name()));
                }
                sim.run(Duration.ofSeconds(1));
                firsts.add(seen.getFirst());
            }
        }
        assertThat(firsts).hasSize(3);
    }

    // ---- segments

    @Test
    void segments_of_one_direction_stay_in_order_whatever_they_take() throws IOException {
        try (var sim = Simulation.seed(3)
                .fix(Freedom.values())
                .latency(Latency.uniform(Duration.ofMillis(1), Duration.ofMillis(100)))
                .record()) {
            Host server = sim.host("server");
            server.loop("main")
                    .listen(server.address(7), Pipeline.bytes(), connection -> connection.onMessage(ByteBuf::release))
                    .await();
            Loop loop = sim.host("client").loop("main");
            var connection = loop.connect(server.address(7), Pipeline.bytes()).await();
            loop.submit(() -> connection.write(Unpooled.directBuffer(60_000).writeZero(60_000)))
                    .await();
            sim.run(Duration.ofSeconds(5));
            List<Long> arrived = sim.trace().entries().stream()
                    .filter(each -> each.kind() == Trace.Kind.ARRIVED && each.host() == 1)
                    .map(Trace.Entry::number)
                    .toList();
            assertThat(arrived).hasSizeGreaterThan(40).isSorted();
        }
    }

    // ---- the hash

    private static String hashOf(Consumer<Trace> what) {
        var agenda = new Agenda(new Chance(1));
        agenda.advance(1);
        var trace = new Trace(agenda);
        what.accept(trace);
        return trace.hash();
    }

    @Test
    void everything_that_is_told_of_an_event_is_in_the_hash() {
        byte[] bytes = new byte[19];
        byte[] inWord = bytes.clone();
        inWord[3] = 1;
        byte[] atEnd = bytes.clone();
        atEnd[18] = 1;
        byte[] beyond = new byte[20];
        List<Consumer<Trace>> all = List.of(
                trace -> trace.content(0, 0, 0, null, 0),
                trace -> trace.content(1, 0, 0, null, 0),
                trace -> trace.content(0, 1, 0, null, 0),
                trace -> trace.content(0, 0, 1, null, 0),
                trace -> trace.content(0, 0, 0, bytes, 19),
                trace -> trace.content(0, 0, 0, inWord, 19),
                trace -> trace.content(0, 0, 0, atEnd, 19),
                trace -> trace.content(0, 0, 0, beyond, 20),
                trace -> trace.add(Trace.Kind.TIMER, 0, 0, 0, 0, 0, "x"),
                trace -> trace.add(Trace.Kind.SETTLED, 0, 0, 0, 0, 0, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 1, 0, 0, 0, 0, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 0, 1, 0, 0, 0, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 0, 0, 1, 0, 0, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 0, 0, 0, 1, 0, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 0, 0, 0, 0, 1, "x"),
                trace -> trace.add(Trace.Kind.TIMER, 0, 0, 0, 0, 0, "y"));
        assertThat(all.stream().map(SchedulingTest::hashOf)).doesNotHaveDuplicates();
        Consumer<Trace> event = all.get(8);
        var later = new Agenda(new Chance(1));
        later.advance(2);
        var trace = new Trace(later);
        event.accept(trace);
        assertThat(trace.hash()).isNotEqualTo(hashOf(event)).isEqualTo(trace.hash());
    }
}
