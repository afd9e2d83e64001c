package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** While a message that a session has produced by itself is on its way up, nothing else is decoded, neither earlier nor in between. */
class UndisturbedTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Passes everything on, and says goodbye in two lines a second after the peer has ended its stream. */
    private static ByteLayer saysGoodbye() {
        return context -> new Passing() {
            @Override
            public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) {
                context.startTimer(SECOND);
                return null;
            }

            @Override
            public ByteBuf timerExpired(Context context) {
                context.end();
                return lines("good", "bye");
            }
        };
    }

    private static ByteBuf lines(String... lines) {
        return Unpooled.copiedBuffer(String.join("\n", lines) + "\n", StandardCharsets.US_ASCII);
    }

    @Test
    void the_end_does_not_overtake_what_the_timer_of_a_layer_has_given() throws IOException {
        ByteLayer layer = saysGoodbye();
        try (var rig = new Rig<>(TextLines.pipeline().over(layer))) {
            var received = new ArrayList<@Nullable String>();
            rig.onLoop(() -> rig.connection()
                    .onMessage(
                            first -> {
                                received.add(first);
                                rig.connection().stop();
                                Connection<String, String> next = rig.connection()
                                        .become(TextLines.pipeline().over(layer));
                                for (int i = 0; i < 2; i++) {
                                    next.receive().onDone((line, failure) -> received.add(line));
                                }
                            },
                            () -> received.add("the end of the old one")));
            rig.inputEnds();
            rig.passes(SECOND);
            assertThat(received).containsExactly("good", "bye", null);
        }
    }

    @Test
    void who_closes_within_a_message_that_a_timer_brought_does_not_take_away_what_is_being_decoded()
            throws IOException {
        ByteLayer layer = context -> new Passing() {
            @Override
            public @Nullable ByteBuf opened(Context context) {
                context.startTimer(SECOND);
                return null;
            }

            @Override
            public ByteBuf timerExpired(Context context) {
                return lines("begun", "another");
            }
        };
        try (var rig = new Rig<>(TextLines.pipeline().over(layer))) {
            var received = new ArrayList<String>();
            var left = new ArrayList<Integer>();
            rig.onLoop(() -> rig.connection().onMessage(line -> {
                received.add(line);
                ByteBuf rest = rig.stages().get(1).rest;
                rig.connection().close();
                left.add(rest == null ? -1 : rest.refCnt());
            }));
            rig.arrives("half ");
            rig.passes(SECOND);
            assertThat(received).containsExactly("half begun");
            assertThat(left).as("references to what is being decoded").containsExactly(1);
        }
    }

    @Test
    void a_session_is_opened_before_it_is_given_what_one_below_says_when_it_is_opened() throws IOException {
        var log = new ArrayList<String>();
        ByteLayer lower = context -> new Passing() {
            @Override
            public ByteBuf opened(Context context) {
                log.add("lower opened");
                return lines("one", "two");
            }
        };
        ByteLayer upper = context -> new Passing() {
            @Override
            public @Nullable ByteBuf opened(Context context) {
                log.add("upper opened");
                return null;
            }

            @Override
            public ByteBuf decode(ByteBuf in, Context context) {
                log.add("upper decodes");
                return super.decode(in, context);
            }
        };
        try (var rig = new Rig<>(TextLines.pipeline().over(upper).over(lower))) {
            List<String> received = rig.collect(rig.connection());
            rig.settle();
            assertThat(log).containsExactly("lower opened", "upper opened", "upper decodes");
            assertThat(received).containsExactly("one", "two");
        }
    }

    /** Passes everything on. */
    private abstract static class Passing implements Session<ByteBuf, ByteBuf> {
        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }
    }
}
