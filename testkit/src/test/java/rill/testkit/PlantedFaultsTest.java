package rill.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.reflect.Method;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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

/** Tests the suite itself: faults are planted into a transport that passes it, and each is caught by its own test. */
@Tag("slow")
class PlantedFaultsTest {
    /** A fault, the test of the suite that must catch it, and the message that the test must fail with. */
    private record Planted(UnaryOperator<Transport> fault, String name, String test, String finding) {
        @Override
        public String toString() {
            return name + ": " + test;
        }
    }

    private static UnaryOperator<Transport> with(Supplier<PassingSelector> selectors) {
        return real -> new PassingTransport(real, real.name(), selectors);
    }

    private static Planted transport(UnaryOperator<Transport> fault, String name, String test, String finding) {
        return new Planted(fault, name, test, finding);
    }

    private static Planted wire(Supplier<PassingWire> fault, String test, String finding) {
        return new Planted(
                with(() -> {
                    var selector = new PassingSelector();
                    selector.wire = fault;
                    return selector;
                }),
                fault.get().getClass().getSimpleName(),
                test,
                finding);
    }

    /** Plants the fault only in the Wires of accepted sockets, not in those that connect. */
    private static Planted accepted(Supplier<PassingWire> fault, String test, String finding) {
        return new Planted(
                with(() -> {
                    var selector = new PassingSelector();
                    selector.accepted = fault;
                    return selector;
                }),
                fault.get().getClass().getSimpleName() + " (accepted)",
                test,
                finding);
    }

    private static Planted acceptor(Supplier<PassingAcceptor> fault, String test, String finding) {
        return new Planted(
                with(() -> {
                    var selector = new PassingSelector();
                    selector.acceptor = fault;
                    return selector;
                }),
                fault.get().getClass().getSimpleName(),
                test,
                finding);
    }

    private static Planted selector(Class<? extends PassingSelector> fault, String test, String finding) {
        return new Planted(
                with(() -> {
                    try {
                        return fault.getDeclaredConstructor().newInstance();
                    } catch (ReflectiveOperationException e) {
                        throw new AssertionError(e);
                    }
                }),
                fault.getSimpleName(),
                test,
                finding);
    }

    static Stream<Planted> faults() {
        return Stream.of(
                        bytes(),
                        counts(),
                        ends(),
                        pauses(),
                        buffers(),
                        selectors(),
                        waits(),
                        tallies(),
                        options(),
                        blocked(),
                        accepting(),
                        acceptors(),
                        closed(),
                        throwing(),
                        stories(),
                        crowds(),
                        addresses(),
                        loops(),
                        leaks())
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
                        "writing does not fail"),
                wire(
                        WireFaults.TellsTheEndAfterAFailedWrite::new,
                        "a_write_that_fails_is_told_even_while_paused",
                        "inputEnded was told after writeFailed"),
                wire(
                        WireFaults.TellsAnotherCauseAfterAFailedWrite::new,
                        "no_memory_to_read_into_after_a_write_has_failed_is_no_other_cause",
                        "closed was told with another cause than writeFailed"),
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
                selector(SelectorFaults.Spins.class, zero, "times within 50 ms of rest"),
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

    private static Stream<Planted> tallies() {
        return Stream.of(
                selector(
                        TallyFaults.CountsReadsByTheByte.class,
                        "each_read_and_each_write_of_messages_that_come_one_by_one_is_told",
                        "messages of a byte were read one by one"),
                selector(
                        TallyFaults.CountsAReadWithEachSelect.class,
                        "where_nothing_is_read_or_written_nothing_is_told",
                        "on which nothing has come"),
                selector(
                        TallyFaults.TellsOfWaitsThatWereNone.class,
                        "a_select_that_may_wait_tells_once_when_it_has_and_before_it_delivers",
                        "a select that can't wait has told that it has waited"),
                selector(
                        TallyFaults.TellsTheFirstForEver.class,
                        "to_ask_a_selector_what_it_does_changes_nothing",
                        "to one that is not to be told any more"));
    }

