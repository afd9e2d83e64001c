package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A server passes a connection on once its layers have come to an agreement with the peer, as {@code connect} does. */
class ReadyToServeTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final Pipeline<String, String> HOLDING = TextLines.pipeline().over(new HoldingLayer());

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private void ticks() {
        for (int i = 0; i < 20; i++) {
            loop.tick();
        }
    }

    /** Connects a peer that is driven by hand. */
    private Connection<ByteBuf, ByteBuf> connect(Listener server) {
        Connection<ByteBuf, ByteBuf> peer = loops.settle(loop.connect(server.address(), Pipeline.bytes()));
        ticks();
        return peer;
    }

    private void says(Connection<ByteBuf, ByteBuf> peer, String text) {
        loop.execute(() -> peer.write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII)));
        ticks();
    }

    private Listener listening(ListenOptions options) {
        return loops.settle(loop.listen(ANY, HOLDING, options, connection -> {
            told.add("ready");
            connection.onMessage(told::add);
        }));
    }

    /** Nothing was reported, and the connection is gone once the peer has reset it, which is reported. */
    private void assertNothingIsLeft(Connection<ByteBuf, ByteBuf> peer) {
        loops.reporter().assertNone();
        loop.execute(peer::abort);
        ticks();
        loops.reporter().take(Report.ConnectionFailed.class);
        assertThat(loop.connections()).isZero();
    }

    @Test
    void a_handler_gets_a_connection_when_its_layers_are_ready_and_no_message_is_lost() {
        Connection<ByteBuf, ByteBuf> peer = connect(listening(ListenOptions.defaults()));
        assertThat(told).isEmpty();
        assertThat(loop.connections()).isEqualTo(2);
        says(peer, "!one\ntwo\n");
        assertThat(told).containsExactly("ready", "one", "two");
        assertNothingIsLeft(peer);
    }

    @Test
    void a_task_begins_and_a_service_is_made_then_as_well() {
        Listener tasks = loops.settle(loop.listenWithTask(ANY, HOLDING, connection -> {
            told.add("task");
            told.add(connection.receive().await());
        }));
        Listener services = loops.settle(loop.serveEach(ANY, HOLDING, peer -> {
            told.add("service");
            return request -> Future.of(request + "?");
        }));
        Connection<ByteBuf, ByteBuf> first = connect(tasks);
        Connection<ByteBuf, ByteBuf> second = connect(services);
        assertThat(told).isEmpty();
        says(first, "!one\n");
        assertThat(told).containsExactly("task", "one");
        says(second, "!");
        assertThat(told).containsExactly("task", "one", "service");
        loop.execute(first::close);
        ticks();
        assertNothingIsLeft(second);
    }

    @Test
    void a_peer_that_ends_or_resets_before_is_reported_once_and_nobody_is_given_the_connection() {
        Listener server =
                listening(ListenOptions.defaults().idleTime(Duration.ofSeconds(3))); // which closes the silent one
        Connection<ByteBuf, ByteBuf> ends = connect(server);
        loop.execute(ends::close);
        ticks();
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).hasMessageContaining("within the handshake"));
        Connection<ByteBuf, ByteBuf> resets = connect(server);
        says(resets, "?");
        loop.execute(resets::abort);
        ticks();
        assertThat(loops.reporter().take(Report.ConnectionFailed.class)).hasSize(1);
        Connection<ByteBuf, ByteBuf> silent = connect(server);
        loops.clock().advance(Duration.ofSeconds(3));
        ticks();
        assertThat(told).isEmpty();
        assertNothingIsLeft(silent);
    }

    /** A session that is never ready; a {@code .} ends its input. */
    private static final class Waiting implements Session<ByteBuf, ByteBuf> {
        @Override
        public @Nullable ByteBuf opened(Context context) {
            context.holdWrites();
            return null;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            int end = in.bytesBefore((byte) '.');
            if (end == 0) {
                in.skipBytes(1);
                context.end();
                return null;
            }
            return in.isReadable() ? in.readSlice(end < 0 ? in.readableBytes() : end) : null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"one\ntwo\n", "one\ntwo\n."})
    void a_layer_that_waits_though_the_peer_has_ended_is_waited_for_no_longer_and_nothing_is_lost(String said) {
        Pipeline<String, String> waiting = TextLines.pipeline().over(context -> new Waiting());
        Listener server = loops.settle(loop.listen(ANY, waiting, connection -> {
            told.add("given");
            connection.onMessage(told::add, connection::close);
        }));
        Connection<ByteBuf, ByteBuf> peer = connect(server);
        says(peer, said);
        if (!said.endsWith(".")) {
            assertThat(told).isEmpty();
            loop.execute(peer::close);
            ticks();
        }
        assertThat(told).containsExactly("given", "one", "two");
        loop.execute(peer::close);
        ticks();
        assertThat(loop.connections()).isZero();
    }

    @Test
    void of_a_peer_that_resets_before_what_it_has_sent_is_not_lost_and_nothing_is_kept_waiting() {
        Pipeline<String, String> waiting = TextLines.pipeline().over(context -> new Waiting());
        Listener server = loops.settle(loop.listen(ANY, waiting, connection -> {
            told.add("given");
            connection.onMessage(told::add).onFailure(failure -> told.add("failed"));
        }));
        Connection<ByteBuf, ByteBuf> peer = connect(server);
        says(peer, "one\ntwo\n");
        assertThat(told).isEmpty();
        loop.execute(peer::abort);
        ticks();
        assertThat(told).containsExactly("given", "one", "two", "failed");
        assertThat(loop.connections()).isZero();
        loops.reporter().assertNone();
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "abort", "throw"})
    void an_owner_who_is_given_such_a_connection_and_does_not_want_it_leaves_nothing(String how) {
        Pipeline<String, String> waiting = TextLines.pipeline().over(context -> new Waiting());
        Listener server = loops.settle(loop.listen(ANY, waiting, connection -> {
            connection.onFailure(failure -> told.add("failed"));
            switch (how) {
                case "close" -> connection.close();
                case "abort" -> connection.abort();
                default -> throw new IllegalStateException("on purpose");
            }
        }));
        Connection<ByteBuf, ByteBuf> peer = connect(server);
        says(peer, "one\ntwo\n");
        loop.execute(peer::abort);
        ticks();
        assertThat(loop.connections()).isZero();
        assertThat(loop.nextTimer()).as("a timer that nobody waits for").isEmpty();
        assertThat(told).isEqualTo(how.equals("throw") ? List.of("failed") : List.of());
        loops.reporter().assertNone();
    }

    @Test
    void what_a_handler_throws_then_fails_the_connection() {
        Listener server = loops.settle(loop.listen(ANY, HOLDING, connection -> {
            throw new IllegalStateException("on purpose");
        }));
        Connection<ByteBuf, ByteBuf> peer = connect(server);
        says(peer, "!");
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).hasMessage("on purpose"));
        assertNothingIsLeft(peer);
    }

    @Test
    void a_loop_that_closes_before_ends_the_connection_and_reports_nothing() {
        connect(listening(ListenOptions.defaults()));
        loop.close(Duration.ofSeconds(1));
        assertThat(told).isEmpty();
        loops.reporter().assertNone();
    }
}
