package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** What a connection still decodes, and what it lets go of, once something is out of the ordinary. */
class InboundTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Needs 100 bytes for a message, and notes each time it is called how many there are. */
    private static Codec<String, String> hundreds(List<Integer> seen) {
        return Codec.of(
                (in, context) -> {
                    seen.add(in.readableBytes());
                    if (in.readableBytes() < 100) {
                        context.needMore(100 - in.readableBytes());
                        return null;
                    }
                    return in.readString(100, StandardCharsets.US_ASCII);
                },
                (text, out) -> out.writeCharSequence(text, StandardCharsets.US_ASCII));
    }

    @Test
    void after_a_failed_write_a_session_is_not_called_again_for_what_may_still_be_completed() throws IOException {
        var seen = new ArrayList<Integer>();
        try (var rig = new Rig<>(Pipeline.of(hundreds(seen)))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("x".repeat(60));
            rig.wire.failWrites(new IOException("a write failed"));
            rig.settle();
            assertThat(seen).containsExactly(60);
            rig.arrives("x".repeat(40));
            assertThat(received).hasSize(1);
        }
    }

    @Test
    void once_the_wire_is_gone_a_session_is_shown_what_it_wanted_more_for() throws IOException {
        var seen = new ArrayList<Integer>();
        try (var rig = new Rig<>(Pipeline.of(hundreds(seen)))) {
            rig.collect(rig.connection());
            rig.arrives("x".repeat(60));
            rig.wire.end(new IOException("reset"));
            rig.settle();
            assertThat(seen).containsExactly(60, 60);
            assertThat(rig.failures).singleElement().isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_message_made_by_a_call_in_which_the_connection_was_aborted_reaches_nobody_and_is_released()
            throws IOException {
        var made = new ArrayList<ByteBuf>();
        var opened = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        Codec<ByteBuf, ByteBuf> aborting = Codec.of(
                (in, context) -> {
                    opened.getFirst().abort();
                    made.add(in.readBytes(in.readableBytes()));
                    return made.getLast();
                },
                (bytes, out) -> out.writeBytes(bytes));
        try (var rig = new Rig<>(Pipeline.of(aborting))) {
            opened.add(rig.connection());
            List<ByteBuf> received = rig.collect(rig.connection());
            rig.arrives("bytes");
            rig.settle();
            assertThat(received).isEmpty();
            assertThat(made)
                    .singleElement()
                    .satisfies(each -> assertThat(each.refCnt()).isZero());
            assertThat(rig.loop.counters().messagesReceived).isZero();
        }
    }

    @Test
    void what_has_arrived_is_counted_whether_it_was_decoded_or_waits() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.arrives("12345\n78");
            assertThat(rig.link.inbound().heard()).isEqualTo(8);
            rig.arrives("9\n");
            assertThat(rig.link.inbound().heard()).isEqualTo(10);
        }
    }

    @Test
    void messages_in_frames_are_read_into_place_once_their_length_is_known() throws IOException {
        Codec<Integer, Integer> sizes = new IntFrames(1 << 20)
                .with(
                        (in, context) -> {
                            int size = in.readableBytes();
                            in.skipBytes(size);
                            return size;
                        },
                        (size, out) -> out.writeZero(size));
        try (var rig = new Rig<>(Pipeline.of(sizes))) {
            List<Integer> received = rig.collect(rig.connection());
            rig.arrives(ByteBuffer.allocate(33_000).putInt(100_000).array());
            rig.onLoop(() -> assertThat(rig.link.readTarget()).isNotNull());
            rig.arrives(new byte[100_004 - 33_000]);
            assertThat(received).containsExactly(100_000);
        }
    }

    // ---- timers of sessions

    /** Lines, with a timer of a second that runs from the first line on. */
    private static Codec<String, String> timed(List<String> expired) {
        return context -> new SessionTest.Plain() {
            @Override
            public String decode(ByteBuf in, Context context) {
                context.startTimer(SECOND);
                return in.readString(in.readableBytes(), StandardCharsets.US_ASCII);
            }

            @Override
            public void encode(String message, Outgoing out) {
                out.buffer(100).writeCharSequence(message, StandardCharsets.US_ASCII);
            }

            @Override
            public @Nullable String timerExpired(Context context) {
                expired.add("expired");
                return null;
            }
        };
    }

    @Test
    void a_connection_that_closes_has_no_timer_but_its_own() throws IOException {
        var expired = new ArrayList<String>();
        try (var rig = new Rig<>(Pipeline.of(timed(expired)))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("never taken");
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.loop.nextTimer())
                    .hasValue(rig.transport.now
                            + ConnectionLimits.defaults().closeProgress().toNanos());
            rig.passes(SECOND);
            assertThat(expired).isEmpty();
        }
    }

    @Test
    void a_connection_that_the_peer_has_closed_leaves_no_timer() throws IOException {
        var expired = new ArrayList<String>();
        try (var rig = new Rig<>(Pipeline.of(timed(expired)))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            assertThat(rig.loop.nextTimer()).isPresent();
            rig.wire.end(null);
            rig.settle();
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void a_timer_that_is_due_on_a_broken_connection_is_told_to_nobody() throws IOException {
        var expired = new ArrayList<String>();
        try (var rig = new Rig<>(Pipeline.of(timed(expired)))) {
            rig.collect(rig.connection());
            rig.arrives("x");
            rig.wire.failWrites(new IOException("a write failed"));
            rig.settle();
            rig.passes(SECOND);
            assertThat(expired).isEmpty();
        }
    }

    @Test
    void a_context_that_is_used_on_another_thread_says_of_which_connection_it_is() throws IOException {
        var contexts = new ArrayList<Context>();
        Codec<String, String> keeping = context -> {
            contexts.add(context);
            return TextLines.codec().open(context);
        };
        try (var rig = new Rig<>(Pipeline.of(keeping))) {
            rig.settle();
            var thrown = new AtomicReference<Throwable>();
            rig.transport.events.add(() -> {
                try {
                    thrown.set(Outside.start(() -> {
                                contexts.getFirst().startTimer(SECOND);
                                return null;
                            })
                            .failure());
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            rig.tick();
            assertThat(thrown.get()).hasMessageContaining("startTimer").hasMessageContaining(rig.link.toString());
        }
    }

    // ---- a peer that speaks TLS to one that does not

    private static String violationOf(String... reads) throws IOException {
        Codec<String, String> refusing = Codec.of(
                (in, context) -> {
                    if (in.getByte(in.readerIndex()) == '.') {
                        in.skipBytes(1);
                        return ".";
                    }
                    throw new ProtocolException("not this");
                },
                (text, out) -> {});
        try (var rig = new Rig<>(Pipeline.of(refusing))) {
            rig.collect(rig.connection());
            for (String each : reads) {
                rig.arrives(each.getBytes(StandardCharsets.ISO_8859_1));
            }
            rig.settle();
            return rig.failures.getFirst().getMessage();
        }
    }

    @Test
    void a_violation_at_the_very_beginning_says_if_that_looks_like_tls() throws IOException {
        assertThat(violationOf("\u0016\u0003")).contains("TLS");
        assertThat(violationOf("\u0016\u0003\u0001\u0002")).contains("TLS");
        assertThat(violationOf("\u0016\u0002")).doesNotContain("TLS");
        assertThat(violationOf("\u0017\u0003")).doesNotContain("TLS");
        assertThat(violationOf("\u0016")).doesNotContain("TLS");
        assertThat(violationOf(".", "\u0016\u0003")).doesNotContain("TLS");
    }
}