    private static Stream<Planted> waits() {
        String nothing = "times with nothing to tell";
        return Stream.of(
                selector(
                        WaitFaults.NeverReturns.class,
                        "the_end_without_a_byte_is_an_end_and_not_a_failure",
                        "did not return within"),
                selector(
                        WaitFaults.PollsInPlaceOfBeingWoken.class,
                        "a_wakeup_from_another_thread_ends_a_select_that_is_blocked",
                        "select waited although there was a wake-up"),
                selector(
                        WaitFaults.IgnoresAnInterruptWhileItIsBlocked.class,
                        "an_interrupt_ends_a_select_that_is_blocked_and_stays_set",
                        "select waited although there was an interrupt"),
                selector(
                        WaitFaults.TakesForeverForAtOnce.class,
                        "forever_is_ended_by_a_wakeup_and_by_nothing_else",
                        nothing),
                selector(WaitFaults.OverflowsWithALongTimeout.class, "the_longest_timeout_of_all_is_long", nothing),
                selector(
                        WaitFaults.WaitsForEverThoughThereAreEvents.class,
                        "forever_is_ended_by_an_event",
                        "select(FOREVER) did not return"),
                selector(WaitFaults.WaitsTooLong.class, "a_wait_is_over_when_its_time_is", "the shortest of 5"),
                selector(
                        WaitFaults.KeepsAWakeupThroughASelectOfZero.class,
                        "a_wakeup_is_used_up_by_a_select_that_does_not_block",
                        "although the one before had used it up"),
                selector(
                        WaitFaults.CountsEachWakeup.class,
                        "several_wakeups_end_one_select",
                        "a wake-up ended a second select"),
                selector(
                        WaitFaults.ForgetsAWakeupWithinACallback.class,
                        "a_wakeup_within_a_callback_ends_the_next_select",
                        "it had been woken up within a callback"),
                selector(
                        WaitFaults.SleepsOnAnUntoldOpen.class,
                        "select_does_not_wait_while_an_accepted_wire_is_not_told_that_it_is_connected",
                        "connected was not told"),
                selector(
                        WaitFaults.SleepsOnWhatAHalfCloseWrote.class,
                        "select_does_not_wait_while_what_a_half_close_wrote_is_not_told",
                        "what was written was not told"),
                selector(
                        SelectorFaults.HasNoBoundOnATurn.class,
                        "what_listeners_cause_is_told_by_a_later_select",
                        "all within one select"),
                wire(
                        WaitFaults.TellsOfACloseAtOnce::new,
                        "who_is_closed_by_a_listener_while_it_waits_to_be_told_something_is_told_so_by_a_later_select",
                        "closed was told by the select within which a listener closed the Wire"),
                selector(
                        WaitFaults.ObeysItsDriverAlone.class,
                        "everything_but_select_may_be_called_by_a_thread_that_carries_a_task",
                        "not the driver"),
                selector(
                        WaitFaults.WakesOnlyItsFirstDriver.class,
                        "another_thread_may_drive_and_be_woken_up",
                        "did not reach the thread that drives now"),
                selector(
                        WaitFaults.IsBoundToOneThread.class,
                        "another_thread_may_drive_and_be_woken_up",
                        "not the thread that opened it"),
                selector(
                        WaitFaults.ConnectsNobodyWhileInterrupted.class,
                        "an_interrupted_thread_opens_and_writes_as_any_other",
                        "although this side had not closed"),
                wire(
                        WaitFaults.TellsOnAnotherThread::new,
                        "two_selectors_are_driven_by_two_threads",
                        "on another thread"));
    }

    private static Stream<Planted> options() {
        String thrown = "IllegalArgumentException to be thrown";
        return Stream.of(
                wire(
                        OptionFaults.SetDoesNothing::new,
                        "an_option_that_is_set_while_a_wire_lives_is_what_is_read_then",
                        "was set to true, and is read as false"),
                accepted(
                        OptionFaults.SetDoesNothing::new,
                        "an_option_that_is_set_while_a_wire_lives_is_what_is_read_then",
                        "with the roles exchanged"),
                selector(
                        SelectorFaults.IgnoresOptions.class,
                        "options_given_to_connect_and_to_open_are_those_of_the_wire",
                        " in connect, and is read as"),
                selector(
                        OptionFaults.IgnoresOptionsOfOpen.class,
                        "options_given_to_connect_and_to_open_are_those_of_the_wire",
                        " in open, and is read as"),
                selector(
                        OptionFaults.IgnoresOptionsOfOpen.class,
                        "an_option_that_there_is_not_leaves_an_accepted_socket_to_nobody",
                        thrown),
                selector(
                        OptionFaults.AppliesOptionsBackwards.class,
                        "options_are_applied_in_their_order",
                        "the first option that there is not is named"),
                selector(
                        OptionFaults.RefusesWhatLoopsAskFor.class,
                        "what_a_loop_asks_for_is_never_refused",
                        "there is no option TCP_NODELAY"),
                selector(OptionFaults.Lingers.class, "a_linger_of_more_than_0_is_refused_wherever_it_is_given", thrown),
                selector(OptionFaults.LooksNamesUp.class, "an_unresolved_address_is_refused_with_its_name", thrown));
    }

