package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** Writes on the loop while the pending bytes have reached the hard limit: the connection fails, so that no stream has a gap. */
class HardLimitTest {
    private static final ConnectionLimits LIMITS = ConnectionLimits.defaults().waterMarks(16, 32, 64);

    private static Rig<String, String> rig() throws IOException {
        return new Rig<>(TextLines.pipeline(), LIMITS);
    }

    private static void peerReads(Rig<?, ?> rig) {
        rig.wire.space = Integer.MAX_VALUE;
        rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
        rig.settle();
    }

    @Test
    void answers_to_a_slow_reader_leave_without_a_gap_and_above_the_limit_the_connection_fails_at_once()
            throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.onLoop(() -> rig.connection().onMessage(line -> rig.connection().write(line)));
            var expected = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                expected.append("line ").append(i).append('\n');
            }
            rig.arrives(expected + "refused\nnever heard\n");
            assertThat(rig.reports).singleElement().isInstanceOf(Report.ConnectionFailed.class);
            assertThat(rig.reports.getFirst().message()).contains("hard limit is 64");
            rig.settle();
            rig.arrives("line 99\n");
            peerReads(rig);
            assertThat(rig.sent()).isEqualTo(expected.toString());
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.reports).hasSize(1);
            rig.reports.clear();
        }
    }

    @Test
    void its_owner_is_told_once_before_anything_else_is_written() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.collect(rig.connection());
            var written = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 100; i++) {
                    written.add(rig.connection().write("0123456"));
                    assertThat(rig.failures).hasSize(i < 8 ? 0 : 1);
                }
            });
            assertThat(written.get(7).failure()).isNull();
            assertThat(written.get(8).failure())
                    .isSameAs(rig.failures.getFirst())
                    .hasMessageContaining("hard limit");
            assertThat(written.get(9).failure()).hasMessageContaining("closed");
            peerReads(rig);
            assertThat(rig.sent()).isEqualTo("0123456\n".repeat(8));
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void an_owner_that_carries_on_is_told_of_each_message_that_is_left_out() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.onLoop(() -> rig.connection().onFailure(failure -> {
                assertThat(failure.survivable()).isTrue();
                rig.failures.add(failure.cause());
                failure.carryOn();
            }));
            rig.onLoop(() -> {
                for (int i = 0; i < 12; i++) {
                    rig.connection().write("line " + (i % 10));
                }
            });
            assertThat(rig.failures).hasSize(2);
            peerReads(rig);
            rig.onLoop(() -> rig.connection().write("and on"));
            rig.settle();
            assertThat(rig.sent()).startsWith("line 0\n").endsWith("line 9\nand on\n");
            assertThat(rig.link.open()).isTrue();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_pending_receive_hears_of_it() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            var pending = new Future<?>[1];
            rig.onLoop(() -> {
                pending[0] = rig.connection().receive();
                for (int i = 0; i < 20; i++) {
                    rig.connection().write("0123456");
                }
            });
            assertThat(pending[0].failure()).hasMessageContaining("hard limit");
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_handler_of_failures_that_writes_above_the_limit_itself_is_not_called_again() throws IOException {
        for (boolean carriesOn : new boolean[] {true, false}) {
            try (var rig = rig()) {
                rig.wire.space = 0;
                var own = new ArrayList<Future<?>>();
                rig.onLoop(() -> rig.connection().onFailure(failure -> {
                    rig.failures.add(failure.cause());
                    own.add(rig.connection().write("you are too slow"));
                    if (carriesOn) {
                        failure.carryOn();
                    }
                }));
                rig.onLoop(() -> {
                    for (int i = 0; i < 20; i++) {
                        rig.connection().write("0123456");
                    }
                });
                assertThat(rig.failures).hasSize(1);
                assertThat(own)
                        .singleElement()
                        .satisfies(each -> assertThat(each.failure()).hasMessageContaining("hard limit"));
                assertThat(rig.link.open()).as("although it was to carry on").isFalse();
                peerReads(rig);
                assertThat(rig.sent()).isEqualTo("0123456\n".repeat(8));
                assertThat(rig.reports).hasSize(carriesOn ? 1 : 0); // of failures that nobody else heard of
                rig.reports.clear();
            }
        }
    }

    @Test
    void the_message_is_released() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes(), LIMITS)) {
            rig.wire.space = 0;
            List<ByteBuf> written = new ArrayList<>();
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> {});
                for (int i = 0; i < 20; i++) {
                    ByteBuf message = Unpooled.directBuffer(8).writeLong(i);
                    written.add(message);
                    rig.connection().write(message);
                }
            });
            peerReads(rig);
            assertThat(written).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void a_reader_that_never_reads_ends_the_failed_connection_after_the_limit_of_closing() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                for (int i = 0; i < 20; i++) {
                    rig.connection().write("0123456");
                }
            });
            rig.settle();
            rig.passes(LIMITS.closeProgress().plus(Duration.ofMillis(1)));
            assertThat(rig.wire.aborted).isTrue();
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }
}
