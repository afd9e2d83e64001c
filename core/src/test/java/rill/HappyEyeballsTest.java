package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.testing.Faults;
import rill.testing.Loops;
import rill.testing.MemoryWire;
import rill.testing.TextLines;

/** Racing the addresses of a name, as RFC 8305 says, in virtual time. */
class HappyEyeballsTest {
    private static final int PORT = 7;
    private static final Duration DELAY = Duration.ofMillis(250);
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final InetAddress SIX_1 = InetAddress.ofLiteral("2001:db8::1");
    private static final InetAddress SIX_2 = InetAddress.ofLiteral("2001:db8::2");
    private static final InetAddress FOUR_1 = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress FOUR_2 = InetAddress.ofLiteral("192.0.2.2");
    private static final InetAddress FOUR_3 = InetAddress.ofLiteral("192.0.2.3");

    private final Loops loops = Loops.manual();
    private final List<InetAddress> known = new ArrayList<>();
    private final List<Connection<String, String>> accepted = new ArrayList<>();
    private Duration lookUp = Duration.ZERO;
    private Loop loop;

    @BeforeEach
    void open() {
        var real = Environment.production();
        Resolver resolver = (asking, name) -> {
            List<InetAddress> found = List.copyOf(known);
            return asking.delay(lookUp).map(nothing -> found);
        };
        loops.transport()
                .environment(
                        new Environment(loops.clock(), new Random(1), resolver, real.blocking(), real.memory(), null));
        loop = loops.open();
    }

    @AfterEach
    void close() {
        loops.close();
    }

    private void listenAt(InetAddress address) {
        loops.settle(loop.listen(new InetSocketAddress(address, PORT), TextLines.pipeline(), each -> {
            accepted.add(each);
            each.onFailure(failure -> {}).onMessage(line -> {});
        }));
    }

    private Future<Connection<String, String>> connect(Duration limit) {
        var connecting = loop.connect(
                "some.name",
                PORT,
                TextLines.pipeline(),
                ConnectOptions.defaults().timeout(limit));
        ticks();
        return connecting;
    }

    private void ticks() {
        for (int i = 0; i < 20; i++) {
            loop.tick();
        }
    }

    private void passes(Duration time) {
        loops.clock().advance(time);
        ticks();
    }

    /** The next connections made are never answered. */
    private void swallow(int connections) {
        for (int i = 0; i < connections; i++) {
            loops.transport().nextConnection(Faults.unanswered());
        }
    }

    /** The addresses of this side's present attempts and connections, in the order in which they were begun. */
    private List<InetAddress> tried() {
        return loops.selector().wires().stream()
                .map(MemoryWire::remoteAddress)
                .filter(remote -> ((InetSocketAddress) remote).getPort() == PORT)
                .map(remote -> ((InetSocketAddress) remote).getAddress())
                .toList();
    }

    private static InetAddress addressOf(SocketAddress address) {
        return ((InetSocketAddress) address).getAddress();
    }

    @Test
    void families_take_turns_ipv6_first_and_each_keeps_the_order_of_the_resolver() {
        known.addAll(List.of(FOUR_1, FOUR_2, SIX_1, FOUR_3, SIX_2));
        swallow(5);
        connect(LIMIT);
        assertThat(tried()).containsExactly(SIX_1);
        for (int i = 0; i < 4; i++) {
            passes(DELAY);
        }
        assertThat(tried()).containsExactly(SIX_1, FOUR_1, SIX_2, FOUR_2, FOUR_3);
    }

    @Test
    void the_next_attempt_begins_a_quarter_of_a_second_after_the_one_before_and_not_earlier() {
        known.addAll(List.of(SIX_1, FOUR_1));
        swallow(2);
        connect(LIMIT);
        passes(DELAY.minusNanos(1));
        assertThat(tried()).containsExactly(SIX_1);
        passes(Duration.ofNanos(1));
        assertThat(tried()).containsExactly(SIX_1, FOUR_1);
    }