    private static Stream<Planted> blocked() {
        String flow = "a_peer_that_does_not_read_makes_the_writer_wait";
        String exchanged = "with the roles exchanged";
        return Stream.of(
                accepted(BlockedFaults.BlocksUntilAllHasLeft::new, flow, "flush() did not return within"),
                accepted(BlockedFaults.NeverHearsOfRoom::new, flow, exchanged),
                accepted(BlockedFaults.BuffersWithoutBound::new, flow, "somebody buffers without a bound"),
                wire(
                        BlockedFaults.SaysNothingWhilePaused::new,
                        "a_blocked_writer_is_told_when_its_peer_goes_whether_it_reads_or_not",
                        "it did not happen that a blocked writer that does not read is told"),
                wire(
                        BlockedFaults.DoesNotNoticeThatThePeerIsGone::new,
                        "a_blocked_writer_is_told_when_its_peer_goes_whether_it_reads_or_not",
                        "it did not happen that a blocked writer is told that its peer has closed"),
                accepted(
                        BlockedFaults.SaysNothingWhilePaused::new,
                        "a_blocked_writer_is_told_when_its_peer_goes_whether_it_reads_or_not",
                        exchanged),
                wire(
                        BlockedFaults.HearsOfRoomOnlyWhileItReads::new,
                        "one_that_does_not_read_still_writes_and_hears_of_room_for_it",
                        "although the writer does not read"),
                accepted(
                        BlockedFaults.HearsOfNoRoomAfterTheEnd::new,
                        "one_whose_input_has_ended_still_writes_and_hears_of_room_for_it",
                        "although there is nothing more to read"),
                wire(
                        BlockedFaults.ReadsNothingWhileItWrites::new,
                        "both_directions_are_full_at_once_and_neither_waits_for_the_other",
                        "it did not happen that all has come on both sides"),
                wire(
                        BlockedFaults.TellsTheEndAgain::new,
                        "the_end_is_told_once_whatever_is_paused_and_resumed",
                        "inputEnded was told twice"),
                wire(
                        BlockedFaults.ClosesInGoodOrderWithInputUnread::new,
                        "a_close_with_input_unread_is_a_reset_to_the_peer",
                        "a close with input unread"),
                wire(
                        BlockedFaults.TellsAnEndBeforeAReset::new,
                        "what_is_read_before_a_reset_is_a_beginning_and_no_end_is_told",
                        "an end was told and it was a reset"),
                wire(
                        BlockedFaults.TakesWritesAfterOneHasFailed::new,
                        "after_a_write_has_failed_others_are_released_and_count_nothing",
                        "references to a buffer written after a write has failed"),
                wire(
                        BlockedFaults.TellsTheCauseToWhoHasClosed::new,
                        "who_closes_before_it_was_told_of_a_failure_is_told_no_cause",
                        "closed was told with a cause although this side had closed"),
                wire(
                        WireFaults.TellsClosedTwice::new,
                        "closing_within_the_written_that_a_half_close_brought_is_told_once",
                        "closed was told after closed"),
                wire(
                        BlockedFaults.InsistsOnATarget::new,
                        "a_read_target_without_room_is_as_good_as_none",
                        "expected: <100000>"),
                wire(
                        BlockedFaults.ReleasesBeforeItIsWritten::new,
                        "each_byte_is_counted_once_by_flush_or_written",
                        "of the stream is not what was written there"),
                wire(
                        BlockedFaults.LosesWhatComesWhilePaused::new,
                        "the_peers_end_and_bytes_wait_while_paused",
                        "expected: <last words>"));
    }

