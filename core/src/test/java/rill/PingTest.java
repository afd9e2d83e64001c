package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A session that answers pings by itself. */
class PingTest {
    @Test
    void pings_are_answered_without_being_shown_above_in_order_with_what_the_handler_writes() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(m -> {
                received.add(m);
                rig.connection().write("<" + m + "> ");
            }));
            rig.arrives("apbpp");
            assertThat(received).containsExactly("a", "b");
            assertThat(rig.sent()).isEqualTo("<a> PONG <b> PONG PONG ");
            assertThat(rig.wire.flushes).hasSize(1);
        }
    }

    @Test
    void pings_wait_while_the_receiver_has_paused_or_pulls_nothing() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()))) {
            rig.arrives("pap");
            rig.settle();
            assertThat(rig.sent()).as("answered although nobody receives").isEmpty();
            rig.onLoop(() -> rig.connection().receive());
            rig.settle();
            assertThat(rig.sent()).as("what comes before the message asked for").isEqualTo("PONG ");
            rig.onLoop(() -> {
                rig.connection().pause();
                rig.connection().receive();
            });
            rig.settle();
            assertThat(rig.sent()).isEmpty();
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            assertThat(rig.sent()).isEqualTo("PONG ");
        }
    }

    @Test
    void a_flush_waits_for_the_answers_of_the_session_too() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()))) {
            rig.wire.space = 3;
            rig.collect(rig.connection());
            rig.arrives("p");
            var flushed = new Future<?>[1];
            rig.onLoop(() -> flushed[0] = rig.connection().flush());
            assertThat(flushed[0].isDone()).isFalse();
            assertThat(rig.link.outbound().pending()).isEqualTo(2);
            rig.wire.space = 2;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(flushed[0].isDone()).isTrue();
        }
    }

    @Test
    void a_peer_that_pings_and_never_reads_is_not_heard_until_it_reads() throws IOException {
        var limits = ConnectionLimits.defaults().waterMarks(100, 1_000, 10_000);
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()), limits)) {
            rig.wire.space = 0;
            List<String> received = rig.collect(rig.connection());
            for (int i = 0; i < 100 && !rig.wire.paused; i++) {
                rig.arrives("p".repeat(30_000));
            }
            assertThat(rig.wire.paused).isTrue();
            assertThat(rig.link.outbound().pending()).isLessThanOrEqualTo(1_000 + Pinging.PONG.length());
            rig.settle(); // and it does not spin meanwhile
            rig.wire.space = Integer.MAX_VALUE;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            rig.arrives("x");
            rig.settle();
            assertThat(received).containsExactly("x");
            assertThat(rig.wire.paused).isFalse();
        }
    }
}
