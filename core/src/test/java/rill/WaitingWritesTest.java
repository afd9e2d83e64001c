package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** The Futures of writes that wait for room: each writer has its own. */
class WaitingWritesTest {
    private static final ConnectionLimits LIMITS = ConnectionLimits.defaults().waterMarks(16, 32, 1000);

    private static Rig<String, String> full() throws IOException {
        var rig = new Rig<>(TextLines.pipeline(), LIMITS);
        rig.wire.space = 0;
        rig.onLoop(() -> rig.connection().write("x".repeat(40)));
        return rig;
    }

    private static void peerReads(Rig<?, ?> rig) {
        rig.wire.space = Integer.MAX_VALUE;
        rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
        rig.settle();
    }

    @Test
    void cancelling_one_or_limiting_its_time_concerns_no_other() throws IOException {
        try (var rig = full()) {
            var waiting = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 4; i++) {
                    waiting.add(rig.connection().write("line " + i));
                }
                waiting.add(rig.connection().write("line 4").timeout(Duration.ofSeconds(1)));
                waiting.add(Future.any(rig.connection().write("line 5"), Future.of(null)));
            });
            waiting.add(rig.connection().write("of another thread"));
            rig.settle();
            waiting.get(1).cancel();
            rig.passes(Duration.ofSeconds(2));
            assertThat(waiting.get(4).failure()).isInstanceOf(DeadlineException.class);
            assertThat(waiting).filteredOn(Future::isDone).hasSize(3);
            peerReads(rig);
            for (int i : new int[] {0, 2, 3, 6}) {
                assertThat(waiting.get(i).isDone()).isTrue();
                assertThat(waiting.get(i).failure()).isNull();
            }
            assertThat(rig.sent()).as("cancelling takes no message back").contains("line 1\n", "line 4\n");
        }
    }

    @Test
    void all_of_them_fail_with_the_connection_and_none_is_reported() throws IOException {
        var rig = full();
        var waiting = new ArrayList<Future<?>>();
        try (rig) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                waiting.add(rig.connection().write("one"));
                waiting.add(rig.connection().write("two"));
            });
            rig.wire.end(new IOException("broken"));
            rig.settle();
            assertThat(waiting).allSatisfy(each -> assertThat(each.failure()).hasMessageContaining("broken"));
        }
        assertThat(rig.reports).isEmpty();
    }

    @Test
    void messages_that_become_no_bytes_do_not_pile_up_futures() throws IOException {
        Codec<String, String> silent =
                Codec.of((in, context) -> null, (message, out) -> out.writeZero(message.length()));
        try (var rig = new Rig<>(Pipeline.of(silent), LIMITS)) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("x".repeat(40));
                int waiting = 0;
                for (int i = 0; i < 10_000; i++) {
                    waiting += rig.connection().write("").isDone() ? 0 : 1;
                }
                assertThat(waiting).isLessThanOrEqualTo(40);
            });
        }
    }
}