    private static Stream<Planted> accepting() {
        return Stream.of(
                acceptor(
                        ListenFaults.ClosesWhatItHasAccepted::new,
                        "who_was_accepted_and_not_opened_lives_on_when_the_acceptor_closes",
                        "the acceptor's close has closed what it had accepted"),
                selector(
                        ListenFaults.ClosesItsSelectorsAcceptedSockets.class,
                        "who_was_accepted_and_not_opened_lives_on_when_the_selector_closes",
                        "the Selector's close has closed what it had accepted"),
                selector(
                        ListenFaults.OpensOnItsOwnThreadAlone.class,
                        "an_accepted_socket_may_be_opened_by_another_thread",
                        "accepted by another thread"),
                acceptor(
                        ListenFaults.AcceptsWithoutABound::new,
                        "a_storm_of_connections_is_accepted_in_turns",
                        "connections were accepted in one turn"),
                selector(
                        ListenFaults.ConnectsWhoeverComes.class,
                        "the_backlog_bounds_how_many_wait",
                        "are connected, and nobody accepts them"),
                selector(
                        ListenFaults.StumblesOverAClientThatHasGone.class,
                        "a_client_that_goes_before_it_is_accepted_harms_nobody",
                        "accepting failed"),
                acceptor(
                        ListenFaults.GivesItsAddressBackLate::new,
                        "an_address_is_free_once_close_has_returned",
                        "the address was not free after the close number"),
                acceptor(
                        ListenFaults.ThrowsAfterItsClose::new,
                        "after_the_close_of_an_acceptor_every_call_does_nothing",
                        "a key that was cancelled"),
                selector(
                        ListenFaults.RefusesToListenWithinACallback.class,
                        "connecting_listening_and_opening_are_fine_within_a_callback",
                        "listening within a callback"),
                wire(
                        ListenFaults.EndsThoseWhoWaited::new,
                        "who_waited_to_be_accepted_is_told_when_the_acceptor_closes",
                        "a reset is a close with a cause"),
                selector(
                        SelectorFaults.ServesTheBusiestAlone.class,
                        "one_that_sends_without_end_does_not_hold_up_another",
                        "it did not happen that the other one was read"),
                selector(
                        SelectorFaults.ServesTheBusiestAlone.class,
                        "several_that_send_without_end_do_not_hold_up_another",
                        "it did not happen that the other one was read"));
    }

    private static Stream<Planted> closed() {
        String refuses = "a_closed_selector_opens_nothing_and_says_so";
        String again = "a_closed_selector_may_be_woken_up_and_closed_again";
        return Stream.of(
                selector(ClosedFaults.SelectsAfterItsClose.class, refuses, "select after close"),
                selector(ClosedFaults.ConnectsAfterItsClose.class, refuses, "connect after close"),
                selector(ClosedFaults.ListensAfterItsClose.class, refuses, "listen after close"),
                selector(
                        ClosedFaults.KeepsASocketThatItCanNotOpen.class,
                        refuses,
                        "it did not happen that the peer of the socket is told"),
                selector(ClosedFaults.ThrowsWhenItIsClosedTwice.class, again, "closed already"),
                selector(ClosedFaults.CanNotBeWokenUpAfterItsClose.class, again, "a descriptor that was given back"),
                selector(
                        ClosedFaults.ItsWiresOutliveIt.class,
                        "the_wires_and_acceptors_of_a_closed_selector_do_nothing",
                        "references to a buffer written after the Selector's close"),
                selector(
                        ClosedFaults.GoesOnTellingThoughItWasClosedWithin.class,
                        "closing_a_selector_within_each_callback_ends_its_events_there",
                        "was told after the Selector had been closed"),
                selector(
                        ClosedFaults.ReleasesAtItsCloseWhatItWrites.class,
                        "closing_a_selector_spoils_nothing_that_is_on_its_way",
                        "of the stream is not what was written there"),
                selector(
                        ClosedFaults.TakesAnArenaWithIt.class,
                        "selectors_that_come_and_go_take_no_memory_with_them",
                        "more blocks of memory outside of the heap"));
    }