    @Test
    void the_next_attempt_begins_at_once_when_one_has_failed_and_the_pace_counts_from_then() {
        known.addAll(List.of(SIX_1, FOUR_1, FOUR_2));
        loops.transport().nextConnection(Faults.refused());
        swallow(2);
        connect(LIMIT);
        assertThat(tried()).containsExactly(FOUR_1);
        passes(DELAY.minusNanos(1));
        assertThat(tried()).containsExactly(FOUR_1);
        passes(Duration.ofNanos(1));
        assertThat(tried()).containsExactly(FOUR_1, FOUR_2);
    }

    @Test
    void the_first_to_answer_is_taken_and_the_others_are_closed() {
        known.addAll(List.of(SIX_1, FOUR_1, FOUR_2));
        listenAt(FOUR_1);
        swallow(1);
        var connecting = connect(LIMIT);
        assertThat(connecting.isDone()).isFalse();
        passes(DELAY);
        Connection<String, String> connection = loops.settle(connecting);
        assertThat(addressOf(connection.remoteAddress())).isEqualTo(FOUR_1);
        ticks();
        assertThat(tried()).containsExactly(FOUR_1);
        passes(LIMIT);
        assertThat(tried()).as("no attempt is left over").containsExactly(FOUR_1);
        assertThat(connection.isOpen()).isTrue();
        assertThat(loop.connections()).isEqualTo(2);
    }

    @Test
    void an_early_attempt_that_answers_late_still_wins() {
        known.addAll(List.of(SIX_1, FOUR_1));
        listenAt(SIX_1);
        loops.transport().delay(100); // by some ticks
        var connecting = loop.connect(
                "some.name",
                PORT,
                TextLines.pipeline(),
                ConnectOptions.defaults().timeout(LIMIT));
        loops.tickUntil(() -> !tried().isEmpty());
        loops.transport().nextConnection(Faults.unanswered());
        loops.clock().advance(DELAY);
        Connection<String, String> connection = loops.settle(connecting);
        assertThat(addressOf(connection.remoteAddress())).isEqualTo(SIX_1);
        ticks();
        assertThat(tried()).containsExactly(SIX_1);
    }

    @Test
    void of_two_that_connect_in_the_same_tick_one_is_handed_out_and_one_is_closed() {
        known.addAll(List.of(SIX_1, FOUR_1));
        listenAt(SIX_1);
        listenAt(FOUR_1);
        loops.transport().delay(100);
        for (int round = 0; round < 50; round++) {
            var connecting = loop.connect("some.name", PORT, TextLines.pipeline());
            loops.tickUntil(() -> !tried().isEmpty());
            loops.clock().advance(DELAY);
            Connection<String, String> connection = loops.settle(connecting);
            for (int i = 0; i < 5; i++) {
                ticks();
            }
            assertThat(tried()).hasSize(1);
            loop.execute(connection::abort);
            for (int i = 0; i < 5; i++) {
                ticks();
            }
        }
        assertThat(loop.connections()).isZero();
    }

    @Test
    void if_all_fail_the_failure_names_each_and_has_theirs_suppressed() {
        known.addAll(List.of(FOUR_1, SIX_1));
        loops.transport().nextConnection(Faults.none().failing(new IOException("No route to host")));
        loops.transport().nextConnection(Faults.refused());
        Throwable failure = loops.failureOf(connect(LIMIT));
        assertThat(failure)
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("some.name")
                .hasMessageContaining("tried 2 addresses")
                .hasMessageContaining("No route to host")
                .hasMessageContaining("Connection refused");
        assertThat(failure.getSuppressed()).hasSize(2);
        assertThat(loop.nextTimer()).as("a timer that is left").isEmpty();
        assertThat(tried()).isEmpty();
    }

