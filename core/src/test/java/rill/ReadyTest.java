package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** A connection is handed out once its layers have come to an agreement with the peer, and offers what they have found out. */
class ReadyTest extends SpokenByHand {
    /** Connects through a layer that says hello and is ready once the peer has said {@code !}. */
    private Future<Connection<String, String>> connect() {
        return loop.connect(
                server.address(),
                TextLines.pipeline().over(new HoldingLayer()),
                ConnectOptions.defaults().timeout(LIMIT));
    }

    @Test
    void connect_is_done_once_every_layer_is_ready() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        assertThat(heard).containsExactly("hello;");
        assertThat(connecting.isDone()).isFalse();
        says("!");
        Connection<String, String> connection = loops.settle(connecting);
        loop.execute(() -> connection.write("a line"));
        ticks();
        assertThat(String.join("", heard)).isEqualTo("hello;a line\n");
        loop.execute(connection::abort);
        assertNothingIsLeft();
    }

    @Test
    void a_client_is_handed_out_when_its_layers_are_ready_as_well() {
        Future<Client<String, String>> connecting = loop.connect(
                server.address(), ClientProtocol.inOrder(TextLines.pipeline().over(new HoldingLayer())));
        ticks();
        assertThat(connecting.isDone()).isFalse();
        says("!");
        Client<String, String> client = loops.settle(connecting);
        Future<String> answer = client.call("what?");
        ticks();
        says("that\n");
        assertThat(loops.settle(answer)).isEqualTo("that");
        loop.execute(client::abort);
        assertNothingIsLeft();
    }

    @Test
    void a_layer_that_fails_before_that_fails_connect_and_nobody_else_is_told() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loop.execute(() -> accepted.getFirst().close());
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("within the handshake");
        assertNothingIsLeft();
    }

    @Test
    void a_peer_that_resets_before_that_fails_connect_though_it_has_sent_something() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        says("?");
        loop.execute(() -> accepted.getFirst().abort());
        ticks();
        assertThat(connecting.failure()).isInstanceOf(IOException.class);
        assertNothingIsLeft();
    }

    @Test
    void layers_have_the_time_that_connect_has() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loops.clock().advance(LIMIT.minusNanos(1));
        ticks();
        assertThat(connecting.isDone()).isFalse();
        loops.clock().advance(Duration.ofNanos(1));
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("its layer HoldingLayer was not ready within 3 s");
        assertThat(heard).containsExactly("hello;", "failed");
        assertNothingIsLeft();
    }

    @Test
    void a_connection_that_is_given_up_before_that_is_closed() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loop.execute(connecting::cancel);
        ticks();
        assertThat(heard).containsExactly("hello;", "failed");
        assertNothingIsLeft();
    }

    @Test
    void a_loop_that_closes_before_that_fails_connect() {
        Future<Connection<String, String>> connecting = connect();
        var failures = new ArrayList<Throwable>();
        connecting.onDone((connection, failure) -> failures.add(failure));
        ticks();
        loop.close(Duration.ofSeconds(1));
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).isInstanceOf(CancelledException.class));
    }

    @Test
    void a_codec_that_can_not_open_its_session_leaves_nothing_behind() {
        Pipeline<String, String> hopeless = Pipeline.of(context -> {
            throw new IllegalStateException("on purpose");
        });
        Future<Connection<String, String>> connecting = loop.connect(server.address(), hopeless);
        ticks();
        assertThat(connecting.failure()).hasMessage("on purpose");
        assertThat(heard).containsExactly("failed");
        assertNothingIsLeft();
    }

    @Test
    void a_session_that_fails_when_it_is_opened_fails_connect_and_leaves_no_timer() {
        Pipeline<String, String> failing = TextLines.pipeline().over(context -> new Session<>() {
            @Override
            public @Nullable ByteBuf opened(Context opening) throws IOException {
                throw new IOException("on purpose");
            }

            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                return in;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        });
        Future<Connection<String, String>> connecting = loop.connect(server.address(), failing);
        ticks();
        assertThat(connecting.failure()).hasMessage("on purpose");
        assertThat(heard).containsExactly("end");
        assertNothingIsLeft();
    }

    /** The information that {@link Versioned} finds out. */
    record Version(String name) {}

    /** Takes its first line as a version. */
    private static final class Versioned extends SessionTest.Plain {
        private final Session<String, String> lines;
        private @Nullable Version version;

        Versioned(Context context) {
            lines = TextLines.codec().open(context);
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            String line = lines.decode(in, context);
            if (line != null && version == null) {
                version = new Version(line);
                return null;
            }
            return line;
        }

        @Override
        public @Nullable Object info() {
            return version;
        }
    }

    @Test
    void what_a_session_has_found_out_can_be_asked_for_through_mappings_too() throws IOException {
        Pipeline<String, String> versioned =
                Pipeline.<String, String>of(Versioned::new).map(line -> line, line -> line);
        Connection<String, String> connection = loops.settle(loop.connect(server.address(), versioned));
        ticks();
        assertThat(connection.info(Version.class)).isEmpty();
        loop.execute(() -> connection.onMessage(heard::add));
        says("one\nfirst\n");
        assertThat(connection.info(Version.class)).contains(new Version("one"));
        assertThat(connection.info(String.class)).isEmpty();
        assertThat(heard).containsExactly("first");
        loop.execute(connection::abort);
        assertNothingIsLeft();
    }

    // ---- requests made before it is ready

    @Test
    void a_handshake_goes_on_though_the_connection_is_paused_and_no_message_comes_out() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().pause();
                rig.connection().write("a");
            });
            rig.settle();
            assertThat(rig.wire.paused).as("while it shakes hands").isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;a\n");
            assertThat(rig.wire.paused).as("once it is ready").isTrue();
            rig.arrives("one\n");
            rig.settle();
            assertThat(received).isEmpty();
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            assertThat(received).containsExactly("one");
        }
    }

    @Test
    void output_that_is_shut_down_in_a_handshake_ends_after_it_and_a_close_does_not_wait() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(rig.connection()::shutdownOutput);
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;");
            assertThat(rig.wire.outputShut).isFalse();
            rig.arrives("!one\n");
            rig.settle();
            assertThat(rig.sent()).isEqualTo(";bye");
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(received).containsExactly("one");
        }
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().shutdownOutput();
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;;bye");
            assertThat(rig.wire.outputShut).isTrue();
        }
    }
}
