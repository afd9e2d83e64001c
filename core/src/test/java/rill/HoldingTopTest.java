package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** The session on top holds writes until its handshake is over. */
class HoldingTopTest {
    private static final ConnectionLimits LIMITS = ConnectionLimits.defaults().waterMarks(300, 600, 1200);

    /**
     * Sends {@code hello;} and holds writes until a {@code !}, and again after a {@code ?}. Messages are single characters, written in the brackets
     * that the handshake has agreed upon. A message with a space can't be encoded.
     */
    private static final class Shaking extends SessionTest.Plain {
        private String brackets = "??";

        @Override
        public @Nullable String opened(Context context) {
            context.holdWrites();
            context.out().buffer(6).writeCharSequence("hello;", StandardCharsets.US_ASCII);
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) {
            char c = (char) in.readByte();
            if (c == '!') {
                brackets = "[]";
                context.releaseWrites();
                context.out().buffer(6).writeCharSequence("ready;", StandardCharsets.US_ASCII);
            } else if (c == '?') {
                context.holdWrites();
            } else {
                return String.valueOf(c);
            }
            return null;
        }

        @Override
        public void encode(String message, Outgoing out) {
            out.buffer(100).writeCharSequence(brackets.charAt(0) + message, StandardCharsets.US_ASCII);
            if (message.contains(" ")) {
                throw new IllegalArgumentException("a space in: " + message);
            }
            out.buffer(1).writeByte(brackets.charAt(1));
        }

        @Override
        public void outputEnding(Outgoing out) {
            out.buffer(4).writeCharSequence(";bye", StandardCharsets.US_ASCII);
        }
    }

    private static Pipeline<String, String> pipeline() {
        return Pipeline.of(context -> new Shaking());
    }

    private static Rig<String, String> rig() throws IOException {
        return rig(pipeline());
    }

    private static <T> Rig<T, T> rig(Pipeline<T, T> pipeline) throws IOException {
        var rig = new Rig<>(pipeline, LIMITS);
        rig.settle();
        return rig;
    }

