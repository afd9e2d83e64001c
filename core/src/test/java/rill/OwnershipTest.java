package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testing.IntFrames;

/** Who owns the buffers that leave a pipeline, and what becomes of a loop whose borrowed buffers are released by a borrower. */
class OwnershipTest {
    /** A byte layer that passes on its input unchanged. */
    private static final class Transparent implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    return in;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    out.pass(message.retainedSlice());
                }
            };
        }
    }

    /** A pipeline that makes its messages from buffers owned by its mapping. */
    record Way(String name, Pipeline<String, String> pipeline, boolean framed) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Does what an owner may do: reads the buffer, writes to it, releases it. */
    private static String consume(ByteBuf owned) {
        String text = owned.toString(StandardCharsets.UTF_8);
        owned.setZero(owned.readerIndex(), owned.readableBytes());
        owned.release();
        return text;
    }

    private static ByteBuf produce(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    static Stream<Way> ways() {
        Function<ByteBuf, String> up = OwnershipTest::consume;
        Function<String, ByteBuf> down = OwnershipTest::produce;
        Framing framing = new IntFrames(1 << 20);
        ByteLayer layer = new Transparent();
        Codec<ByteBuf, ByteBuf> disguised = context -> framing.open(context);
        return Stream.of(
                new Way("of(framing.map)", Pipeline.of(framing.map(up, down)), true),
                new Way("of(framing.map.map)", Pipeline.of(framing.map(up, down).map(s -> s, s -> s)), true),
                new Way("of(framing).map", Pipeline.of(framing).map(up, down), true),
                new Way(
                        "of(framing.map).over",
                        Pipeline.of(framing.map(up, down)).over(layer),
                        true),
                new Way("of(framing).over.map", Pipeline.of(framing).over(layer).map(up, down), true),
                new Way("of(layer.map)", Pipeline.of(layer.map(up, down)), false),
                new Way("of(layer).map", Pipeline.of(layer).map(up, down), false),
                new Way("of(layer.map).over", Pipeline.of(layer.map(up, down)).over(new Transparent()), false),
                new Way("a framing's session by a codec", Pipeline.of(disguised).map(up, down), true),
                new Way("a framing's session by a codec, mapped", Pipeline.of(disguised.map(up, down)), true),
                new Way("bytes().map", Pipeline.bytes().map(up, down), false));
    }

    private static byte[] bytesOf(boolean framed, String... texts) {
        ByteBuf all = Unpooled.buffer();
        for (String text : texts) {
            if (framed) {
                all.writeInt(text.length());
            }
            all.writeCharSequence(text, StandardCharsets.UTF_8);
        }
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ways")
    void a_mapping_owns_the_buffer_that_it_is_given_however_the_pipeline_was_put_together(Way way) throws IOException {
        for (int size : new int[] {3, 300, 20_000}) { // a copy, and a slice of the receive buffer
            String text = "x".repeat(size);
            try (var rig = new Rig<>(way.pipeline)) {
                List<String> received = rig.collect(rig.connection());
                rig.arrives(bytesOf(way.framed, text));
                rig.arrives(bytesOf(way.framed, text));
                rig.settle();
                assertThat(rig.failures).isEmpty();
                assertThat(String.join("", received)).isEqualTo(text + text);
                rig.onLoop(() -> rig.connection().write("answer"));
                rig.settle();
                assertThat(rig.sent()).endsWith("answer");
                assertThat(rig.transport.receiveBuffer.get().refCnt()).isEqualTo(1);
                assertThat(rig.loop.isClosed()).isFalse();
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void a_mere_framing_gives_frames_that_stay_whatever_is_read_next() throws IOException {
        Codec<ByteBuf, ByteBuf> disguised = context -> new IntFrames(100).open(context);
        try (var rig = new Rig<>(Pipeline.of(disguised))) {
            List<ByteBuf> received = rig.collect(rig.connection());
            rig.arrives(bytesOf(true, "one", "two"));
            rig.arrives(bytesOf(true, "six"));
            assertThat(received).extracting(OwnershipTest::consume).containsExactly("one", "two", "six");
        }
    }

    /** Releases what it has only borrowed, once or more often, after it has read it; if {@code whole}, only once eight bytes are available. */
    private static Codec<String, String> releasing(int times, boolean whole) {
        return Codec.of(
                (in, context) -> {
                    if (whole && in.readableBytes() < 8) {
                        return null;
                    }
                    String text = in.readString(in.readableBytes(), StandardCharsets.UTF_8);
                    for (int i = 0; i < times && in.refCnt() > 0; i++) {
                        in.release();
                    }
                    return text;
                },
                (message, out) -> out.writeCharSequence(message, StandardCharsets.UTF_8));
    }

    @Test
    void who_releases_the_receive_buffer_fails_alone_and_the_loop_goes_on() throws IOException {
        for (int times = 1; times <= 2; times++) {
            try (var rig = new Rig<>(Pipeline.of(releasing(times, false)))) {
                rig.onLoop(() -> rig.connection()
                        .onFailure(failure -> rig.failures.add(failure.cause()))
                        .onMessage(message -> {
                            var other = rig.loop.chunk(Buffers.SIZE); // the buffer another connection would take
                            assertThat(other.isReadable()).isFalse();
                            other.writeCharSequence("another's", StandardCharsets.UTF_8);
                            rig.transport.events.add(() -> {
                                assertThat(other.toString(StandardCharsets.UTF_8))
                                        .as("a chunk of another connection")
                                        .isEqualTo("another's");
                                other.release();
                            });
                        }));
                ByteBuf before = rig.transport.receiveBuffer.get();
                rig.arrives("hello");
                rig.settle();
                assertThat(rig.failures).singleElement().isInstanceOf(IllegalReferenceCountException.class);
                assertThat(rig.loop.isClosed()).isFalse();
                ByteBuf after = rig.transport.receiveBuffer.get();
                assertThat(after).isNotSameAs(before);
                assertThat(after.refCnt()).isEqualTo(1);
                assertThat(after.isReadable()).isFalse();
            }
        }
    }

    @Test
    void who_releases_the_rest_of_a_message_that_was_kept_for_it_fails_alone() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(releasing(1, true)))) {
            var taken = new ArrayList<ByteBuf>();
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(message -> taken.add(rig.loop.chunk(1))));
            rig.arrives("hell");
            ByteBuf rest = rig.link.stack().top().rest;
            rig.arrives("o world");
            rig.settle();
            assertThat(rig.failures).singleElement().isInstanceOf(IllegalReferenceCountException.class);
            assertThat(taken).hasSize(1).noneMatch(each -> each == rest);
            rig.onLoop(() -> taken.forEach(ByteBuf::release));
            assertThat(rig.loop.isClosed()).isFalse();
        }
    }
}
