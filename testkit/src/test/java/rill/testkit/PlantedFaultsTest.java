package rill.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherConstants;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import rill.spi.Transport;
import rill.testing.MemoryTransport;

/** The suite itself is tested: faults are planted into a transport that passes it, and each is caught by the test that is there for it. */
@Tag("slow")
class PlantedFaultsTest {
    /** A fault, the test of the suite that has to catch it, and what that test has to say. */
    private record Planted(Supplier<PassingSelector> fault, String name, String test, String finding) {
        @Override
        public String toString() {
            return name + ": " + test;
        }
    }

    private static Planted wire(Supplier<PassingWire> fault, String test, String finding) {
        return new Planted(
                () -> {
                    var selector = new PassingSelector();
                    selector.wire = fault;
                    return selector;
                },
                fault.get().getClass().getSimpleName(),
                test,
                finding);
    }

    private static Planted acceptor(Supplier<PassingAcceptor> fault, String test, String finding) {
        return new Planted(
                () -> {
                    var selector = new PassingSelector();
                    selector.acceptor = fault;
                    return selector;
                },
                fault.get().getClass().getSimpleName(),
                test,
                finding);
    }

    private static Planted selector(Class<? extends PassingSelector> fault, String test, String finding) {
        return new Planted(
                () -> {
                    try {
                        return fault.getDeclaredConstructor().newInstance();
                    } catch (ReflectiveOperationException e) {
                        throw new AssertionError(e);
                    }
                },
                fault.getSimpleName(),
                test,
                finding);
    }

    static Stream<Planted> faults() {
        return Stream.of(bytes(), counts(), ends(), pauses(), buffers(), selectors(), acceptors(), leaks())
                .flatMap(each -> each);
    }

    private static Stream<Planted> bytes() {
        String differs = "of the stream is not what was written there";
        return Stream.of(
                wire(WireFaults.DoublesAByte::new, "all_bytes_are_read_before_the_end_is_told", differs),
                wire(
                        WireFaults.LosesAByte::new,
                        "buffers_of_all_kinds_leave_whole_and_in_order_however_the_peer_reads",
                        differs),
                wire(
                        WireFaults.SwapsWrites::new,
                        "writes_before_connected_leave_in_order_and_are_counted_once",
                        "one two three"),
                wire(
                        WireFaults.TellsNothingToReadAsARead::new,
                        "one_byte_at_a_time_comes_as_it_went",
                        "read was told with no bytes"));
    }

    private static Stream<Planted> counts() {
        String tooMany = "more bytes were reported as written";
        return Stream.of(
                wire(WireFaults.CountsTooMuch::new, "each_byte_is_counted_once_by_flush_or_written", tooMany),
                wire(
                        WireFaults.CountsTooLittle::new,
                        "each_byte_is_counted_once_by_flush_or_written",
                        "it did not happen that all has left and come"),
                wire(
                        WireFaults.CountsTwice::new,
                        "writes_before_connected_leave_in_order_and_are_counted_once",
                        tooMany),
                wire(
                        WireFaults.CountsNothing::new,
                        "each_byte_is_counted_once_by_flush_or_written",
                        "written was told with 0 bytes"));
    }

