package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** Our stream has ended, the peer's continues. */
class OutputShutTest {
    @Test
    void what_was_written_leaves_first_and_reading_goes_on() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("the request");
                rig.connection().shutdownOutput();
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("the request\n");
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.wire.closed).isFalse();
            rig.arrives("the answer\n");
            assertThat(received).containsExactly("the answer");
        }
    }

    @Test
    void later_writes_fail_and_release_their_message() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var late = io.netty.buffer.Unpooled.directBuffer(4).writeInt(1);
            rig.onLoop(() -> {
                rig.connection().shutdownOutput();
                rig.connection().shutdownOutput();
                assertThat(rig.connection().write(late).failure())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("output was shut down");
            });
            assertThat(late.refCnt()).isZero();
        }
    }

    @Test
    void flush_still_tells_when_the_last_bytes_have_left() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 3;
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("12345");
                rig.connection().shutdownOutput();
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            assertThat(flushed[0].isDone()).isFalse();
            rig.wire.space = 100;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(flushed[0].failure()).isNull();
        }
    }

    @Test
    void flush_tells_so_of_what_a_handshake_holds_up_as_well() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("the request");
                rig.connection().shutdownOutput();
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            assertThat(flushed[0].isDone()).isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;the request\n;bye");
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(flushed[0].failure()).isNull();
        }
    }

    @Test
    void a_flush_of_what_a_handshake_holds_up_fails_with_the_connection() throws IOException {
        for (boolean closed : new boolean[] {true, false}) {
            try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
                rig.collect(rig.connection());
                var flushed = new Future<?>[1];
                rig.onLoop(() -> {
                    rig.connection().write("the request");
                    rig.connection().shutdownOutput();
                    if (closed) {
                        rig.connection().close();
                    }
                    flushed[0] = rig.connection().flush();
                });
                rig.settle();
                rig.wire.end(new IOException("reset, on purpose"));
                rig.settle();
                assertThat(flushed[0].isDone()).isTrue();
                assertThat(flushed[0].failure()).hasMessageContaining("on purpose");
            }
        }
    }

    @Test
    void what_a_session_answers_by_itself_afterwards_is_dropped_and_close_does_not_wait_for_it() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()))) {
            rig.collect(rig.connection());
            rig.onLoop(rig.connection()::shutdownOutput);
            rig.arrives("p");
            rig.settle();
            assertThat(rig.sent()).isEmpty();
            assertThat(rig.link.outbound().pending()).isZero();
            rig.onLoop(rig.connection()::close);
            rig.settle();
            rig.inputEnds();
            rig.settle();
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }

    @Test
    void when_the_peer_ends_as_well_the_connection_is_closed() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.onLoop(rig.connection()::shutdownOutput);
            rig.inputEnds();
            rig.settle();
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
            assertThat(rig.failures).isEmpty();
        }
    }
}
