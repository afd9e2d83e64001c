package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** Rill under the scenarios, with many seeds; {@code ./rill test --sim} takes more. */
@Tag("slow")
class ScenariosTest {
    private static ResourceLeakDetector.Level level;

    /** Tracking takes a stack trace for each buffer, and there are millions. */
    @BeforeAll
    static void track_no_buffers() {
        level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }

    @AfterAll
    static void track_buffers_again() {
        ResourceLeakDetector.setLevel(level);
    }

    @Simulated(seeds = 100)
    void every_call_ends_in_its_answer_or_a_typed_failure_under_the_swarm(Simulation simulation) {
        new RequestResponse(4, 100, true).run(simulation);
    }

    @Simulated(seeds = 100)
    void a_server_that_closes_answers_what_it_took_on(Simulation simulation) throws Exception {
        new GracefulShutdown().run(simulation);
    }

    @Simulated(seeds = 100)
    void no_more_is_under_way_than_the_buffers_allow(Simulation simulation) {
        new BackPressure().run(simulation);
    }

    @Simulated(seeds = 100)
    void a_client_is_soon_back_in_touch(Simulation simulation) {
        new Reconnecting().run(simulation);
    }

    @Simulated(seeds = 100)
    void no_note_is_lost_that_a_service_has_acknowledged(Simulation simulation) throws Exception {
        new Notes().run(simulation);
    }

    @Simulated(seeds = 100)
    void calls_of_pools_are_carried_out_once_or_fail_with_the_right_fate_and_pools_come_back(Simulation simulation) {
        new Pooled().run(simulation);
    }

    @Simulated(seeds = 100)
    void http_calls_end_in_their_own_whole_answers_or_typed_failures_and_nothing_is_carried_out_once_too_often(
            Simulation simulation) {
        new HttpCalls().run(simulation);
    }

    @Simulated(seeds = 100)
    void a_server_of_http_answers_whole_and_in_order_whatever_its_peers_do_and_reads_nothing_after_a_violation(
            Simulation simulation) {
        new HttpServing().run(simulation);
    }

    @Simulated(seeds = 100)
    void slow_readers_hold_up_nobody(Simulation simulation) throws Exception {
        new SlowReaders().run(simulation);
    }

    @Simulated(seeds = 100)
    void whatever_both_ends_do_streams_stay_whole_and_everything_ends(Simulation simulation) {
        new AtRandom().run(simulation);
    }

    @Simulated(seeds = 100)
    void numbered_deposits_are_made_once(Simulation simulation) throws Exception {
        new Deposits(true).run(simulation);
    }

    @Test
    void the_planted_bug_is_found_within_a_hundred_seeds() {
        assertThatThrownBy(() -> LongStream.rangeClosed(1, 100).forEach(seed -> run(seed, Deposits::new)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("after 6 deposits of 1 the balance is 7");
    }

    @Test
    void ten_clients_with_a_thousand_calls_each_pass() {
        run(1, RequestResponse::new);
    }

    @ParameterizedTest
    @ValueSource(classes = {RequestResponse.class, Pooled.class, HttpServing.class, Register.class})
    void two_fresh_processes_give_the_same_run(Class<? extends Scenario> scenario) throws IOException {
        assertThat(Simulation.check(5, scenario)).matches("[0-9a-f]{16}");
    }

    private static void run(long seed, Supplier<Scenario> scenario) {
        try (var simulation = Simulation.seed(seed)) {
            scenario.get().run(simulation);
        } catch (Exception e) {
            throw new IllegalStateException("seed " + seed, e);
        }
    }
}
