package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** One protocol replaces another on a living connection. */
class BecomeTest {
    /** A protocol of single characters. */
    private static Pipeline<Character, Character> characters() {
        return Pipeline.of(characterCodec());
    }

    private static Codec<Character, Character> characterCodec() {
        return Codec.of(
                (in, context) -> in.isReadable() ? (char) in.readByte() : null,
                (message, out) -> out.writeByte(message));
    }

    /** Lines; {@code 101} ends the protocol. */
    private static Pipeline<String, String> linesUntil101() {
        Codec<String, String> lines = TextLines.codec();
        return Pipeline.of(context -> {
            Session<String, String> inner = lines.open(context);
            return new SessionTest.Plain() {
                @Override
                public @Nullable String decode(ByteBuf in, Context context) throws IOException {
                    boolean ends = in.toString(StandardCharsets.US_ASCII).startsWith("101\n");
                    if (ends) {
                        context.stop();
                    }
                    return inner.decode(in, context);
                }
            };
        });
    }

    @Test
    void a_session_stops_and_what_follows_in_the_same_read_enters_the_next_protocol() throws IOException {
        try (var rig = new Rig<>(linesUntil101())) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("one\n101\nab\n");
            rig.settle();
            assertThat(lines).containsExactly("one", "101");
            var next = new ArrayList<Character>();
            rig.onLoop(() -> rig.connection().become(characters()).onMessage(next::add));
            rig.settle();
            assertThat(next).containsExactly('a', 'b', '\n');
            rig.arrives("c");
            assertThat(next).hasSize(4);
            assertThat(lines).hasSize(2);
            assertThat(rig.link.stack().top().rest).isNull();
        }
    }

    @Test
    void a_receiver_stops_and_becomes_within_its_handler() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var lines = new ArrayList<String>();
            var next = new ArrayList<Character>();
            rig.onLoop(() -> rig.connection().onMessage(line -> {
                lines.add(line);
                if (line.equals("SWITCH")) {
                    rig.connection().stop();
                    rig.connection().write("go ahead");
                    rig.connection().become(characters()).onMessage(next::add).write('!');
                }
            }));
            rig.arrives("x\nSWI");
            rig.arrives("TCH\na\n");
            rig.settle();
            assertThat(lines).containsExactly("x", "SWITCH");
            assertThat(next).containsExactly('a', '\n');
            assertThat(rig.sent()).isEqualTo("go ahead\n!");
        }
    }

    @Test
    void messages_of_the_new_pipeline_wait_for_a_receiver_of_their_own() throws IOException {
        try (var rig = new Rig<>(linesUntil101())) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("101\nab");
            var next = new AtomicReference<Connection<Character, Character>>();
            rig.onLoop(() -> next.set(rig.connection().become(characters())));
            rig.settle();
            rig.arrives("c");
            assertThat((List<?>) lines).as("what the old receiver got").isEqualTo(List.of("101"));
            List<Character> received = rig.collect(next.get());
            rig.settle();
            assertThat(received).containsExactly('a', 'b', 'c');
            assertThat(rig.failures).isEmpty();
        }
    }

    @Test
    void a_receive_that_is_pending_when_the_protocol_changes_fails() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var pending = new Future<?>[1];
            rig.onLoop(() -> {
                pending[0] = rig.connection().receive();
                rig.connection().become(characters());
            });
            assertThat(pending[0].failure()).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void the_old_handle_throws_except_for_the_end() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            Connection<String, String> old = rig.connection();
            rig.onLoop(() -> {
                old.become(characters());
                assertThatThrownBy(() -> old.write("x")).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(old::receive).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> old.onMessage(m -> {})).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(old::pause).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(old::resume).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> old.become(characters())).isInstanceOf(IllegalStateException.class);
            });
            rig.onLoop(old::close);
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void resume_goes_on_with_the_same_protocol_from_a_handle() throws IOException {
        try (var rig = new Rig<>(linesUntil101())) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("101\nb\nc");
            assertThat(lines).containsExactly("101");
            rig.onLoop(() -> {
                rig.connection().resume();
                assertThat(lines).as("delivered inline").hasSize(1);
            });
            rig.settle();
            assertThat(lines).containsExactly("101", "b");
            rig.arrives("\n");
            assertThat(lines).containsExactly("101", "b", "c");
        }
    }

    @Test
    void while_stopped_the_end_waits_for_the_pipeline_to_come() throws IOException {
        try (var rig = new Rig<>(linesUntil101())) {
            var log = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(log::add, () -> log.add("old end")));
            rig.arrives("101\nz");
            rig.inputEnds();
            rig.settle();
            rig.onLoop(() -> rig.connection()
                    .become(characters())
                    .onMessage(c -> log.add(c.toString()), () -> log.add("new end")));
            rig.settle();
            assertThat(log).containsExactly("101", "z", "new end");
        }
    }

    @Test
    void a_pipeline_that_comes_after_the_end_is_told_of_it_too() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var log = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(log::add, () -> log.add("old end")));
            rig.inputEnds();
            rig.onLoop(() -> rig.connection()
                    .become(characters())
                    .onMessage(c -> log.add(c.toString()), () -> log.add("new end")));
            rig.settle();
            assertThat(log).containsExactly("old end", "new end");
        }
    }

    @Test
    void a_layer_that_both_pipelines_share_stays_and_leftovers_enter_the_new_codec() throws IOException {
        var layer = new HoldingLayer();
        try (var rig = new Rig<>(linesUntil101().over(layer))) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("!a\n101\nxy");
            Stage before = rig.link.stack().bottom();
            var next = new ArrayList<Character>();
            rig.onLoop(() -> {
                rig.connection().write("last");
                rig.connection()
                        .become(characters().over(layer))
                        .onMessage(next::add)
                        .write('!');
            });
            rig.settle();
            assertThat(lines).containsExactly("a", "101");
            assertThat(next).containsExactly('x', 'y');
            assertThat(rig.link.stack().bottom()).isSameAs(before);
            assertThat(rig.sent()).isEqualTo("hello;last!");
        }
    }

    @Test
    void another_codec_alone_takes_over_on_the_layers_that_are_there() throws IOException {
        try (var rig = new Rig<>(linesUntil101().over(new HoldingLayer()))) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("!a\n101\nxy");
            Stage before = rig.link.stack().bottom();
            var next = new ArrayList<Character>();
            rig.onLoop(() -> rig.connection()
                    .become(characterCodec())
                    .onMessage(next::add)
                    .write('!'));
            rig.settle();
            assertThat(lines).containsExactly("a", "101");
            assertThat(next).containsExactly('x', 'y');
            assertThat(rig.link.stack().bottom()).isSameAs(before);
            assertThat(rig.link.stack().size()).isEqualTo(2);
            assertThat(rig.sent()).isEqualTo("hello;!");
        }
    }

    @Test
    void a_layer_put_beneath_a_running_protocol_gets_the_leftovers() throws IOException {
        try (var rig = new Rig<>(linesUntil101())) {
            List<String> before = rig.collect(rig.connection());
            rig.arrives("101\n!in");
            var lines = new ArrayList<String>();
            rig.onLoop(() -> rig.connection()
                    .become(TextLines.pipeline().over(new HoldingLayer()))
                    .onMessage(lines::add)
                    .write("later"));
            rig.settle();
            rig.arrives("ner\n");
            assertThat(before).containsExactly("101");
            assertThat(lines).containsExactly("inner");
            assertThat(rig.sent()).isEqualTo("hello;later\n");
        }
    }

    @Test
    void becoming_is_refused_while_bytes_or_writes_would_be_lost() throws IOException {
        var layer = new HoldingLayer();
        try (var rig = new Rig<>(linesUntil101().over(layer))) {
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write("held");
                assertThatThrownBy(() -> rig.connection().become(characters()))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("holds back");
            });
            rig.arrives("!101\ndecoded by the layer");
            rig.onLoop(() -> assertThatThrownBy(() -> rig.connection().become(characters()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("20 bytes"));
            assertThat(rig.link.open()).isTrue();
        }
    }

    // ---- on a connection that is broken, closing or closed

    /** Counts the sessions that were closed. */
    private static final class Counted {
        int opened;
        int closed;

        <R, W> Codec<R, W> of(Codec<R, W> inner) {
            return context -> {
                opened++;
                Session<R, W> session = inner.open(context);
                return new Session<>() {
                    @Override
                    public @Nullable R decode(ByteBuf in, Context context) throws IOException {
                        return session.decode(in, context);
                    }

                    @Override
                    public void encode(W message, Outgoing out) throws IOException {
                        session.encode(message, out);
                    }

                    @Override
                    public void closed() {
                        closed++;
                    }
                };
            };
        }
    }

    @Test
    void after_a_reset_was_told_the_new_pipeline_is_told_of_it_as_well() throws IOException {
        var sessions = new Counted();
        var broken = new IOException("reset, on purpose");
        try (var rig = new Rig<>(Pipeline.of(sessions.of(TextLines.codec())))) {
            var told = new ArrayList<Throwable>();
            rig.onLoop(() -> rig.connection().receive().onDone((line, failure) -> told.add(failure)));
            rig.wire.end(broken);
            rig.settle();
            assertThat(told).containsExactly(broken);
            rig.onLoop(() -> {
                Connection<Character, Character> next = rig.connection().become(characters());
                next.receive().onDone((c, failure) -> told.add(failure));
                next.receive().onDone((c, failure) -> told.add(failure));
                assertThat(next.write('x').failure()).isSameAs(broken);
                assertThat(next.closed().isDone()).isTrue();
                assertThatThrownBy(() -> rig.connection().receive()).hasMessageContaining("another pipeline");
            });
            rig.settle();
            assertThat(told).hasSize(3).element(1).isSameAs(broken);
            assertThat(told.getLast()).hasMessageContaining("is closed");
            assertThat(sessions.closed).isEqualTo(sessions.opened).isEqualTo(1);
        }
    }

    @Test
    void what_a_broken_connection_has_brought_enters_the_new_pipeline_and_then_the_failure() throws IOException {
        var sessions = new Counted();
        var broken = new IOException("reset, on purpose");
        try (var rig = new Rig<>(linesUntil101())) {
            var log = new ArrayList<Object>();
            rig.onLoop(() -> rig.connection().onMessage(log::add).onFailure(failure -> log.add(failure.cause())));
            rig.arrives("101\nab");
            rig.wire.end(broken);
            rig.settle();
            assertThat(log).containsExactly("101");
            rig.onLoop(() -> rig.connection()
                    .become(Pipeline.of(sessions.of(Codec.<Character, Character>of(
                            (in, context) -> in.isReadable() ? (char) in.readByte() : null,
                            (c, out) -> out.writeByte(c)))))
                    .onMessage(log::add));
            rig.settle();
            assertThat(log).containsExactly("101", 'a', 'b', broken);
            assertThat(sessions.closed).isEqualTo(sessions.opened).isEqualTo(1);
            assertThat(rig.link.audience().closed().isDone()).isTrue();
        }
    }

    @Test
    void on_a_connection_that_this_side_closes_or_has_closed_the_new_pipeline_is_told_so() throws IOException {
        for (boolean gone : new boolean[] {false, true}) {
            var sessions = new Counted();
            try (var rig = new Rig<>(Pipeline.of(sessions.of(TextLines.codec())))) {
                var log = new ArrayList<Object>();
                rig.onLoop(() -> rig.connection().onMessage(log::add).close());
                if (gone) {
                    rig.inputEnds();
                    rig.settle();
                    assertThat(rig.link.audience().closed().isDone()).isTrue();
                }
                rig.onLoop(() -> {
                    Connection<Character, Character> next = rig.connection().become(characters());
                    next.receive().onDone((c, failure) -> log.add(failure));
                    assertThat(next.write('x').failure()).hasMessageContaining("was closed by this side");
                });
                rig.settle();
                rig.arrives("late\n");
                rig.inputEnds();
                rig.settle();
                assertThat(log)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                IOException.class,
                                failure -> assertThat(failure).hasMessageContaining("closed"));
                assertThat(rig.link.audience().closed().isDone()).isTrue();
                assertThat(sessions.closed).isEqualTo(sessions.opened).isEqualTo(1);
            }
        }
    }

    @Test
    void while_a_layer_still_has_to_let_go_what_was_written_a_closing_connection_becomes_nothing() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            var log = new ArrayList<Object>();
            rig.onLoop(() -> {
                rig.connection().write("held");
                rig.connection().close();
                rig.connection().become(characters()).receive().onDone((c, failure) -> log.add(failure));
            });
            rig.settle();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;held\n;bye");
            assertThat(log).singleElement().isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_codec_that_opens_no_session_leaves_everything_as_it_was() throws IOException {
        var sessions = new Counted();
        Codec<ByteBuf, ByteBuf> through = sessions.of(Pipeline.bytes().codec());
        ByteLayer layer = through::open;
        Codec<String, String> none = context -> {
            throw new IllegalStateException("no session, on purpose");
        };
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<String> lines = rig.collect(rig.connection());
            rig.arrives("one\nt");
            rig.onLoop(() -> assertThatThrownBy(
                            () -> rig.connection().become(Pipeline.of(none).over(layer)))
                    .hasMessage("no session, on purpose"));
            rig.arrives("wo\n");
            rig.onLoop(() -> rig.connection().write("still there"));
            rig.settle();
            assertThat(lines).containsExactly("one", "two");
            assertThat(rig.sent()).isEqualTo("still there\n");
            assertThat(sessions.opened).isEqualTo(1);
            assertThat(sessions.closed).as("of those that were opened in vain").isEqualTo(1);
        }
    }

    @Test
    void a_thread_outside_changes_the_pipeline_while_nobody_drives() throws IOException {
        try (var loops = rill.testing.Loops.realTime()) {
            Loop loop = loops.open();
            Listener listener = loop.listen(
                            new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0),
                            Pipeline.bytes(),
                            peer -> peer.onMessage(peer::write))
                    .await();
            Connection<String, String> lines =
                    loop.connect(listener.address(), TextLines.pipeline()).await();
            lines.write("one");
            assertThat(lines.receive().await()).isEqualTo("one");
            Connection<ByteBuf, ByteBuf> bytes = lines.become(Pipeline.bytes());
            bytes.write(io.netty.buffer.Unpooled.copiedBuffer("two", StandardCharsets.US_ASCII));
            ByteBuf two = bytes.receive().await();
            assertThat(two.toString(StandardCharsets.US_ASCII)).isEqualTo("two");
            two.release();
            Connection<ByteBuf, ByteBuf> frames = bytes.become(Pipeline.of(new rill.testing.IntFrames(100)));
            frames.write(io.netty.buffer.Unpooled.copiedBuffer("three", StandardCharsets.US_ASCII));
            ByteBuf three = frames.receive().await();
            assertThat(three.toString(StandardCharsets.US_ASCII)).isEqualTo("three");
            three.release();
            frames.finish().await();
        }
    }
}