    private static Stream<Planted> throwing() {
        String throwsAny = "a_listener_that_throws_costs_its_own_wire_and_nothing_else";
        String throwsInAccepted = "a_listener_that_throws_when_somebody_is_accepted_pauses_and_can_resume";
        return Stream.of(
                selector(
                        ClosedFaults.LetsThroughWhatAListenerThrows.class,
                        throwsAny,
                        "select failed although nothing is wrong with the selector"),
                selector(
                        ClosedFaults.GoesOnAfterAListenerHasThrown.class,
                        throwsAny,
                        "it did not happen that the Wire whose listener has thrown within read is closed"),
                selector(
                        ClosedFaults.ClosesEveryWireIfOneListenerThrows.class,
                        throwsAny,
                        "closed was told without a cause although this side had not closed"),
                selector(
                        ClosedFaults.GoesOnAfterAListenerHasThrown.class,
                        "a_listener_that_throws_when_it_is_told_of_a_beginning_or_an_end_harms_nobody",
                        "it did not happen that the Wire whose listener has thrown within connected is closed"),
                selector(
                        ClosedFaults.LetsThroughWhatAListenerThrows.class,
                        throwsInAccepted,
                        "select failed although nothing is wrong with the selector"),
                selector(
                        ClosedFaults.GoesOnAfterAListenerHasThrown.class,
                        throwsInAccepted,
                        "it did not happen that it is accepted, and the failure told"),
                acceptor(
                        ClosedFaults.DropsASocketWhoseListenerThrows::new,
                        throwsInAccepted,
                        "it did not happen that the socket whose listener has thrown is closed"),
                acceptor(
                        ClosedFaults.TellsOfAFailureAfterItsClose::new,
                        "a_listener_that_closes_its_acceptor_and_throws_is_told_nothing_more",
                        "failed was delivered after the Acceptor's close"),
                selector(
                        ClosedFaults.LetsThroughWhatAListenerThrows.class,
                        "a_listener_that_throws_when_it_is_told_of_a_failure_harms_nobody",
                        "select failed although nothing is wrong with the selector"),
                selector(
                        ClosedFaults.LetsThroughWhatAHandlerThrows.class,
                        "a_handler_of_uncaught_exceptions_that_throws_harms_nobody",
                        "select failed although nothing is wrong with the selector"),
                selector(
                        ClosedFaults.FailsForWantOfAReceiveBuffer.class,
                        "no_memory_to_read_into_fails_the_wire_that_wanted_to_read",
                        "select failed although nothing is wrong with the selector"),
                selector(
                        ClosedFaults.LetsAListenerUseItsOwnWireAlone.class,
                        "a_listener_may_use_another_wire",
                        "expected: <passed on>"));
    }