    @Test
    void what_is_written_waits_and_is_encoded_in_order_once_it_lets_go() throws IOException {
        try (var rig = rig()) {
            rig.collect(rig.connection());
            Future<?> outside = rig.connection().write("a");
            rig.settle();
            rig.onLoop(() -> {
                assertThat(rig.connection().write("b").isDone()).isTrue();
                rig.connection().write("c");
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;");
            assertThat(outside.failure()).isNull();
            rig.arrives("!");
            rig.onLoop(() -> rig.connection().write("d"));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("ready;[a][b][c][d]");
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void it_may_hold_again() throws IOException {
        try (var rig = rig()) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("!x?y");
            rig.onLoop(() -> rig.connection().write("a"));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;");
            assertThat(received).containsExactly("x", "y");
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("ready;[a]");
        }
    }

    @Test
    void under_a_mapping_and_over_byte_layers_it_is_the_same() throws IOException {
        Pipeline<String, String> mapped =
                pipeline().map(Function.identity(), (String text) -> text.toUpperCase(java.util.Locale.ROOT));
        try (var rig = rig(mapped.over(new HoldingLayer()))) {
            rig.collect(rig.connection());
            rig.onLoop(() -> rig.connection().write("a"));
            rig.arrives("!"); // for the layer below
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;hello;");
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("ready;[A]");
        }
    }

    @Test
    void a_flush_is_done_once_it_has_left() throws IOException {
        try (var rig = rig()) {
            rig.collect(rig.connection());
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("a");
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            assertThat(flushed[0].isDone()).isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(flushed[0].failure()).isNull();
        }
    }

    @Test
    void the_handshake_goes_on_although_nobody_receives_and_what_it_brings_is_kept() throws IOException {
        try (var rig = rig()) {
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("a");
                flushed[0] = rig.connection().flush();
            });
            rig.arrives("!xy");
            rig.settle();
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(rig.sent()).isEqualTo("hello;ready;[a]");
            var received = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                received.add(rig.connection().receive());
                received.add(rig.connection().receive());
            });
            rig.settle();
            assertThat(received).extracting(Future::result).containsExactly("x", "y");
        }
    }

    @Test
    void a_message_before_it_lets_go_waits_for_who_receives_and_the_handshake_with_it() throws IOException {
        try (var rig = rig()) {
            rig.onLoop(() -> rig.connection().write("a"));
            rig.arrives("x!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;");
            var received = new ArrayList<Future<String>>();
            rig.onLoop(() -> received.add(rig.connection().receive()));
            rig.settle();
            assertThat(received.getFirst().result()).isEqualTo("x");
            assertThat(rig.sent()).isEqualTo("ready;[a]");
        }
    }

    @Test
    void close_waits_for_it_and_drops_what_it_brings() throws IOException {
        try (var rig = rig()) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("a");
                rig.connection().close();
                assertThat(rig.connection().write("late").failure()).isNotNull();
            });
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            rig.arrives("x!y");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;[a];bye");
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(received).isEmpty();
        }
    }

    @Test
    void shutting_down_the_output_waits_for_it() throws IOException {
        try (var rig = rig()) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("a");
                rig.connection().shutdownOutput();
            });
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            rig.arrives("!y");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;[a];bye");
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(received).containsExactly("y");
        }
    }

    @Test
    void another_pipeline_can_not_take_over_before() throws IOException {
        try (var rig = rig()) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("a");
                assertThatThrownBy(() -> rig.connection().become(TextLines.pipeline()))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("still holds back writes");
            });
            rig.arrives("!");
            rig.onLoop(() -> rig.connection().become(TextLines.pipeline()).write("b"));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;[a]b\n");
        }
    }

    @Test
    void what_waits_counts_against_the_marks_by_the_codecs_guess() throws IOException {
        try (var rig = rig()) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            var written = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 6; i++) {
                    written.add(rig.connection().write("" + i)); // each counts for 256
                }
            });
            assertThat(written.subList(0, 2)).allMatch(Future::isDone);
            assertThat(written.subList(2, 5)).noneMatch(Future::isDone);
            assertThat(written.get(5).failure()).hasMessageContaining("hard limit");
            assertThat(rig.failures).hasSize(1);
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;;bye");
        }
    }

    @Test
    void writers_that_wait_go_on_once_it_has_let_go() throws IOException {
        try (var rig = rig()) {
            rig.collect(rig.connection());
            var written = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                for (int i = 0; i < 4; i++) {
                    written.add(rig.connection().write("" + i));
                }
            });
            assertThat(written.get(3).isDone()).isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(written).allMatch(Future::isDone).allMatch(each -> each.failure() == null);
            assertThat(rig.sent()).isEqualTo("hello;ready;[0][1][2][3]");
        }
    }

    @Test
    void one_that_can_not_be_encoded_fails_the_connection_before_the_next_leaves_unless_its_owner_carries_on()
            throws IOException {
        for (boolean carriesOn : new boolean[] {true, false}) {
            try (var rig = rig()) {
                rig.onLoop(() -> rig.connection().onFailure(failure -> {
                    rig.failures.add(failure.cause());
                    if (carriesOn) {
                        rig.connection().write("d");
                        failure.carryOn();
                    }
                }));
                rig.onLoop(() -> {
                    rig.connection().write("a");
                    rig.connection().write("b b");
                    rig.connection().write("c");
                });
                rig.arrives("!");
                rig.settle();
                assertThat(rig.sent()).isEqualTo(carriesOn ? "hello;ready;[a][c][d]" : "hello;ready;[a];bye");
                assertThat(rig.failures).hasSize(1);
                assertThat(rig.wire.outputShut).isEqualTo(!carriesOn);
                assertThat(rig.link.outbound().pending()).isZero();
            }
        }
    }

    @Test
    void nothing_follows_one_that_can_not_be_encoded_while_the_connection_fails_for_another_reason()
            throws IOException {
        try (var rig = rig()) {
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(message -> {
                        throw new IllegalStateException("the handler of " + message);
                    }));
            rig.onLoop(() -> {
                rig.connection().write("a");
                rig.connection().write("b b");
                rig.connection().write("c");
            });
            rig.arrives("!x");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;[a];bye");
            assertThat(rig.failures).singleElement().asString().contains("the handler of x");
            assertThat(rig.failures.getFirst().getSuppressed()).hasSize(1);
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void what_it_never_lets_go_is_released_with_the_connection() throws IOException {
        Codec<ByteBuf, ByteBuf> holding = context -> new Session<>() {
            @Override
            public @Nullable ByteBuf opened(Context context) {
                context.holdWrites();
                return null;
            }

            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                in.skipBytes(in.readableBytes());
                return null;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
        List<Function<Rig<?, ?>, Rig.Action>> ends = List.of(
                rig -> rig.connection()::abort,
                rig -> () -> rig.wire.end(new IOException("broken")),
                rig -> () -> rig.link.failed(new IOException("broken"), false),
                rig -> () -> {
                    rig.connection().close();
                    rig.passes(LIMITS.closeProgress());
                });
        for (var end : ends) {
            try (var rig = rig(Pipeline.of(holding))) {
                ByteBuf message = Unpooled.directBuffer().writeLong(1);
                var flushed = new Future<?>[1];
                rig.onLoop(() -> {
                    rig.connection().onFailure(failure -> {});
                    rig.connection().write(message);
                    flushed[0] = rig.connection().flush();
                });
                rig.settle();
                if (end == ends.getLast()) {
                    rig.onLoop(rig.connection()::close);
                    rig.settle();
                    rig.passes(LIMITS.closeProgress());
                } else {
                    rig.onLoop(end.apply(rig));
                }
                rig.settle();
                assertThat(message.refCnt()).isZero();
                assertThat(flushed[0].failure()).isNotNull();
            }
        }
    }

    @Test
    void calls_of_a_client_wait_for_it_and_one_that_can_not_be_encoded_fails_alone() throws IOException {
        var client = new ArrayList<Client<String, String>>();
        try (var rig = new Rig<String, String>(LIMITS, link -> {
            ClientProtocol<String, String> protocol = ClientProtocol.inOrder(pipeline());
            link.open(protocol.pipeline);
            client.add(new Client<>(link, protocol));
            link.receiver(client.getFirst().receiver());
            return null;
        })) {
            rig.settle();
            var calls = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                calls.add(client.getFirst().call("a"));
                calls.add(client.getFirst().call("b b"));
            });
            calls.add(client.getFirst().call("c"));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;");
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("ready;[a][c]");
            rig.arrives("xy");
            rig.settle();
            assertThat(calls.get(0).result()).isEqualTo("x");
            assertThat(calls.get(1).failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(calls.get(2).result()).isEqualTo("y");
        }
    }

    @Test
    void a_server_answers_once_it_has_let_go() throws IOException {
        try (var rig = new Rig<String, String>(LIMITS, link -> {
            Responder.open(link, pipeline(), ListenOptions.defaults(), Future::of);
            return null;
        })) {
            rig.settle();
            rig.arrives("xy!z");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ready;[x][y][z]");
        }
    }

    /** With a layer in between that has nothing to hold back. */
    private static Pipeline<String, String> overAHandshake() {
        ByteLayer passing = context -> new Session<ByteBuf, ByteBuf>() {
            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                return in.readSlice(in.readableBytes());
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
        return TextLines.pipeline().over(passing).over(new HoldingLayer());
    }

    @Test
    void what_was_written_just_now_far_above_a_layer_that_holds_leaves_before_our_end() throws IOException {
        for (boolean close : new boolean[] {true, false}) {
            try (var rig = new Rig<>(overAHandshake())) {
                rig.settle();
                rig.onLoop(() -> {
                    rig.connection().write("written");
                    if (close) {
                        rig.connection().close();
                    } else {
                        rig.connection().shutdownOutput();
                    }
                });
                rig.settle();
                rig.arrives("!");
                rig.settle();
                assertThat(rig.sent()).isEqualTo("hello;written\n;bye");
                assertThat(rig.wire.outputShut).isTrue();
            }
        }
    }
}
