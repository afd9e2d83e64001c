package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.TaskEngine;
import rill.testkit.Leaks;
import rill.transport.sim.Fault.Kind;

/** What a swarm does, and how it can be restricted. */
@ExtendWith(Leaks.class)
class SwarmTest {
    private static List<Strike> strikes(long seed, Swarm swarm) {
        try (var sim = Simulation.seed(seed)) {
            DeterminismTest.talk(sim, TaskEngine.best(), swarm);
            return sim.timeline().faults();
        }
    }

    /** The strikes of the default swarm in sixty seeds, run once for several tests. */
    private static final class OfSixtySeeds {
        static final List<List<Strike>> STRIKES = IntStream.rangeClosed(1, 60)
                .mapToObj(seed -> strikes(seed, Faults.swarm()))
                .toList();
    }

    @Test
    void each_seed_draws_a_part_of_the_kinds_and_together_they_draw_all() {
        Set<Kind> all = EnumSet.noneOf(Kind.class);
        var most = 0;
        for (List<Strike> strikes : OfSixtySeeds.STRIKES) {
            Set<Kind> kinds = EnumSet.noneOf(Kind.class);
            strikes.forEach(each -> kinds.add(each.fault().kind()));
            most = Math.max(most, kinds.size());
            all.addAll(kinds);
        }
        assertThat(most).isLessThan(Kind.values().length - 1);
        assertThat(all).containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(EnumSet.of(Kind.SWARM)));
    }

    @Test
    void partitions_have_two_sides_of_hosts_that_talk_of_which_some_are_more_than_one() {
        var sides = new HashSet<Integer>();
        for (List<Strike> strikes : OfSixtySeeds.STRIKES) {
            for (Strike each : strikes) {
                if (each.fault().kind() == Kind.PARTITION) {
                    String[] two = each.fault().toString().split(" \\| ", -1);
                    assertThat(two).hasSize(2);
                    sides.add(two[0].split(", ", -1).length);
                }
            }
        }
        assertThat(sides).hasSizeGreaterThan(1);
    }

    private static int struck(int seeds, Scenario scenario) {
        int struck = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            Trial trial = Trial.run(seed, scenario);
            struck += trial.strikes().isEmpty() ? 0 : 1;
        }
        return struck;
    }

    @Test
    void a_scenario_of_milliseconds_is_struck_as_well() {
        assertThat(struck(200, sim -> {
                    sim.host("server", Echo::serve);
                    var loop = sim.host("client", host -> {}).loop("main");
                    sim.inject(Faults.swarm());
                    var calls = loop.task("calls", () -> {
                        var connection = Echo.connect(loop).await();
                        for (int i = 0; i < 10; i++) {
                            Echo.say(connection, "hello");
                        }
                        return null;
                    });
                    sim.run(Duration.ofMillis(100));
                    calls.cancel();
                }))
                .isGreaterThan(80);
    }

    @Test
    void faults_begin_between_a_request_and_its_answer_much_more_often_than_by_chance() {
        int requests = 0;
        int struck = 0;
        for (int seed = 1; seed <= 30; seed++) {
            var sent = new ArrayList<Duration>();
            Trial trial = Trial.run(seed, sim -> {
                sim.host("server", Echo::serve);
                var loop = sim.host("client", host -> {}).loop("main");
                sim.inject(Faults.swarm().only("server", "client").without(Kind.CRASH, Kind.KILL));
                loop.task("calls", () -> {
                    for (int i = 0; i < 20; i++) {
                        loop.delay(Duration.ofMinutes(1)).await();
                        var connection = Echo.connect(loop)
                                .timeout(Duration.ofSeconds(1))
                                .recover(failure -> null)
                                .await();
                        if (connection != null) {
                            sent.add(sim.elapsed());
                            connection.write(Echo.text("hello"));
                            loop.delay(Duration.ofSeconds(1)).await();
                            connection.abort();
                        }
                    }
                });
                sim.run(Duration.ofMinutes(21));
            });
            requests += sent.size();
            for (Duration each : sent) {
                struck += (int) trial.strikes().stream()
                        .filter(strike -> strike.at().compareTo(each) >= 0
                                && strike.at().minus(each).compareTo(Duration.ofMillis(2)) < 0)
                        .limit(1)
                        .count();
            }
        }
        assertThat(requests).isGreaterThan(200);
        assertThat(struck).as("of " + requests).isGreaterThan(requests / 50); // by chance it would be one in a thousand
    }

    @Test
    void a_host_that_talks_to_itself_is_struck_by_what_can_strike_it() {
        assertThat(struck(30, sim -> {
                    sim.host("server", host -> {
                        Echo.serve(host);
                        var loop = host.loop("client");
                        loop.task("talk", () -> DeterminismTest.talk(loop));
                    });
                    sim.expect(failure -> true);
                    sim.inject(Faults.swarm());
                    sim.run(Duration.ofSeconds(5));
                    assertThat(sim.timeline().faults())
                            .noneMatch(each -> each.fault().kind() == Kind.CUT);
                }))
                .isGreaterThan(20);
    }

    @Test
    void the_first_lookup_of_a_name_fails_in_some_seeds() {
        var failures = new HashSet<Class<?>>();
        for (int seed = 1; seed <= 10_000 && failures.isEmpty(); seed++) {
            try (var sim = Simulation.seed(seed)) {
                sim.host("server", Echo::serve);
                var loop = sim.host("client").loop("main");
                sim.inject(Faults.swarm());
                var connecting = Echo.connect(loop);
                sim.run(Duration.ofMillis(20));
                if (connecting.failure() instanceof UnknownHostException unknown) {
                    failures.add(unknown.getClass());
                }
            }
        }
        assertThat(failures).isNotEmpty();
    }

    @Test
    void no_more_than_ten_faults_are_in_force_at_once_and_in_some_seeds_one() {
        List<Integer> most = OfSixtySeeds.STRIKES.stream()
                .filter(strikes -> strikes.size() > 1)
                .map(SwarmTest::mostAtOnce)
                .toList();
        assertThat(most).allSatisfy(each -> assertThat(each).isLessThanOrEqualTo(10));
        assertThat(most).contains(1).anyMatch(each -> each > 3);
    }

    private static int mostAtOnce(List<Strike> strikes) {
        return strikes.stream()
                .mapToInt(one -> (int) strikes.stream()
                        .filter(other -> other.at().compareTo(one.at()) <= 0
                                && other.at().plus(other.lasting()).compareTo(one.at()) > 0)
                        .count())
                .max()
                .orElse(0);
    }

    @Test
    void in_some_seeds_faults_last_for_minutes() {
        Duration longest = Duration.ZERO;
        for (List<Strike> strikes : OfSixtySeeds.STRIKES) {
            for (Strike each : strikes) {
                longest = each.lasting().compareTo(longest) > 0 ? each.lasting() : longest;
            }
        }
        assertThat(longest).isGreaterThan(Duration.ofMinutes(3));
    }

    @Test
    void a_name_that_others_have_as_well_is_left_alone_by_a_swarm_that_is_to_strike_some_alone() {
        for (int seed = 1; seed <= 30; seed++) {
            try (var sim = Simulation.seed(seed)) {
                var server = sim.host("server", Echo::serve);
                var other = sim.host("other", Echo::serve);
                sim.name("service", server, other);
                var loop = sim.host("client").loop("main");
                sim.inject(Faults.swarm().only("server", "client"));
                loop.task("talk", () -> DeterminismTest.talk(loop));
                sim.run(Duration.ofSeconds(5));
                assertThat(sim.timeline().faults())
                        .noneMatch(each -> each.fault().toString().startsWith("name service"));
            }
        }
    }

    @Test
    void rates_differ_from_seed_to_seed() {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int seed = 1; seed <= 20; seed++) {
            counts.merge(Math.min(5, strikes(seed, Faults.swarm()).size() / 30), 1, Integer::sum);
        }
        assertThat(counts.size()).isGreaterThan(2);
    }

    @Test
    void only_the_hosts_that_are_named_are_struck() {
        for (int seed = 1; seed <= 10; seed++) {
            assertThat(strikes(seed, Faults.swarm().only("client0", "server")))
                    .allSatisfy(each -> assertThat(each.fault().hosts()).isSubsetOf("client0", "server"));
        }
    }

    @Test
    void kinds_that_are_left_out_never_strike() {
        for (int seed = 1; seed <= 10; seed++) {
            assertThat(strikes(seed, Faults.swarm().without(Kind.CRASH, Kind.KILL)))
                    .noneMatch(each ->
                            each.fault().kind() == Kind.CRASH || each.fault().kind() == Kind.KILL);
        }
    }

    @Test
    void after_a_while_all_is_calm() {
        for (int seed = 1; seed <= 10; seed++) {
            Duration calm = Duration.ofSeconds(5);
            assertThat(strikes(seed, Faults.swarm().calm(calm)))
                    .allMatch(each -> each.at().plus(each.lasting()).compareTo(calm) <= 0);
        }
    }

    @Test
    void a_host_that_does_not_boot_is_neither_crashed_nor_killed() {
        for (int seed = 1; seed <= 30; seed++) {
            try (var sim = Simulation.seed(seed)) {
                sim.host("server", Echo::serve);
                var client = sim.host("client").loop("main");
                sim.inject(Faults.swarm());
                client.task("talk", () -> DeterminismTest.talk(client));
                sim.run(Duration.ofSeconds(20));
                assertThat(sim.timeline().faults())
                        .noneMatch(each -> (each.fault().kind() == Kind.CRASH
                                        || each.fault().kind() == Kind.KILL)
                                && each.fault().hosts().contains("client"));
            }
        }
    }

    @Test
    void what_struck_and_what_it_hit_is_told() {
        try (var sim = Simulation.seed(3)) {
            sim.host("server", Echo::serve);
            var loop = sim.host("client").loop("main");
            loop.task("talk", () -> DeterminismTest.talk(loop));
            sim.schedule(Duration.ofSeconds(1), Duration.ofSeconds(1), Faults.cut("client", "server"));
            sim.run(Duration.ofSeconds(10));
            assertThat(sim.struck()).matches("cut 1 × \\([1-9][0-9]* segments\\)");
        }
    }

    @Test
    void code_misbehaves_at_points_in_some_seeds_and_only_while_a_swarm_is_in_force() {
        Set<Boolean> seen = new HashSet<>();
        for (int seed = 1; seed <= 20; seed++) {
            try (var sim = Simulation.seed(seed)) {
                assertThat(sim.buggify(1, "a point")).isFalse();
                try (var _ = sim.inject(Faults.swarm())) {
                    boolean misbehaves = sim.buggify(1, "a point");
                    assertThat(sim.buggify(1, "a point")).isEqualTo(misbehaves);
                    assertThat(sim.buggify(0, "another")).isFalse();
                    seen.add(misbehaves);
                    assertThat(sim.struck().contains("“a point” 2 ×")).isEqualTo(misbehaves);
                }
                assertThat(sim.buggify(1, "a point")).isFalse();
            }
        }
        assertThat(seen).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void nonsense_is_refused() {
        try (var sim = Simulation.seed(1)) {
            sim.host("server");
            assertThatThrownBy(() -> sim.inject(Faults.swarm().only("serer")))
                    .hasMessage("there is no host serer; the hosts are server");
            assertThatThrownBy(() -> Faults.swarm().calm(Duration.ofSeconds(-1)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> sim.schedule(Duration.ofSeconds(5), Duration.ofSeconds(1), Faults.crash("serer")))
                    .hasMessage("there is no host serer; the hosts are server");
            assertThatThrownBy(() -> sim.inject(Faults.nameFails("sever")))
                    .hasMessage("nothing has the name sever; the hosts are server");
            assertThatThrownBy(() -> Faults.cut("server", "server")).hasMessageContaining("name two hosts");
            assertThatThrownBy(() -> Faults.loss("server", "server", 0.1)).hasMessageContaining("name two hosts");
            sim.inject(Faults.refuse("server", 7));
            assertThatThrownBy(() -> sim.inject(Faults.blackhole("server", 7)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "blackhole server:7 contradicts refuse server:7, which is in force; end that first, by closing"
                                    + " its guard");
        }
    }
}