    private static Stream<Planted> stories() {
        String bothClosed = "it did not happen that both are closed";
        return Stream.of(
                wire(WireFaults.TellsClosedTwice::new, "a_close_on_both_sides_at_once", "closed was told after closed"),
                wire(
                        WireFaults.ClosesBeforeBuffersComeBack::new,
                        "a_connect_that_is_given_up_at_once_ends_without_a_cause",
                        "close releases unsent buffers"),
                wire(
                        WireFaults.AbortsInGoodOrder::new,
                        "a_conversation_that_the_client_breaks_off",
                        "what the server was told"),
                wire(WireFaults.LosesTheEnd::new, "a_peer_that_closes_at_once_after_it_was_accepted", bothClosed),
                wire(WireFaults.LosesTheEnd::new, "a_request_and_its_answer_with_the_client_ending_first", bothClosed),
                wire(WireFaults.NeverShutsDown::new, "an_answer_that_ends_the_connection", bothClosed),
                wire(
                        WireFaults.LosesTheEnd::new,
                        "both_may_half_close_at_once",
                        "it did not happen that both have ended"),
                wire(
                        WireFaults.NeverShutsDown::new,
                        "output_shut_before_connected_ends_after_what_was_written_before",
                        "it did not happen that the end came"),
                selector(
                        SelectorFaults.Spins.class,
                        "a_reset_after_the_peers_half_close_neither_spins_nor_is_a_second_end",
                        "times within 50 ms of rest"),
                selector(
                        SelectorFaults.Spins.class,
                        "select_rests_while_what_is_there_may_not_be_told",
                        "times within 50 ms of rest"),
                wire(
                        MoreFaults.CountsAnEmptyFlush::new,
                        "a_flush_with_nothing_to_write_and_an_empty_buffer_count_nothing",
                        "more bytes were reported as written"),
                wire(
                        MoreFaults.CountsARetryThatWroteNothing::new,
                        "what_a_retry_writes_is_counted_once_and_arrives_in_order",
                        "more bytes were reported as written"),
                wire(
                        MoreFaults.SaysThatAllWasAcknowledged::new,
                        "what_the_system_has_and_the_peer_has_not_taken_is_told_if_it_is_known",
                        "0 bytes are with a peer that reads none of them"),
                wire(
                        WireFaults.DoublesAByte::new,
                        "a_hundred_mebibytes_pass_below_a_high_water_mark",
                        "of the stream is not what was written there"),
                wire(
                        MoreFaults.RetainsTheTarget::new,
                        "a_read_target_is_filled_from_where_it_is_or_left_alone",
                        "references to the target"),
                wire(
                        WireFaults.DoublesAByte::new,
                        "a_thousand_quick_connections_get_their_own_bytes_alone",
                        "expected: <to connection 0>"),
                wire(
                        MoreFaults.ClosesLate::new,
                        "a_wire_that_another_ones_event_has_closed_hears_nothing_more",
                        "read was told after this side had closed"),
                wire(
                        WireFaults.ReadsWhilePaused::new,
                        "a_wire_that_is_paused_before_it_is_connected_reads_nothing",
                        "read was told while reads were paused"),
                wire(
                        MoreFaults.KeepsWhatIsWrittenAfterTheEnd::new,
                        "a_write_after_the_output_was_shut_is_released_unsent",
                        "references to the late buffer"),
                wire(
                        WireFaults.TellsAFailedWriteOnlyAsAClose::new,
                        "a_write_to_a_peer_that_is_gone_fails_and_names_it",
                        "[connected, inputEnded, closed with a cause]"),
                wire(
                        WireFaults.KeepsALateBuffer::new,
                        "writing_within_every_callback_is_fine",
                        "a write after close releases the buffer"),
                wire(
                        MoreFaults.TellsConnectedAgain::new,
                        "closing_within_connected_ends_it_there",
                        "connected was told after"),
                wire(
                        MoreFaults.CanNotBeGivenUp::new,
                        "connects_that_nobody_accepts_can_be_given_up_while_they_are_under_way",
                        "it did not happen that all are closed"),
                wire(
                        MoreFaults.HoldsItsCloseWhilePaused::new,
                        "what_this_side_does_is_told_even_while_paused",
                        "it did not happen that it is closed"),
                wire(
                        MoreFaults.TellsWhyAWriteFailedToWhoHasClosed::new,
                        "who_does_not_want_what_the_peer_sent_before_a_write_failed_closes",
                        "closed was told with a cause although this side had closed"));
    }

    private static Stream<Planted> crowds() {
        return Stream.of(
                selector(
                        MoreFaults.TellsOnlySoManyOfTheirClose.class,
                        "many_that_are_closed_at_once_are_told_each",
                        "it did not happen that all are told of the end, and each of its own close"),
                selector(
                        MoreFaults.ReadsOnlyTheFirstHundred.class,
                        "many_that_are_ready_at_once_are_all_served",
                        "it did not happen that all have read"),
                wire(MoreFaults.ReleasesWhatOthersHave::new, "a_write_takes_one_reference_and_no_more", "refCnt: 0"),
                wire(
                        MoreFaults.EndsItsOutputOnlyWhileItReads::new,
                        "one_that_does_not_read_still_ends_its_output",
                        "it did not happen that the end came"),
                wire(
                        MoreFaults.GuessesWhatIsUnacknowledged::new,
                        "before_there_is_a_connection_nobody_knows_what_is_unacknowledged",
                        "unacknowledged before connected"));
    }