    private static Stream<Planted> ends() {
        return Stream.of(
                wire(
                        WireFaults.LosesTheEnd::new,
                        "the_end_without_a_byte_is_an_end_and_not_a_failure",
                        "it did not happen that the end"),
                wire(
                        WireFaults.TellsTheEndBeforeTheLastBytes::new,
                        "all_bytes_are_read_before_the_end_is_told",
                        "the end was told after 0 bytes of 1"),
                wire(
                        WireFaults.TellsClosedTwice::new,
                        "after_close_every_call_does_nothing",
                        "after closed, which is the last event"),
                wire(
                        WireFaults.ReadsAfterItsClose::new,
                        "closing_within_each_callback_leaves_nothing_to_tell_but_that",
                        "read was told after this side had closed"),
                wire(WireFaults.AbortsInGoodOrder::new, "an_abort_is_a_reset_to_the_peer", "closed with a cause"),
                wire(
                        WireFaults.ClosesOnHalfClose::new,
                        "who_has_half_closed_still_reads_what_the_peer_sends",
                        "closed was told without a cause although this side had not closed"),
                wire(
                        WireFaults.ClosesAtTheEndOfInput::new,
                        "all_bytes_are_read_before_the_end_is_told",
                        "closed was told without a cause although this side had not closed"),
                wire(
                        WireFaults.NeverShutsDown::new,
                        "shutting_down_output_ends_it_after_all_that_was_written",
                        "it did not happen that the end came"),
                wire(
                        WireFaults.DropsWhatIsUnreadWhenAWriteFails::new,
                        "what_the_peer_sent_is_read_although_a_write_has_failed_meanwhile",
                        "[connected, writeFailed"),
                wire(
                        WireFaults.TellsAFailedWriteOnlyAsAClose::new,
                        "a_write_that_fails_is_told_even_while_paused",
                        "it did not happen that writing fails"),
                wire(
                        WireFaults.TellsTheEndAfterAFailedWrite::new,
                        "a_write_that_fails_is_told_even_while_paused",
                        "inputEnded was told after writeFailed"),
                wire(
                        WireFaults.ForgetsItsAddress::new,
                        "both_ends_know_both_addresses_once_connected_and_still_after_close",
                        "the local address, after close"),
                wire(
                        WireFaults.DoesNotNameThePeer::new,
                        "refused_is_a_failure_that_names_the_peer",
                        "the cause names the peer"));
    }

    private static Stream<Planted> pauses() {
        String whilePaused = "read was told while reads were paused";
        return Stream.of(
                wire(WireFaults.ReadsWhilePaused::new, "pausing_within_a_read_stops_exactly_there", whilePaused),
                wire(WireFaults.PausesLate::new, "pausing_within_a_read_stops_exactly_there", whilePaused),
                wire(
                        WireFaults.ReadsWhilePaused::new,
                        "the_peers_reset_waits_while_paused",
                        "[connected, closed with a cause]"),
                wire(
                        WireFaults.ReadsWhilePaused::new,
                        "the_peers_end_and_bytes_wait_while_paused",
                        "was told while reads were paused"),
                wire(
                        WireFaults.ResumesInline::new,
                        "select_does_not_wait_for_what_resuming_lets_through",
                        "read was delivered outside of select"));
    }

    private static Stream<Planted> buffers() {
        return Stream.of(
                wire(
                        WireFaults.TouchesABufferAfterwards::new,
                        "a_retained_slice_keeps_its_content_whatever_is_read_next",
                        "expected: <message 0message 1"),
                wire(
                        WireFaults.OverwritesTheTarget::new,
                        "a_read_target_with_content_has_the_new_bytes_appended",
                        "what was in the target is gone"),
                wire(
                        WireFaults.ClosesBeforeBuffersComeBack::new,
                        "close_and_abort_release_what_was_not_sent_and_end_without_a_cause",
                        "closed was told before every buffer was released"),
                wire(
                        WireFaults.KeepsALateBuffer::new,
                        "after_close_every_call_does_nothing",
                        "references to a buffer written after close"),
                wire(
                        WireFaults.TellsReadsOutsideOfSelect::new,
                        "nothing_is_told_outside_of_select",
                        "read was delivered outside of select"));
    }

    private static Stream<Planted> selectors() {
        String waited = "select waited although";
        String zero = "a_timeout_of_zero_takes_no_time_and_another_one_no_longer_than_it_says";
        return Stream.of(
                selector(
                        SelectorFaults.DropsWakeups.class,
                        "a_wakeup_from_another_thread_ends_a_select_that_is_blocked",
                        waited),
                selector(
                        SelectorFaults.ForgetsAWakeupThatCameEarly.class,
                        "a_wakeup_before_select_makes_it_return_at_once",
                        waited),
                selector(
                        SelectorFaults.LosesAWakeupNowAndThen.class,
                        "no_wakeup_is_lost_in_a_race_with_falling_asleep",
                        "the wake-up number 500 was lost"),
                selector(SelectorFaults.Spins.class, zero, "times within 200 ms of rest"),
                selector(SelectorFaults.BlocksOnZero.class, zero, "a thousand polls took longer than a second"),
                selector(
                        SelectorFaults.SleepsOnAnUntoldClose.class,
                        "select_does_not_wait_while_a_close_is_untold",
                        waited),
                selector(SelectorFaults.HasNoBoundOnATurn.class, "no_turn_is_longer_than_the_bound", "in one turn"),
                selector(
                        SelectorFaults.ClearsTheInterrupt.class,
                        "an_interrupt_makes_select_return_and_stays_set",
                        "the interrupt status stays set"),
                selector(
                        SelectorFaults.ConnectsInline.class,
                        "connected_comes_from_a_later_select_and_is_the_first_event",
                        "events within connect"),
                selector(
                        SelectorFaults.IgnoresOptions.class,
                        "an_option_that_there_is_not_is_refused_with_its_name",
                        "IllegalArgumentException to be thrown"),
                selector(
                        SelectorFaults.IgnoresTheLocalAddress.class,
                        "connecting_from_an_address_of_ones_own_shows_at_both_ends",
                        "expected: <"),
                selector(
                        SelectorFaults.TellsWhenItCloses.class,
                        "closing_a_selector_releases_everything_tells_nothing_and_ends_the_peers",
                        "closed was delivered outside of select"));
    }