    @Test
    void one_deadline_counts_for_all_and_tells_how_far_it_came() {
        known.addAll(List.of(SIX_1, FOUR_1));
        loops.transport().nextConnection(Faults.refused());
        swallow(1);
        var connecting = connect(LIMIT);
        passes(LIMIT.minusNanos(1));
        assertThat(connecting.isDone()).isFalse();
        passes(Duration.ofNanos(1));
        assertThat(loops.failureOf(connecting))
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("Connection refused")
                .hasMessageContaining("192.0.2.1:7: no answer within 10 s");
        assertThat(tried()).isEmpty();
        assertThat(loop.nextTimer()).isEmpty();
    }

    @Test
    void time_that_a_name_takes_is_part_of_the_deadline() {
        known.addAll(List.of(SIX_1));
        swallow(1);
        lookUp = Duration.ofSeconds(9);
        var connecting = connect(LIMIT);
        assertThat(tried()).isEmpty();
        passes(lookUp);
        assertThat(tried()).containsExactly(SIX_1);
        passes(Duration.ofSeconds(1));
        assertThat(loops.failureOf(connecting)).isInstanceOf(DeadlineException.class);
    }

    @Test
    void a_name_that_takes_longer_than_all_of_it_fails_and_is_never_tried() {
        known.addAll(List.of(SIX_1));
        lookUp = LIMIT.plusSeconds(1);
        var connecting = connect(LIMIT);
        passes(LIMIT);
        assertThat(loops.failureOf(connecting))
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("looking up the name took longer than 10 s");
        passes(lookUp);
        assertThat(tried()).isEmpty();
    }

    @Test
    void within_a_short_limit_each_address_still_has_its_chance() {
        known.addAll(List.of(SIX_1, SIX_2, FOUR_1, FOUR_2));
        listenAt(FOUR_2);
        swallow(3);
        var connecting = connect(Duration.ofMillis(100));
        for (int i = 0; i < 99 && !connecting.isDone(); i++) {
            passes(Duration.ofMillis(1));
        }
        assertThat(addressOf(loops.settle(connecting).remoteAddress())).isEqualTo(FOUR_2);
    }

    @Test
    void very_many_addresses_are_not_tried_faster_than_every_ten_milliseconds() {
        for (int i = 1; i <= 200; i++) {
            known.add(InetAddress.ofLiteral("192.0.2." + i));
        }
        swallow(200);
        var connecting = connect(Duration.ofMillis(100));
        for (int i = 0; i < 99; i++) {
            passes(Duration.ofMillis(1));
        }
        assertThat(tried()).hasSizeBetween(9, 10);
        passes(Duration.ofMillis(1));
        assertThat(loops.failureOf(connecting)).hasMessageContaining("tried 10 of 200 addresses");
    }

    @Test
    void cancelled_it_leaves_no_attempt_and_no_timer() {
        known.addAll(List.of(SIX_1, FOUR_1, FOUR_2));
        swallow(3);
        var connecting = connect(LIMIT);
        passes(DELAY);
        assertThat(tried()).hasSize(2);
        connecting.cancel();
        ticks();
        assertThat(tried()).isEmpty();
        assertThat(loop.nextTimer()).isEmpty();
        passes(LIMIT);
        assertThat(tried()).isEmpty();
    }

    @Test
    void a_later_turn_begins_with_the_next_address_of_each_family() {
        var all = List.of(SIX_1, SIX_2, FOUR_1, FOUR_2, FOUR_3);
        assertThat(AddressOrder.of(all, 0)).containsExactly(SIX_1, FOUR_1, SIX_2, FOUR_2, FOUR_3);
        assertThat(AddressOrder.of(all, 1)).containsExactly(SIX_2, FOUR_2, SIX_1, FOUR_3, FOUR_1);
        assertThat(AddressOrder.of(all, 7)).containsExactly(SIX_2, FOUR_2, SIX_1, FOUR_3, FOUR_1);
        assertThat(AddressOrder.of(List.of(FOUR_1), Integer.MIN_VALUE)).containsExactly(FOUR_1);
    }
}