    private static Stream<Planted> addresses() {
        return Stream.of(
                selector(
                        MoreFaults.OpensWhatItHasAcceptedAlone.class,
                        "an_accepted_socket_can_be_opened_on_another_selector",
                        "accepted by another selector"),
                selector(
                        MoreFaults.OpensAnythingAnyTime.class,
                        "an_accepted_socket_is_opened_once_and_not_after_its_close",
                        "IllegalStateException to be thrown"),
                selector(
                        MoreFaults.OpensAnythingAnyTime.class,
                        "an_accepted_socket_of_another_transport_is_refused",
                        "IllegalArgumentException to be thrown"),
                acceptor(
                        MoreFaults.KnowsTheAddressThatWasAskedForAlone::new,
                        "an_acceptor_knows_the_address_that_it_listens_on",
                        "not equal but was: <0>"),
                selector(
                        MoreFaults.DoesNotSayWhatItRefuses.class,
                        "an_address_of_a_kind_that_there_is_not_is_refused_with_its_name",
                        "the refusal names"),
                selector(
                        MoreFaults.DoesNotSayWhatItRefuses.class,
                        "listening_where_somebody_listens_already_names_the_address",
                        "the refusal names"),
                selector(
                        SelectorFaults.IgnoresTheLocalAddress.class,
                        "an_address_that_can_not_be_bound_is_that_connections_failure",
                        "it did not happen that the failure is told"),
                wire(
                        MoreFaults.TakesAnyOption::new,
                        "an_option_that_a_wire_has_not_is_refused_with_its_name",
                        "IllegalArgumentException to be thrown"),
                accepted(
                        MoreFaults.LosesWhatCameEarly::new,
                        "bytes_sent_before_the_socket_was_opened_are_not_lost",
                        "it did not happen that the early bytes came"),
                acceptor(
                        SelectorFaults.AcceptsWhilePaused::new,
                        "pausing_within_accepted_stops_exactly_there",
                        "accepted was delivered while the Acceptor was paused"));
    }

    private static Stream<Planted> loops() {
        Supplier<PassingWire> drops = WireFaults.DropsWhatIsUnreadWhenAWriteFails::new;
        String lines = "lines were received of";
        return Stream.of(
                wire(drops, "what_came_before_our_write_failed_is_pushed", lines),
                wire(drops, "what_came_before_our_write_failed_is_pushed_to_one_that_pauses_now_and_then", lines),
                wire(drops, "what_came_before_our_write_failed_is_pulled", lines),
                wire(drops, "what_came_before_our_write_failed_is_pulled_slowly", lines),
                wire(
                        WireFaults.DoublesAByte::new,
                        "ten_thousand_calls_on_their_way_at_once_are_answered_in_order",
                        "expected: <call 0>"),
                wire(WireFaults.DoublesAByte::new, "calls_from_many_threads_get_their_own_answers", "expected: <[]>"),
                wire(
                        WireFaults.LosesAByte::new,
                        "closing_a_loop_flushes_what_was_written_and_a_closed_loop_refuses_work",
                        "characters that came before the loop was closed"),
                wire(
                        MoreFaults.KeepsWhatItHasWritten::new,
                        "closing_a_loop_with_a_peer_that_reads_nothing_is_forced_at_the_deadline",
                        "buffer, touched last at"),
                wire(
                        MoreFaults.NeverTellsClosed::new,
                        "connecting_can_be_cancelled_before_during_and_after",
                        "DeadlineException"),
                wire(
                        WireFaults.DoesNotNameThePeer::new,
                        "refused_and_too_late_are_failures_that_say_so",
                        "the refusal names"),
                wire(
                        MoreFaults.NeverTellsClosed::new,
                        "writing_after_close_fails_and_closing_twice_does_nothing",
                        "DeadlineException"),
                wire(
                        WireFaults.DoublesAByte::new,
                        "whatever_is_done_within_a_message_ends_that_connection_alone",
                        "DeadlineException"),
                transport(
                        real -> new PassingTransport(real, "My Transport", PassingSelector::new),
                        "HasAStrangeName",
                        "a_transport_has_a_name_and_an_environment_and_is_available",
                        "a short lower-case name"));
    }

    private static Stream<Planted> leaks() {
        String any = "the_end_without_a_byte_is_an_end_and_not_a_failure";
        return Stream.of(
                wire(WireFaults.LeaksADescriptor::new, any, "descriptor "),
                wire(WireFaults.LeaksABuffer::new, any, "buffer, touched last at"),
                selector(SelectorFaults.LeaksAThread.class, any, "thread rill-leaked"),
                selector(ClosedFaults.LeaksADaemon.class, any, "thread housekeeping"),
                wire(ClosedFaults.LeaksASelector::new, any, "anon_inode:[eventpoll]"),
                wire(ClosedFaults.LeaksDirectMemory::new, any, "memory outside of the heap, "));
    }

    // ---- running the suite

