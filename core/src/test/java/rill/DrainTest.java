package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** After close: how long the connection listens to a peer that does not hang up. */
class DrainTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static final Duration PROGRESS = ConnectionLimits.defaults().closeProgress();

    private final Loops loops = Loops.manual();

    @AfterEach
    void closeLoops() {
        loops.close(); // fails on a report, such as one of survivors
    }

    @Test
    void what_arrives_is_read_again_as_soon_as_a_paused_connection_closes() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.settle();
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("an answer");
                rig.connection().pause();
            });
            rig.settle();
            assertThat(rig.wire.paused).isTrue();
            rig.onLoop(rig.connection()::close);
            rig.settle();
            assertThat(rig.wire.outputShut).as("while the answer has not left").isFalse();
            assertThat(rig.wire.paused).isFalse();
        }
    }

    @Test
    void a_loop_that_closes_does_not_wait_long_for_idle_peers_to_hang_up() throws Exception {
        Loop server = loops.open();
        Loop client = loops.open();
        var listening = server.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(line -> {}));
        Listener listener = loops.settle(listening);
        for (int i = 0; i < 3; i++) {
            loops.settle(client.connect(listener.address(), TextLines.pipeline()));
        }
        long before = loops.clock().nanoTime();

        client.closing().start(Duration.ofHours(1));
        while (!client.isClosed()) { // nobody drives the server, so its ends never hang up
            client.tick();
            loops.clock().advance(Duration.ofMillis(10));
        }

        long passed = loops.clock().nanoTime() - before;
        assertThat(Duration.ofNanos(passed)).isLessThan(PROGRESS);
    }

    @Test
    void a_connection_that_has_nothing_left_to_wait_for_closes_at_once_and_without_a_timer() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection().onMessage(rig.connection()::write));
            rig.arrives("hello\n");
            rig.inputEnds();
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.sent()).isEqualTo("hello\n");
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void a_peer_that_takes_nothing_of_what_is_left_is_given_up_after_the_limit() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            writeAndClose(rig, "never taken");
            rig.passes(PROGRESS.minusMillis(1));
            assertThat(rig.wire.aborted).isFalse();
            rig.passes(Duration.ofMillis(1));
            assertThat(rig.wire.aborted).isTrue();
        }
    }

    @Test
    void a_peer_that_takes_a_little_now_and_then_is_given_all_the_time_it_needs() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            writeAndClose(rig, "taken");
            for (int taken = 0; taken < "taken\n".length(); taken++) {
                assertThat(rig.wire.outputShut).isFalse();
                rig.passes(PROGRESS.minusMillis(1));
                rig.wire.space = 1;
                rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
                rig.settle();
            }
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.wire.aborted).isFalse();
            assertThat(rig.sent()).isEqualTo("taken\n");
        }
    }

    @Test
    void progress_is_what_the_peer_takes_although_nothing_more_leaves_us() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            rig.wire.unacknowledged = 1000;
            writeAndClose(rig, "never taken by the system");
            for (int i = 0; i < 5; i++) {
                rig.passes(PROGRESS.minusMillis(1));
                rig.wire.unacknowledged--;
                rig.passes(Duration.ofMillis(1));
                assertThat(rig.wire.aborted).isFalse();
            }
            rig.passes(PROGRESS);
            assertThat(rig.wire.aborted).as("it has taken nothing for so long").isTrue();
        }
    }

    @Test
    void bytes_that_go_from_us_to_the_system_are_no_progress_of_the_peers() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            rig.wire.unacknowledged = 1000;
            writeAndClose(rig, "1234");
            rig.wire.space = 3;
            rig.wire.unacknowledged += 3;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.passes(PROGRESS);
            assertThat(rig.wire.aborted).isTrue();
        }
    }

    @Test
    void where_the_system_does_not_tell_it_is_tried_whether_it_takes_more() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            writeAndClose(rig, "12345");
            for (int taken = 0; taken < "12345".length(); taken++) {
                rig.wire.unreported = 1;
                rig.passes(PROGRESS);
                assertThat(rig.wire.aborted).isFalse();
            }
            assertThat(rig.wire.outputShut).isFalse();
            rig.wire.unreported = 1;
            rig.passes(PROGRESS);
            assertThat(rig.sent()).isEqualTo("12345\n");
            assertThat(rig.wire.outputShut).as("the rest has left by that").isTrue();
            assertThat(rig.wire.closed).isFalse();
            rig.passes(PROGRESS);
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
        }
    }

    @Test
    void a_trial_that_finds_the_connection_broken_ends_it_once() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            writeAndClose(rig, "12345");
            rig.wire.end(new IOException("broken"));
            rig.passes(PROGRESS);
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.wire.aborted).isFalse();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void after_our_end_a_peer_that_takes_what_the_system_has_for_it_is_waited_for() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.unacknowledged = 100;
            writeAndClose(rig, "left, and not taken");
            assertThat(rig.wire.outputShut).isTrue();
            for (int i = 0; i < 5; i++) {
                rig.passes(PROGRESS);
                rig.wire.unacknowledged--;
                assertThat(rig.wire.closed).isFalse();
            }
            rig.passes(PROGRESS);
            assertThat(rig.wire.closed).isFalse();
            rig.passes(PROGRESS);
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted)
                    .as("the system goes on with what it has")
                    .isFalse();
        }
    }

    @Test
    void after_our_end_a_peer_that_has_taken_everything_and_does_not_hang_up_has_the_limit_in_all() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.unacknowledged = 0;
            writeAndClose(rig, "taken");
            rig.passes(PROGRESS.minusMillis(1));
            assertThat(rig.wire.closed).isFalse();
            rig.passes(Duration.ofMillis(1));
            assertThat(rig.wire.closed).isTrue();
        }
    }

    @Test
    void a_loop_that_closes_listens_to_a_peer_for_as_long_as_it_sends_with_little_in_between() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.settle();
            rig.loop.closing().start(Duration.ofHours(1));
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
            for (int i = 0; i < 5; i++) {
                rig.arrives("more\n");
                rig.passes(Duration.ofMillis(250));
                assertThat(rig.wire.closed).isFalse();
            }
            rig.passes(Duration.ofMillis(250));
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
        }
    }

    @Test
    void a_handshake_that_ends_late_leaves_all_the_time_for_what_it_held_back() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            writeAndClose(rig, "abc");
            rig.passes(Duration.ofMillis(4_900));
            rig.wire.space = 4;
            rig.arrives("!");
            rig.settle();
            rig.passes(PROGRESS.minusMillis(1));
            assertThat(rig.wire.aborted).isFalse();
            rig.passes(Duration.ofMillis(1));
            assertThat(rig.wire.aborted).isTrue();
        }
    }

    @Test
    void a_peer_that_goes_on_with_the_handshake_makes_progress() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            writeAndClose(rig, "abc");
            for (int i = 0; i < 4; i++) {
                rig.passes(PROGRESS.minusMillis(1));
                rig.arrives("?");
            }
            assertThat(rig.wire.aborted).isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;abc\n;bye");
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    private static void writeAndClose(Rig<String, String> rig, String message) {
        rig.settle();
        rig.onLoop(() -> {
            rig.connection().write(message);
            rig.connection().close();
        });
        rig.settle();
    }

    @Test
    void what_leaves_by_a_flush_of_the_users_has_left_as_well() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 3;
            rig.onLoop(() -> {
                rig.connection().write("12345");
                rig.connection().flush();
                rig.connection().shutdownOutput();
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.wire.closed).isFalse();
            rig.wire.space = 100;
            rig.onLoop(rig.connection()::flush);
            rig.settle();
            rig.passes(PROGRESS);
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
        }
    }

    /** Passes everything on until it has said its good-bye, after which nothing may be written. */
    private static final class Strict implements Session<ByteBuf, ByteBuf> {
        private boolean over;

        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            if (over) {
                throw new IllegalStateException("encode after outputEnding");
            }
            out.pass(message.readRetainedSlice(message.readableBytes()));
        }

        @Override
        public void outputEnding(Outgoing out) {
            out.buffer(4).writeCharSequence("bye!", StandardCharsets.US_ASCII);
            over = true;
        }
    }

    /** Answers each read by itself. */
    private static final class Answering implements Session<ByteBuf, ByteBuf> {
        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            context.out().buffer(1).writeByte('!');
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.readRetainedSlice(message.readableBytes()));
        }
    }

    @Test
    void what_a_layer_answers_by_itself_after_the_end_of_output_reaches_no_layer_that_has_said_its_good_bye()
            throws IOException {
        Pipeline<String, String> pipeline =
                TextLines.pipeline().over(context -> new Answering()).over(context -> new Strict());
        try (var rig = new Rig<>(pipeline)) {
            var lines = new ArrayList<String>();
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                rig.connection().onMessage(lines::add);
                rig.connection().shutdownOutput();
            });
            rig.settle();
            rig.arrives("hello\n");
            rig.settle();
            assertThat(lines).containsExactly("hello");
            assertThat(rig.failures).isEmpty();
            assertThat(rig.sent()).isEqualTo("bye!");
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void a_good_bye_that_goes_wrong_is_the_connections_failure_once() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(context -> new Refusing()))) {
            var ends = new ArrayList<String>();
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> {
                        ends.add(failure.cause().getMessage());
                        rig.connection().abort();
                    })
                    .onMessage(line -> {}));
            rig.settle();
            rig.onLoop(() -> {
                rig.connection().write("abc");
                rig.connection().close();
            });
            rig.settle();
            assertThat(ends).containsExactly("not this");
            assertThat(rig.wire.aborted).isTrue();
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    /** Lets nothing out. */
    private static final class Refusing implements Session<ByteBuf, ByteBuf> {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            in.skipBytes(in.readableBytes());
            return null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) throws IOException {
            throw new IOException("not this");
        }
    }

    @Test
    void a_peer_that_goes_on_sending_to_a_closing_loop_is_drained_for_no_longer_than_the_limit() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(rig.connection()::close);
            rig.settle();
            for (int i = 0; i < 4; i++) {
                rig.passes(Duration.ofSeconds(1));
                rig.arrives("still here\n");
                assertThat(rig.wire.closed).isFalse();
            }
            rig.passes(Duration.ofSeconds(1));
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted)
                    .as("its last bytes may be on their way yet")
                    .isFalse();
        }
    }
}
