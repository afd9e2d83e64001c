package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** The guarantees that a session has, one call at a time. */
class SessionTest {
    @Test
    void a_codec_of_two_functions_ends_the_connection_when_a_message_is_longer_than_its_limit() throws IOException {
        Pipeline<String, String> shortLines = Pipeline.of(Codec.of(
                10,
                (in, context) -> {
                    int end = in.bytesBefore((byte) '\n');
                    return end < 0
                            ? null
                            : in.readCharSequence(end + 1, StandardCharsets.US_ASCII)
                                    .toString();
                },
                (message, out) -> out.writeCharSequence(message, StandardCharsets.US_ASCII)));
        try (var rig = new Rig<>(shortLines)) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("123456789\n1234567890");
            assertThat(received).containsExactly("123456789\n");
            assertThat(rig.failures).isEmpty();
            rig.arrives("1");
            assertThat(rig.failures)
                    .singleElement()
                    .satisfies(failure -> assertThat(failure)
                            .isInstanceOf(ProtocolException.class)
                            .hasMessageContaining("no message within 10 bytes"));
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void a_violation_that_a_callback_has_found_is_one_and_is_placed_where_its_message_begins() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(line -> {
                        if (line.startsWith("bad")) {
                            throw new UncheckedIOException(new ProtocolException("it is bad"));
                        }
                    }));
            rig.arrives("good\nba");
            rig.arrives("d at 5\n");
            assertThat(rig.failures)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            ProtocolException.class, e -> assertThat(e.offset()).isEqualTo(5));
        }
    }

    @Test
    void an_exception_of_a_callback_that_wraps_another_failure_stays_as_it_is() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var thrown = new UncheckedIOException(new IOException("a file of the user"));
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(line -> {
                        throw thrown;
                    }));
            rig.arrives("line\n");
            assertThat(rig.failures).containsExactly(thrown);
        }
    }

    /** Otherwise {@link Framing#with} would drop what such a method says. */
    @Test
    void a_framing_has_no_part_in_events() throws NoSuchMethodException {
        for (Method each : Session.class.getMethods()) {
            if (each.isDefault() && !each.getName().equals("closed")) {
                Method own = FrameSession.class.getMethod(each.getName(), each.getParameterTypes());
                assertThat(Modifier.isFinal(own.getModifiers())).as("%s", each).isTrue();
            }
        }
    }

    @Test
    void each_decode_gives_one_message_and_is_called_again_until_it_needs_more() throws IOException {
        var calls = new ArrayList<Integer>();
        Codec<String, String> counting = Codec.of(
                (in, context) -> {
                    calls.add(in.readableBytes());
                    return in.readableBytes() < 2 ? null : in.readString(2, java.nio.charset.StandardCharsets.US_ASCII);
                },
                (message, out) -> {});
        try (var rig = new Rig<>(Pipeline.of(counting))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("aabbc");
            assertThat(received).containsExactly("aa", "bb");
            assertThat(calls).containsExactly(5, 3, 1);
            rig.settle();
            assertThat(calls).as("not called again without news").hasSize(3);
            rig.arrives("c");
            assertThat(received).containsExactly("aa", "bb", "cc");
            assertThat(calls).as("nor with nothing to decode").containsExactly(5, 3, 1, 2);
        }
    }

    @Test
    void the_end_of_input_is_no_reason_to_decode_again_what_was_seen() throws IOException {
        var calls = new ArrayList<Integer>();
        Codec<String, String> counting = Codec.of(
                (in, context) -> {
                    calls.add(in.readableBytes());
                    return null;
                },
                (message, out) -> {});
        try (var rig = new Rig<>(Pipeline.of(counting))) {
            rig.collect(rig.connection());
            rig.arrives("abc");
            rig.inputEnds();
            rig.settle();
            assertThat(calls).containsExactly(3);
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void an_unfinished_message_is_told_of_at_the_end_even_if_nobody_receives() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                rig.connection().receive();
            });
            rig.arrives("a line\nand a part");
            var given = new ArrayList<Future<String>>();
            rig.onLoop(() -> given.add(rig.connection().receive()));
            rig.settle();
            rig.onLoop(() -> given.getFirst().cancel());
            rig.inputEnds();
            rig.settle();
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void what_a_context_is_asked_for_is_refused_outside_the_call_it_was_passed_to() throws IOException {
        var kept = new ArrayList<Context>();
        Codec<String, String> keeping = context -> new Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                in.skipBytes(in.readableBytes());
                kept.add(context);
                return null;
            }
        };
        try (var rig = new Rig<>(Pipeline.of(keeping))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            Context late = kept.getFirst();
            assertThatThrownBy(late::out).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(late::stop).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(late::holdWrites).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> late.needMore(1)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void the_end_within_a_message_is_a_violation_with_its_offset() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("whole\nhal");
            rig.inputEnds();
            assertThat(received).containsExactly("whole");
            assertThat(rig.failures).singleElement().isInstanceOfSatisfying(ProtocolException.class, e -> {
                assertThat(e.offset()).isEqualTo(9);
                assertThat(e).hasMessageContaining("3 bytes");
                assertThat(e.streamEnded()).isTrue();
            });
        }
    }

    /** Its only message is everything received until the end. */
    private static final class UntilEnd extends Plain {
        @Override
        public @Nullable String decode(ByteBuf in, Context context) {
            return null;
        }

        @Override
        public @Nullable String inputEnded(ByteBuf rest, Context context) {
            context.end();
            return rest.toString(java.nio.charset.StandardCharsets.US_ASCII);
        }
    }

    @Test
    void a_session_may_take_the_end_for_the_end_of_its_message() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(context -> new UntilEnd()))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(received::add, () -> received.add("END")));
            rig.arrives("all ");
            rig.arrives("of it");
            rig.inputEnds();
            assertThat(received).containsExactly("all of it", "END");
        }
    }

    @Test
    void a_message_that_the_end_brings_waits_for_the_receiver() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(context -> new UntilEnd()))) {
            rig.arrives("x");
            rig.inputEnds();
            rig.settle();
            var answers = new ArrayList<Object>();
            rig.onLoop(() -> {
                rig.connection().receive().onDone((message, failure) -> answers.add(message));
                rig.connection().receive().onDone((message, failure) -> answers.add("end: " + message));
            });
            rig.settle();
            assertThat(answers).containsExactly("x", "end: null");
        }
    }

    @Test
    void a_session_may_end_its_stream_before_the_peer_does() throws IOException {
        Codec<String, String> untilBye = context -> new Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                in.skipBytes(in.readableBytes());
                context.end();
                return "bye";
            }
        };
        try (var rig = new Rig<>(Pipeline.of(untilBye))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(received::add, () -> received.add("END")));
            rig.arrives("q");
            rig.settle();
            assertThat(received).containsExactly("bye", "END");
            rig.arrives("more");
            assertThat(received).as("decoded after the end").hasSize(2);
        }
    }

    @Test
    void a_message_of_a_frame_with_more_in_it_comes_back() throws IOException {
        var made = new ArrayList<ByteBuf>();
        Codec<ByteBuf, String> fours = new IntFrames(1000)
                .with(
                        (frame, context) -> {
                            ByteBuf owned = context.own(frame.readSlice(4));
                            made.add(owned);
                            return owned;
                        },
                        (String message, ByteBuf out) -> {});
        try (var rig = new Rig<>(Pipeline.of(fours))) {
            rig.collect(rig.connection());
            rig.arrives("\0\0\0\5abcde");
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(made)
                    .singleElement()
                    .satisfies(owned -> assertThat(owned.refCnt()).isZero());
        }
    }

    @Test
    void an_unfinished_record_of_a_layer_waits_quietly_for_its_rest() throws IOException {
        ByteLayer records = context -> new IntFrames(1000).open(context);
        try (var rig = new Rig<>(TextLines.pipeline().over(records))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("\0\0\0\4ab");
            rig.settle(); // fails if the loop spins
            rig.arrives("c\n\0\0\0");
            rig.settle();
            assertThat(received).containsExactly("abc");
        }
    }

    /** Copies its input into a buffer that it is lent, but returns the bytes themselves at a {@code =}, and fails at a {@code !}. */
    private static ByteLayer copying(List<ByteBuf> lent) {
        return context -> new Session<>() {
            @Override
            public ByteBuf decode(ByteBuf in, Context decoding) throws ProtocolException {
                int n = in.readableBytes();
                ByteBuf copy = decoding.lend(n).writeBytes(in, in.readerIndex(), n);
                lent.add(copy);
                if (copy.getByte(0) == '!') {
                    throw new ProtocolException("enough");
                }
                if (copy.getByte(0) == '=') {
                    return in;
                }
                in.skipBytes(n);
                return copy;
            }

            @Override
            public ByteBuf inputEnded(ByteBuf rest, Context ending) {
                ByteBuf last = ending.lend(5);
                lent.add(last);
                ending.end();
                return last.writeBytes(new byte[] {'l', 'a', 's', 't', '\n'});
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
    }

    @Test
    void a_buffer_that_was_lent_is_taken_back_when_the_call_is_over_however_it_ends() throws IOException {
        var lent = new ArrayList<ByteBuf>();
        try (var rig = new Rig<>(TextLines.pipeline().over(copying(lent)))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("one\n");
            assertThat(lent).hasSize(1).allMatch(each -> each.refCnt() == 0);
            rig.arrives("=two\n");
            assertThat(lent).hasSize(2).allMatch(each -> each.refCnt() == 0);
            rig.arrives("hal");
            rig.arrives("f\n");
            rig.inputEnds();
            assertThat(lent).hasSize(5).allMatch(each -> each.refCnt() == 0);
            assertThat(received).containsExactly("one", "=two", "half", "last");
        }
        lent.clear();
        try (var rig = new Rig<>(TextLines.pipeline().over(copying(lent)))) {
            rig.collect(rig.connection());
            rig.arrives("!");
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(lent).hasSize(1).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void a_buffer_that_was_lent_and_that_somebody_has_retained_is_his_until_he_releases_it() throws IOException {
        var lent = new ArrayList<ByteBuf>();
        try (var rig = new Rig<>(Pipeline.bytes().over(copying(lent)))) {
            List<ByteBuf> received = rig.collect(rig.connection());
            rig.arrives("one");
            rig.arrives("two");
            assertThat(received)
                    .extracting(each -> each.toString(StandardCharsets.US_ASCII))
                    .containsExactly("one", "two");
            received.forEach(ByteBuf::release);
            assertThat(lent).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void one_buffer_is_lent_for_a_call_and_none_outside() throws IOException {
        var contexts = new ArrayList<Context>();
        ByteLayer greedy = context -> new Session<>() {
            @Override
            public ByteBuf decode(ByteBuf in, Context decoding) {
                contexts.add(decoding);
                decoding.lend(1);
                return decoding.lend(1);
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {}
        };
        try (var rig = new Rig<>(TextLines.pipeline().over(greedy))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            assertThat(rig.failures)
                    .singleElement()
                    .satisfies(failure ->
                            assertThat(failure).hasMessageContaining("a buffer was lent for this call already"));
            assertThatThrownBy(() -> contexts.getFirst().lend(1)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void what_comes_after_the_end_of_a_layers_stream_is_not_kept() throws IOException {
        ByteLayer pairs = context -> new Session<>() {
            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                if (in.readableBytes() < 2) {
                    return null;
                }
                ByteBuf pair = in.readSlice(2);
                if (pair.getByte(0) != '.') {
                    return pair;
                }
                decoding.end();
                return null;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
        for (String[] pieces : new String[][] {{"ab\n\n..more"}, {"ab\n\n.", ".more"}, {"ab\n\n..", "more"}}) {
            try (var rig = new Rig<>(TextLines.pipeline().over(pairs))) {
                var received = new ArrayList<String>();
                rig.onLoop(() -> rig.connection().onMessage(received::add, () -> received.add("END")));
                for (String piece : pieces) {
                    rig.arrives(piece);
                }
                assertThat(rig.link.stack().bottom().restBytes()).isZero();
                rig.arrives("and more");
                rig.settle();
                assertThat(rig.link.stack().bottom().restBytes()).isZero();
                assertThat(received).containsExactly("ab", "", "END");
            }
        }
    }

    @Test
    void a_layer_is_asked_for_nothing_while_its_connection_is_paused() throws IOException {
        var asked = new ArrayList<Integer>();
        ByteLayer pairs = context -> new Session<>() {
            @Override
            public ByteBuf decode(ByteBuf in, Context decoding) {
                asked.add(in.readableBytes());
                return in.readSlice(2);
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
        try (var rig = new Rig<>(TextLines.pipeline().over(pairs))) {
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(line -> {
                received.add(line);
                rig.connection().pause();
            }));
            rig.arrives("a\nb\nc\n");
            rig.settle();
            assertThat(asked).containsExactly(6);
            assertThat(received).containsExactly("a");
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            assertThat(asked).containsExactly(6, 4);
            assertThat(received).containsExactly("a", "b");
        }
    }

    /** A session that does nothing; for tests to override. */
    abstract static class Plain implements Session<String, String> {
        @Override
        public void encode(String message, Outgoing out) {
            out.buffer(16).writeCharSequence(message, java.nio.charset.StandardCharsets.US_ASCII);
        }
    }
}
