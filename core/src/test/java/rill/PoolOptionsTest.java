package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import rill.ClientProtocol.WhenFull;
import rill.PoolOptions.WhenDown;
import rill.testing.Loops;

/** Pool options that make no sense, alone or together; and the arithmetic of pauses and budgets. */
class PoolOptionsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    private static void assertRefused(Runnable making, String... words) {
        assertThatThrownBy(making::run)
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(refusal -> assertThat(refusal.getMessage()).contains(words));
    }

    private static void assertContradictory(
            ClientProtocol<String, String> protocol, PoolOptions options, String... words) {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            assertRefused(() -> loop.pool("nowhere.invalid", 1, protocol, options), words);
            assertThat(loop.connections()).isZero();
        }
    }

    @Test
    void numbers_and_times_that_make_no_sense_are_refused_at_once() {
        assertRefused(() -> ONE.connections(0), "most connections", "at least 1", "0");
        assertRefused(() -> ONE.connections(-1, 1), "least connections", "-1");
        assertRefused(() -> ONE.connections(3, 2), "least connections, 3", "most, 2");
        assertRefused(() -> ONE.busyAt(0), "busyAt");
        assertRefused(() -> ONE.backOff(Duration.ZERO, SECOND), "first pause");
        assertRefused(() -> ONE.backOff(MINUTE, SECOND), "longest pause", "1 s", "60 s");
        assertRefused(() -> ONE.retries(-1), "retries");
        assertRefused(() -> ONE.retryShare(1.1), "retryShare", "1.1");
        assertRefused(() -> ONE.retryShare(Double.NaN), "retryShare", "NaN");
        assertRefused(() -> ONE.maxAge(SECOND.negated()), "maxAge");
        assertRefused(() -> ONE.idleTime(SECOND.negated()), "idleTime");
        assertRefused(() -> ONE.probe(SECOND.negated(), SECOND), "before a probe");
        assertRefused(() -> ONE.probe(SECOND, Duration.ZERO), "time for a probe");
    }

    @Test
    void options_that_contradict_each_other_are_refused_by_name() {
        ClientProtocol<String, String> plain = PoolRig.protocol();
        var probing = plain.probe(client -> client.call("PING"));
        assertContradictory(plain, ONE.connections(2).busyAt(2), "busyAt", "connections(2)");
        assertContradictory(plain, ONE.connections(2).idleTime(SECOND), "idleTime", "connections(2)");
        assertContradictory(
                plain,
                ONE.connect(ConnectOptions.defaults().idleTime(SECOND)),
                "ConnectOptions",
                "PoolOptions.idleTime");
        assertContradictory(plain, ONE.probe(SECOND, SECOND), "probe", "ClientProtocol.probe");
        assertContradictory(
                probing, ONE.connections(0, 1).idleTime(SECOND).probe(SECOND, SECOND), "probe(PT1S)", "idleTime(PT1S)");
        assertContradictory(probing, ONE.maxAge(SECOND).probe(SECOND, SECOND), "probe(PT1S)", "maxAge(PT1S)");
        assertContradictory(
                plain, ONE.connections(1, 2).idleTime(MINUTE).maxAge(SECOND), "idleTime(PT1M)", "maxAge(PT1S)");
        assertContradictory(
                plain, ONE.connections(0, 1).whenDown(WhenDown.FAIL), "whenDown(FAIL)", "connections(0, 1)");
        assertContradictory(plain.inFlight(4, WhenFull.FAIL), ONE, "whenDown(WAIT)", "WhenFull.FAIL");
        assertContradictory(plain.waiting(0), ONE, "whenDown(WAIT)", "no call wait");
        assertContradictory(plain.waitingBytes(0), ONE, "whenDown(WAIT)", "no call wait");
    }

    @Test
    void what_goes_together_is_not_refused() {
        var probing = PoolRig.protocol().probe(client -> client.call("PING"));
        ONE.connections(0, 4)
                .busyAt(3)
                .idleTime(MINUTE)
                .maxAge(MINUTE.multipliedBy(2))
                .probe(SECOND, SECOND)
                .requireConsistent(probing);
        ONE.whenDown(WhenDown.FAIL).requireConsistent(probing.inFlight(4, WhenFull.FAIL));
        assertThat(ONE.requireConsistent(probing)).isEqualTo(32);
        assertThat(ONE.requireConsistent(probing.inFlight(1, WhenFull.WAIT))).isEqualTo(1);
    }

    @Test
    void a_changed_copy_leaves_the_original_as_it_was() {
        PoolOptions changed = ONE.connections(2, 5).retries(0).maxAge(MINUTE);
        assertThat(ONE.toString())
                .contains("connections=1..1", "retries=2", "maxAge=PT0S")
                .doesNotContain("busyAt");
        assertThat(changed.toString()).contains("connections=2..5", "retries=0", "maxAge=PT1M");
    }

    @Test
    void each_option_can_be_asked_for() {
        var connect = ConnectOptions.defaults().timeout(SECOND);
        Consumer<PoolState> listener = state -> {};
        PoolOptions all = ONE.connections(2, 5)
                .busyAt(7)
                .connect(connect)
                .backOff(SECOND, MINUTE)
                .whenDown(WhenDown.FAIL)
                .retries(3)
                .retryShare(0.5)
                .probe(Duration.ofSeconds(2), Duration.ofSeconds(3))
                .maxAge(Duration.ofSeconds(4))
                .idleTime(Duration.ofSeconds(5))
                .onState(listener);
        assertThat(all.leastConnections()).isEqualTo(2);
        assertThat(all.mostConnections()).isEqualTo(5);
        assertThat(all.busyAt()).hasValue(7);
        assertThat(all.connect()).isSameAs(connect);
        assertThat(all.firstPause()).isEqualTo(SECOND);
        assertThat(all.longestPause()).isEqualTo(MINUTE);
        assertThat(all.whenDown()).isEqualTo(WhenDown.FAIL);
        assertThat(all.retries()).isEqualTo(3);
        assertThat(all.retryShare()).isEqualTo(0.5);
        assertThat(all.probeAfter()).isEqualTo(Duration.ofSeconds(2));
        assertThat(all.probeWithin()).isEqualTo(Duration.ofSeconds(3));
        assertThat(all.maxAge()).isEqualTo(Duration.ofSeconds(4));
        assertThat(all.idleTime()).isEqualTo(Duration.ofSeconds(5));
        assertThat(all.onState()).isSameAs(listener);
        assertThat(all.toString()).contains("busyAt=7", "probe=PT2S within PT3S", "idleTime=PT5S");
        assertThat(ONE.busyAt()).isEmpty();
        assertThat(ONE.onState()).isNull();
    }

    @Test
    void a_bound_of_zero_takes_the_bound_away() {
        PoolOptions bounded =
                ONE.connections(1, 2).idleTime(SECOND).maxAge(MINUTE).probe(SECOND, SECOND);
        PoolOptions unbounded = bounded.idleTime(Duration.ZERO)
                .maxAge(Duration.ZERO)
                .probe(Duration.ZERO, SECOND)
                .connections(1);
        unbounded.requireConsistent(PoolRig.protocol());
        assertThat(Health.isLookedAfter(bounded)).isTrue();
        assertThat(Health.isLookedAfter(unbounded)).isFalse();
    }

    @Test
    void pauses_grow_from_the_first_to_the_longest_and_begin_again_after_a_reset() {
        var backOff = new BackOff(Duration.ofMillis(50), Duration.ofSeconds(10), new Random(1));
        for (int round = 0; round < 2; round++) {
            double expected = 50e6;
            for (int i = 0; i < 30; i++) {
                assertThat((double) backOff.pauseNanos()).isBetween(expected * 0.8, expected * 1.2);
                expected = Math.min(expected * 1.6, 10e9);
            }
            backOff.reset();
        }
    }

    private static int spent(RetryBudget budget, long now, long calls) {
        int spent = 0;
        while (budget.spend(now, calls)) {
            spent++;
        }
        return spent;
    }

    @Test
    void the_budget_is_a_share_of_the_calls_of_a_window_and_a_few() {
        long second = SECOND.toNanos();
        var budget = new RetryBudget(0.2, 0);
        assertThat(spent(budget, 0, 0)).isEqualTo(RetryBudget.RESERVE);
        assertThat(spent(budget, second, 100)).isEqualTo(20);
        assertThat(spent(budget, 2 * second, 100)).isZero();
        assertThat(spent(budget, 11 * second, 100)).as("a new window").isBetween(RetryBudget.RESERVE, 30);
        // A million calls in an hour do not add up to two hundred thousand second tries at its end.
        assertThat(spent(budget, 3_611 * second, 1_000_100)).isBetween(550, 575);
    }

    @Test
    void second_tries_stay_within_their_share_in_the_long_run() {
        var budget = new RetryBudget(0.2, 0);
        long calls = 0;
        long tries = 0;
        for (long ms = 0; ms < 600_000; ms++) { // 1,000 calls a second, each of which asks for another try
            calls++;
            tries += budget.spend(ms * 1_000_000L, calls) ? 1 : 0;
        }
        assertThat((double) tries / calls).isBetween(0.2, 0.21);
    }

    @Test
    void what_was_not_used_of_a_window_is_there_in_the_next_one_and_no_more_than_that() {
        long second = SECOND.toNanos();
        var budget = new RetryBudget(0.2, 0);
        long calls = 0;
        for (int s = 1; s <= 60; s++) { // now and then a first try fails
            calls += 100;
            assertThat(budget.spend(s * second, calls)).isTrue();
        }
        assertThat(spent(budget, 61 * second, calls + 1)).as("all fail at once").isBetween(200, 420);
        assertThat(spent(budget, 72 * second, calls + 1)).isEqualTo(RetryBudget.RESERVE);
    }
}