    private static final UnaryOperator<Transport> NO_FAULT = with(PassingSelector::new);
    private static final Set<String> SOUND = new HashSet<>();
    /** How long the suite waits for what a fault prevents. This is most of the running time of this class. */
    private static final Duration SHORT = Duration.ofMillis(200);

    /** For a machine so busy that nothing happens within the short time even without the fault, or where something else interferes. */
    private static final Duration LONGER = Duration.ofSeconds(2);

    /** For tests that have a lot to do. */
    private static final Duration LONG = Duration.ofSeconds(20);

    private static final Set<String> LONG_TESTS = Set.of(
            "a_hundred_mebibytes_pass_below_a_high_water_mark",
            "calls_from_many_threads_get_their_own_answers",
            "ten_thousand_calls_on_their_way_at_once_are_answered_in_order");

    private static UnaryOperator<Transport> planted = NO_FAULT;
    private static Duration patience = Duration.ZERO;

    /** The suite on a transport that has the fault; not a test by itself. */
    static final class Mutated extends TransportConformance {
        @Override
        protected Transport transport() {
            return planted.apply(new MemoryTransport());
        }

        @Override
        protected Duration patience() {
            return patience;
        }
    }

    private static TestExecutionResult run(UnaryOperator<Transport> fault, String test, Duration patient) {
        planted = fault;
        patience = LONG_TESTS.contains(test) ? LONG : patient;
        var result = new TestExecutionResult[1];
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(Mutated.class, test))
                .configurationParameter(LauncherConstants.CAPTURE_STDOUT_PROPERTY_NAME, "true")
                .configurationParameter(Leaks.PATIENCE, patient.toString())
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
        planted = NO_FAULT;
        for (Pipe pipe : WireFaults.LEAKED) {
            pipe.source().close();
            pipe.sink().close();
        }
        WireFaults.LEAKED.clear();
        SelectorFaults.LEAKED_BUFFERS.forEach(ByteBuf::release);
        SelectorFaults.LEAKED_BUFFERS.clear();
        SelectorFaults.LeaksAThread.LEAKED.forEach(Thread::interrupt);
        SelectorFaults.LeaksAThread.LEAKED.clear();
        ClosedFaults.TakesAnArenaWithIt.LEAKED.forEach(Arena::close);
        ClosedFaults.TakesAnArenaWithIt.LEAKED.clear();
        ClosedFaults.LeaksDirectMemory.LEAKED.clear();
        for (Selector each : ClosedFaults.LeaksASelector.LEAKED) {
            each.close();
        }
        ClosedFaults.LeaksASelector.LEAKED.clear();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void is_caught_for_its_own_reason_by_the_test_that_is_there_for_it(Planted fault) throws IOException {
        try {
            show(fault, SHORT);
        } catch (AssertionError busy) {
            clean();
            show(fault, LONGER);
        }
    }

    /** With the fault the test fails for its own reason; without it, given the same time, it does not. */
    private static void show(Planted fault, Duration patient) {
        TestExecutionResult caught = run(fault.fault, fault.test, patient);
        assertThat(caught.getStatus()).as(fault.toString()).isEqualTo(TestExecutionResult.Status.FAILED);
        assertThat(everything(caught.getThrowable().orElseThrow())).contains(fault.finding);

        if (!SOUND.contains(fault.test)) {
            TestExecutionResult without = run(NO_FAULT, fault.test, patient);
            assertThat(without.getThrowable()).as("without the fault").isEmpty();
            assertThat(without.getStatus()).isEqualTo(TestExecutionResult.Status.SUCCESSFUL);
            SOUND.add(fault.test);
        }
    }

    /** A first failure holds the later ones as suppressed exceptions. */
    private static String everything(Throwable failure) {
        return failure
                + String.join(
                        "\n",
                        Arrays.stream(failure.getSuppressed())
                                .map(String::valueOf)
                                .toList());
    }

    @Test
    void there_are_more_than_100_faults() {
        assertThat(faults().map(Planted::name).distinct()).hasSizeGreaterThan(100);
    }

    @Test
    void each_test_of_the_suite_is_shown_to_fail_once() {
        List<String> shown = faults().map(Planted::test).distinct().toList();
        assertThat(ContractTest.tests().stream().map(Method::getName)).isSubsetOf(shown);
    }
}
