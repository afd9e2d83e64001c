package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** What goes wrong in a codec or a handler is reported once, to the right place, and the connection survives what it can. */
class ConnectionFailureTest {
    @Test
    void what_a_handler_throws_after_it_has_aborted_is_reported_and_does_not_fail_the_connection() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var mistake = new IllegalStateException("a mistake");
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(line -> {
                        rig.connection().abort();
                        throw mistake;
                    }));
            rig.arrives("a line\n");
            rig.settle();
            assertThat(rig.failures).isEmpty();
            assertThat(rig.reports)
                    .singleElement()
                    .satisfies(each -> assertThat(each.cause()).isSameAs(mistake));
        }
    }

    @Test
    void a_violation_is_told_with_its_offset_in_the_stream_after_the_messages_before_it() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("first\nsec");
            rig.arrives("ond\nbad\0line\ngarbage\n");
            rig.settle();
            assertThat(received).containsExactly("first", "second");
            assertThat(rig.failures).singleElement().isInstanceOfSatisfying(ProtocolException.class, e -> {
                assertThat(e.offset()).isEqualTo(16);
                assertThat(e.streamEnded()).isFalse();
            });
            rig.arrives("more\n");
            assertThat(received).as("garbage after an error").hasSize(2);
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_pending_receive_is_told_and_nobody_else() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var pending = new Future<?>[1];
            rig.onLoop(() -> pending[0] = rig.connection().receive());
            rig.arrives("\0\n");
            rig.settle();
            assertThat(pending[0].failure()).isInstanceOf(ProtocolException.class);
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void who_receives_only_after_the_failure_is_told_its_cause() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var broken = new IOException("broken");
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            rig.wire.end(broken);
            rig.settle();
            var late = new Future<?>[1];
            rig.onLoop(() -> late[0] = rig.connection().receive());
            rig.settle();
            assertThat(late[0].failure()).isSameAs(broken);
        }
    }

    @Test
    void a_failure_told_to_nobody_is_reported_once() throws IOException {
        List<Report> reports;
        try (var rig = new Rig<>(TextLines.pipeline())) {
            reports = rig.reports;
            rig.onLoop(() -> rig.connection().onMessage(line -> {}));
            rig.arrives("\0\n");
        }
        assertThat(reports).singleElement().isInstanceOf(Report.ConnectionFailed.class);
    }

    @Test
    void a_failure_told_to_on_failure_is_not_reported_when_nobody_receives() throws IOException {
        List<Report> reports;
        try (var rig = new Rig<>(TextLines.pipeline())) {
            reports = rig.reports;
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                rig.connection().receive().cancel();
            });
            var broken = new IOException("broken");
            rig.wire.end(broken);
            rig.settle();
            assertThat(rig.failures).containsExactly(broken);
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void a_failure_that_on_failure_has_no_answer_to_is_reported_once() throws IOException {
        for (boolean pushes : new boolean[] {true, false}) {
            List<Report> reports;
            try (var rig = new Rig<>(TextLines.pipeline())) {
                reports = rig.reports;
                rig.onLoop(() -> {
                    rig.connection().onFailure(Failure::report);
                    if (pushes) {
                        rig.connection().onMessage(line -> {});
                    } else {
                        rig.connection().receive().cancel();
                    }
                });
                rig.wire.end(new IOException("broken"));
                rig.settle();
            }
            assertThat(reports)
                    .singleElement()
                    .satisfies(report -> assertThat(report.cause()).hasMessage("broken"));
        }
    }

    @Test
    void a_failure_that_a_receive_is_told_of_is_not_reported_whatever_on_failure_says() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var pending = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().onFailure(Failure::report);
                pending[0] = rig.connection().receive();
            });
            rig.wire.end(new IOException("broken"));
            rig.settle();
            assertThat(pending[0].failure()).hasMessage("broken");
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void an_encoder_that_throws_is_rolled_back_and_the_connection_can_carry_on() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var written = new ArrayList<Future<?>>();
            var survivable = new ArrayList<Boolean>();
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> {
                    survivable.add(failure.survivable());
                    failure.carryOn();
                });
                written.add(rig.connection().write("before"));
                written.add(rig.connection().write("half\nwritten"));
                written.add(rig.connection().write("after"));
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("before\nafter\n");
            assertThat(survivable).containsExactly(true);
            assertThat(written.get(1).failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(written.get(2).failure()).isNull();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void an_encoder_that_throws_closes_the_connection_unless_told_otherwise() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("before");
                rig.connection().write("half\nwritten");
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("before\n");
            assertThat(rig.failures).singleElement().isInstanceOf(IllegalArgumentException.class);
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void what_was_spilled_into_several_buffers_is_taken_back_as_well() throws IOException {
        Codec<String, String> spills = context -> new SessionTest.Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                return null;
            }

            @Override
            public void encode(String message, Outgoing out) {
                out.buffer(10).writeZero(10);
                out.buffer(Buffers.SIZE).writeZero(10);
                throw new IllegalArgumentException(message);
            }
        };
        try (var rig = new Rig<>(Pipeline.of(spills))) {
            var survivable = new ArrayList<Boolean>();
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> survivable.add(failure.survivable()))
                    .write("x"));
            rig.settle();
            assertThat(survivable).containsExactly(true);
            assertThat(rig.sent()).isEmpty();
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void a_handler_that_throws_is_survivable_and_otherwise_closes_the_connection() throws IOException {
        for (boolean carriesOn : new boolean[] {true, false}) {
            try (var rig = new Rig<>(TextLines.pipeline())) {
                var received = new ArrayList<String>();
                rig.onLoop(() -> rig.connection()
                        .onMessage(line -> {
                            received.add(line);
                            if (line.equals("bad")) {
                                throw new IllegalStateException("handler");
                            }
                        })
                        .onFailure(failure -> {
                            rig.failures.add(failure.cause());
                            if (carriesOn) {
                                failure.carryOn();
                            }
                        }));
                rig.arrives("bad\ngood\n");
                rig.settle();
                assertThat(rig.failures).singleElement().isInstanceOf(IllegalStateException.class);
                assertThat(received).isEqualTo(carriesOn ? List.of("bad", "good") : List.of("bad"));
                assertThat(rig.link.open()).isEqualTo(carriesOn);
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void an_on_failure_that_throws_is_reported_and_the_connection_closes_all_the_same() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection().onMessage(line -> {}).onFailure(failure -> {
                throw new IllegalStateException("in onFailure");
            }));
            rig.arrives("\0\n");
            rig.settle();
            assertThat(rig.reports).singleElement().isInstanceOf(Report.Thrown.class);
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void messages_that_came_before_a_reset_are_delivered_before_the_failure() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.arrives("one\ntwo\nthr");
            var broken = new IOException("reset");
            rig.wire.end(broken);
            rig.settle();
            var log = new ArrayList<Object>();
            rig.onLoop(() -> {
                for (int i = 0; i < 3; i++) {
                    rig.connection().receive().onDone((line, failure) -> log.add(failure == null ? line : failure));
                }
            });
            rig.settle();
            assertThat(log).containsExactly("one", "two", broken);
            assertThat(rig.reports).isEmpty();
        }
    }
}
