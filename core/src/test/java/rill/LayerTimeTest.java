package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A session's timers start only when the layer below it is ready: until then its peer has not heard of it. */
class LayerTimeTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final List<String> expired = new ArrayList<>();
    private @Nullable Rig<ByteBuf, ByteBuf> rig;

    /** A layer that is ready once its letter has arrived; its timer expires a second after it began. */
    private final class Shaking implements ByteLayer {
        private final char ready;

        Shaking(char ready) {
            this.ready = ready;
        }

        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                private boolean open;

                @Override
                public @Nullable ByteBuf opened(Context opening) {
                    opening.holdWrites();
                    opening.startTimer(SECOND);
                    return null;
                }

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                    if (open) {
                        return in.readSlice(in.readableBytes());
                    }
                    char letter = (char) in.readByte();
                    if (letter == ready) {
                        open = true;
                        decoding.stopTimer();
                        decoding.releaseWrites();
                    }
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    out.pass(message.retainedSlice());
                }

                @Override
                public @Nullable ByteBuf timerExpired(Context context) {
                    expired.add("layer " + ready);
                    return null;
                }
            };
        }
    }

    /** The top: its timer starts when the session is opened, and again, for longer, with each write; {@code !} stops it. */
    private final class Timed implements Codec<ByteBuf, ByteBuf> {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                @Override
                public @Nullable ByteBuf opened(Context opening) {
                    opening.startTimer(SECOND);
                    return null;
                }

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                    in.skipBytes(in.readableBytes());
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) throws IOException {
                    if (message.getByte(message.readerIndex()) == '!') {
                        context.stopTimer();
                    } else {
                        context.startTimer(SECOND.multipliedBy(2));
                    }
                    out.pass(message.retainedSlice());
                }

                @Override
                public @Nullable ByteBuf timerExpired(Context due) {
                    expired.add("top");
                    return null;
                }
            };
        }
    }

    private Rig<ByteBuf, ByteBuf> over(ByteLayer... fromTheTop) throws IOException {
        Pipeline<ByteBuf, ByteBuf> pipeline = Pipeline.of(new Timed());
        for (ByteLayer each : fromTheTop) {
            pipeline = pipeline.over(each);
        }
        rig = new Rig<>(pipeline);
        return rig;
    }

    @AfterEach
    void nothingIsLeft() {
        if (rig != null) {
            rig.onLoop(rig.link::abort);
            rig.settle();
            assertThat(rig.loop.nextTimer()).as("a timer that nobody waits for").isEmpty();
            rig.close();
        }
    }

    private static void writes(Rig<ByteBuf, ByteBuf> rig, char letter) {
        rig.onLoop(() -> rig.connection().write(Unpooled.buffer().writeByte(letter)));
    }

    private static Duration almost(Duration time) {
        return time.minusNanos(1);
    }

    @Test
    void the_time_of_a_layer_counts_from_when_the_one_below_is_ready() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('b'), new Shaking('a'));
        rig.passes(almost(SECOND));
        rig.arrives("a");
        rig.passes(almost(SECOND));
        assertThat(expired).isEmpty();
        rig.passes(Duration.ofNanos(1));
        assertThat(expired).containsExactly("layer b");
    }

    @Test
    void that_of_the_top_counts_from_when_all_are() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('b'), new Shaking('a'));
        rig.arrives("a");
        rig.passes(almost(SECOND));
        rig.arrives("b");
        rig.passes(almost(SECOND));
        assertThat(expired).isEmpty();
        rig.passes(Duration.ofNanos(1));
        assertThat(expired).containsExactly("top");
    }

    @Test
    void while_one_below_is_not_ready_its_own_time_alone_runs() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('b'), new Shaking('a'));
        rig.passes(SECOND.multipliedBy(10));
        assertThat(expired).containsExactly("layer a");
    }

    @Test
    void layers_that_get_ready_by_the_same_bytes_start_the_time_of_the_top_once() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('b'), new Shaking('a'));
        rig.passes(almost(SECOND));
        rig.arrives("ab");
        rig.passes(SECOND.multipliedBy(10));
        assertThat(expired).containsExactly("top");
    }

    @Test
    void a_timer_that_was_stopped_before_does_not_start_then() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('a'));
        writes(rig, '!');
        rig.passes(almost(SECOND));
        rig.arrives("a");
        rig.passes(SECOND.multipliedBy(10));
        assertThat(expired).isEmpty();
    }

    @Test
    void of_several_that_were_asked_for_before_the_last_one_counts() throws IOException {
        Rig<ByteBuf, ByteBuf> rig = over(new Shaking('a'));
        writes(rig, '?');
        rig.passes(almost(SECOND));
        rig.arrives("a");
        rig.passes(almost(SECOND.multipliedBy(2)));
        assertThat(expired).isEmpty();
        rig.passes(Duration.ofNanos(1));
        assertThat(expired).containsExactly("top");
    }

    @Test
    void a_layer_that_holds_writes_once_more_does_not_stop_the_time_of_others() throws IOException {
        ByteLayer again = context -> new Session<>() {
            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                decoding.holdWrites();
                return in.readSlice(in.readableBytes());
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
        Rig<ByteBuf, ByteBuf> rig = over(again);
        rig.passes(almost(SECOND));
        rig.arrives("");
        rig.passes(Duration.ofNanos(1));
        assertThat(expired).containsExactly("top");
    }
}