    private static Stream<Planted> acceptors() {
        return Stream.of(
                acceptor(
                        SelectorFaults.AcceptsWhilePaused::new,
                        "a_paused_acceptor_accepts_nobody_until_it_resumes",
                        "accepted was delivered while the Acceptor was paused"),
                acceptor(
                        SelectorFaults.AcceptsAfterClose::new,
                        "a_closed_acceptor_accepts_nobody_and_has_given_its_address_back",
                        "accepted was delivered after the Acceptor's close"),
                acceptor(
                        SelectorFaults.NeverResumes::new,
                        "a_paused_acceptor_accepts_nobody_until_it_resumes",
                        "it did not happen that all are accepted"));
    }

    private static Stream<Planted> leaks() {
        String any = "the_end_without_a_byte_is_an_end_and_not_a_failure";
        return Stream.of(
                wire(WireFaults.LeaksADescriptor::new, any, "descriptor "),
                wire(WireFaults.LeaksABuffer::new, any, "buffer, touched last at"),
                selector(SelectorFaults.LeaksAThread.class, any, "thread rill-leaked"));
    }

    // ---- running the suite

    private static Supplier<PassingSelector> planted = PassingSelector::new;

    /** The suite on a transport that has the fault; no test on its own. */
    static final class Mutated extends TransportConformance {
        @Override
        protected Transport transport() {
            return new PassingTransport(new MemoryTransport(), planted);
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(500);
        }
    }

    private static TestExecutionResult run(Supplier<PassingSelector> fault, String test) {
        planted = fault;
        var result = new TestExecutionResult[1];
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(Mutated.class, test))
                .configurationParameter(LauncherConstants.CAPTURE_STDOUT_PROPERTY_NAME, "true")
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier id, TestExecutionResult finished) {
                if (id.isTest()) {
                    result[0] = finished;
                }
            }
        });
        assertThat(result[0]).as("the suite has no test " + test).isNotNull();
        return result[0];
    }

    @AfterEach
    void clean() throws IOException {
        planted = PassingSelector::new;
        for (Pipe pipe : WireFaults.LEAKED) {
            pipe.source().close();
            pipe.sink().close();
        }
        WireFaults.LEAKED.clear();
        SelectorFaults.LEAKED_BUFFERS.forEach(ByteBuf::release);
        SelectorFaults.LEAKED_BUFFERS.clear();
        SelectorFaults.LeaksAThread.LEAKED.forEach(Thread::interrupt);
        SelectorFaults.LeaksAThread.LEAKED.clear();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void is_caught_for_its_own_reason_by_the_test_that_is_there_for_it(Planted fault) {
        TestExecutionResult caught = run(fault.fault, fault.test);
        assertThat(caught.getStatus()).as(fault.toString()).isEqualTo(TestExecutionResult.Status.FAILED);
        assertThat(everything(caught.getThrowable().orElseThrow())).contains(fault.finding);

        TestExecutionResult without = run(PassingSelector::new, fault.test);
        assertThat(without.getThrowable()).as("without the fault").isEmpty();
        assertThat(without.getStatus()).isEqualTo(TestExecutionResult.Status.SUCCESSFUL);
    }

    /** A first failure keeps what came after it as suppressed ones. */
    private static String everything(Throwable failure) {
        return failure
                + String.join(
                        "\n",
                        Arrays.stream(failure.getSuppressed())
                                .map(String::valueOf)
                                .toList());
    }

    @Test
    void there_are_more_than_25_faults() {
        assertThat(faults().map(Planted::name).distinct()).hasSizeGreaterThan(25);
    }
}
