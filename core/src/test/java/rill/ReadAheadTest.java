package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.IntFrames;

/** How far a connection reads ahead of its receiver: always far enough that a message can be completed, and never beyond its limit. */
class ReadAheadTest {
    private static final int MIB = 1024 * 1024;

    /** Passes bytes on: unchanged, in slices of at most this many bytes, or in records, each of which it waits for. */
    private record Layer(String name, int most, boolean records, boolean hints) implements ByteLayer {
        static final Layer TRANSPARENT = new Layer("transparent", Integer.MAX_VALUE, false, false);
        static final Layer SPLITTING = new Layer("splitting", 1000, false, false);
        static final Layer JOINING = new Layer("joining", 0, true, false);
        static final Layer JOINING_WITH_HINTS = new Layer("joining with hints", 0, true, true);

        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    if (!records) {
                        return in.readSlice(Math.min(most, in.readableBytes()));
                    }
                    int missing = in.readableBytes() < 4 ? 4 : 4 + in.getInt(in.readerIndex()) - in.readableBytes();
                    if (missing <= 0) {
                        return in.readSlice(in.readInt());
                    } else if (hints) {
                        context.needMore(missing);
                    }
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    if (records) {
                        out.buffer(4).writeInt(message.readableBytes());
                    }
                    out.pass(message.retainedSlice());
                }
            };
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Messages of an int and that many bytes; the decoded message is the size. */
    private static Codec<Integer, Integer> ofTwoFunctions() {
        return Codec.of(
                (in, context) -> {
                    if (in.readableBytes() < 4 || in.readableBytes() < 4 + in.getInt(in.readerIndex())) {
                        return null;
                    }
                    int size = in.readInt();
                    in.skipBytes(size);
                    return size;
                },
                (message, out) -> {});
    }

    private static Codec<Integer, Integer> framed() {
        return new IntFrames(16 * MIB)
                .with(
                        (frame, context) -> {
                            int size = frame.readableBytes();
                            frame.skipBytes(size);
                            return size;
                        },
                        (message, out) -> {});
    }

    private static Codec<Integer, Integer> mereFraming() {
        return new IntFrames(16 * MIB)
                .map(
                        frame -> {
                            int size = frame.readableBytes();
                            frame.release();
                            return size;
                        },
                        size -> Unpooled.EMPTY_BUFFER);
    }

    record Setting(String codec, Codec<Integer, Integer> top, List<Layer> layers, boolean pull) {
        Pipeline<Integer, Integer> pipeline() {
            Pipeline<Integer, Integer> pipeline = Pipeline.of(top);
            for (Layer each : layers) {
                pipeline = pipeline.over(each);
            }
            return pipeline;
        }

        /** The stream as each layer that wants records packs it, the lowest outermost; the size of records has nothing to do with messages. */
        byte[] onTheWire(byte[] stream, int record) {
            byte[] bytes = stream;
            for (Layer each : layers) {
                if (each.records) {
                    ByteBuf out = Unpooled.buffer();
                    for (int at = 0; at < bytes.length; at += record) {
                        int part = Math.min(record, bytes.length - at);
                        out.writeInt(part).writeBytes(bytes, at, part);
                    }
                    bytes = new byte[out.readableBytes()];
                    out.readBytes(bytes);
                }
            }
            return bytes;
        }

        @Override
        public String toString() {
            return codec + " over " + layers + (pull ? ", pulled" : ", pushed");
        }
    }

    static Stream<Setting> settings() {
        var layers = List.of(Layer.TRANSPARENT, Layer.SPLITTING, Layer.JOINING, Layer.JOINING_WITH_HINTS);
        var stacks = new ArrayList<List<Layer>>();
        stacks.add(List.of());
        layers.forEach(each -> stacks.add(List.of(each)));
        stacks.add(List.of(Layer.TRANSPARENT, Layer.JOINING));
        stacks.add(List.of(Layer.JOINING, Layer.SPLITTING));
        stacks.add(List.of(Layer.JOINING_WITH_HINTS, Layer.JOINING));
        stacks.add(List.of(Layer.SPLITTING, Layer.JOINING, Layer.JOINING_WITH_HINTS, Layer.TRANSPARENT));
        return stacks.stream()
                .flatMap(stack -> Stream.of(true, false)
                        .flatMap(pull -> Stream.of(
                                new Setting("two functions", ofTwoFunctions(), stack, pull),
                                new Setting("framed", framed(), stack, pull),
                                new Setting("framing", mereFraming(), stack, pull))));
    }

    private static byte[] messages(int... sizes) {
        ByteBuf all = Unpooled.buffer();
        for (int size : sizes) {
            all.writeInt(size).writeZero(size);
        }
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    /** Sends as a wire does: nothing while it is paused. */
    private static void send(Rig<?, ?> rig, byte[] bytes, int step) {
        for (int at = 0; at < bytes.length; ) {
            rig.settle();
            assertThat(rig.wire.paused)
                    .as("paused for good after %d bytes of %d", at, bytes.length)
                    .isFalse();
            byte[] piece = java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + step));
            rig.arrives(piece);
            at += piece.length;
        }
        rig.settle();
    }

    private static void receiveAll(Rig<Integer, ?> rig, boolean pull, List<Integer> received) {
        rig.onLoop(() -> {
            if (pull) {
                receiveNext(rig, received);
            } else {
                rig.connection().onMessage(received::add);
            }
        });
    }

    private static void receiveNext(Rig<Integer, ?> rig, List<Integer> received) {
        rig.connection().receive().onDone((size, failure) -> {
            if (size != null) {
                received.add(size);
                receiveNext(rig, received);
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void a_message_of_any_size_comes_through_layers_of_any_kind(Setting setting) throws IOException {
        int[] sizes = {1, Buffers.SIZE - 5, Buffers.SIZE, Buffers.SIZE + 1, 200_000, 0, 3, 700_000};
        for (int record : new int[] {30_000, 150_000}) {
            try (var rig = new Rig<>(setting.pipeline())) {
                var received = new ArrayList<Integer>();
                receiveAll(rig, setting.pull, received);
                send(rig, setting.onTheWire(messages(sizes), record), record / 4);
                assertThat(received)
                        .as("records of %d", record)
                        .containsExactly(java.util.Arrays.stream(sizes).boxed().toArray(Integer[]::new));
                for (Stage stage : rig.stages()) {
                    assertThat(stage.rest).as("what %s keeps", stage).isNull();
                }
            }
        }
    }

    @Test
    void sizes_and_layers_at_random_come_through() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var all = settings().toList();
        for (int round = 0; round < 20; round++) {
            Setting setting = all.get(random.nextInt(all.size()));
            int[] sizes = random.ints(6, 0, 1 << (1 + random.nextInt(19))).toArray();
            try (var rig = new Rig<>(setting.pipeline())) {
                var received = new ArrayList<Integer>();
                receiveAll(rig, setting.pull, received);
                byte[] bytes = setting.onTheWire(messages(sizes), 1 + random.nextInt(300_000));
                send(rig, bytes, 1 + bytes.length / (1 + random.nextInt(40)));
                assertThat(received)
                        .as("%s, seed %d, round %d", setting, seed, round)
                        .containsExactly(java.util.Arrays.stream(sizes).boxed().toArray(Integer[]::new));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void what_nobody_receives_is_bounded_and_comes_when_it_is_asked_for(Setting setting) throws IOException {
        int[] sizes = new int[1_000];
        java.util.Arrays.fill(sizes, 1_000);
        byte[] bytes = setting.onTheWire(messages(sizes), 5_000);
        int step = 16 * 1024;
        try (var rig = new Rig<>(setting.pipeline())) {
            int at = 0;
            while (!rig.wire.paused) {
                assertThat(at).as("bytes read that nobody has asked for").isLessThan(bytes.length);
                rig.arrives(java.util.Arrays.copyOfRange(bytes, at, at + step));
                rig.settle();
                at += step;
            }
            for (Stage stage : rig.stages()) {
                assertThat(stage.restBytes()).as("what waits at %s", stage).isLessThan(Inbound.READ_AHEAD + step);
            }
            var received = new ArrayList<Integer>();
            receiveAll(rig, setting.pull, received);
            send(rig, java.util.Arrays.copyOfRange(bytes, at, bytes.length), step);
            assertThat(received).hasSize(sizes.length);
        }
    }

    @Test
    void a_puller_that_waits_for_nothing_gets_the_rest_of_a_large_message_only_when_it_asks() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(framed()).over(Layer.TRANSPARENT))) {
            rig.onLoop(() -> rig.connection().receive().cancel());
            byte[] bytes = messages(MIB);
            int at = 0;
            while (!rig.wire.paused) {
                rig.arrives(java.util.Arrays.copyOfRange(bytes, at, at + 10_000));
                rig.settle();
                at += 10_000;
            }
            assertThat(at).isLessThan(3 * Inbound.READ_AHEAD);
            var received = new ArrayList<Integer>();
            receiveAll(rig, true, received);
            send(rig, java.util.Arrays.copyOfRange(bytes, at, bytes.length), 10_000);
            assertThat(received).containsExactly(MIB);
        }
    }

    @Test
    void the_wire_is_paused_and_resumed_within_the_call() throws IOException {
        var paused = new ArrayList<Boolean>();
        try (var rig = new Rig<>(Pipeline.of(framed()))) {
            rig.onLoop(() -> {
                rig.connection().onMessage(message -> {});
                rig.connection().pause();
                paused.add(rig.wire.paused);
                rig.connection().resume(); // a later tick would have reported the pause to the system first
                paused.add(rig.wire.paused);
            });
        }
        assertThat(paused).containsExactly(true, false);
    }

    /** Bytes arrive before the Handle in which what waits is decoded: as from a peer that never stops. */
    @ParameterizedTest(name = "{0} layers")
    @ValueSource(ints = {0, 1, 2})
    void a_receiver_that_pauses_in_each_message_and_resumes_from_a_Handle_is_read_no_further_ahead(int layers)
            throws IOException {
        Pipeline<Integer, Integer> pipeline = Pipeline.of(framed());
        for (int i = 0; i < layers; i++) {
            pipeline = pipeline.over(Layer.TRANSPARENT);
        }
        int[] sizes = new int[16 * 1024];
        byte[] bytes = messages(sizes);
        try (var rig = new Rig<>(pipeline)) {
            var received = new ArrayList<Integer>();
            rig.onLoop(() -> rig.connection().onMessage(message -> {
                received.add(message);
                rig.connection().pause();
                rig.loop.schedule("goes on", rig.connection()::resume);
            }));
            long arrived = 0;
            for (int round = 0; round < 200; round++) {
                rig.transport.events.add(() -> {});
                if (!rig.wire.paused) {
                    arrived += bytes.length;
                    rig.transport.events.add(() ->
                            rig.link.received(rig.transport.receiveBuffer.get().writeBytes(bytes)));
                }
                rig.tick();
            }
            assertThat(received).hasSizeGreaterThan(50);
            assertThat(arrived).as("bytes read").isLessThan(8L * Inbound.READ_AHEAD);
            rig.onLoop(rig.connection()::abort);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void who_never_completes_a_message_is_stopped_by_the_codecs_own_limit(Setting setting) throws IOException {
        var limited = new Setting(
                setting.codec,
                Codec.of(300_000, (in, context) -> null, (message, out) -> {}),
                setting.layers,
                setting.pull);
        try (var rig = new Rig<>(limited.pipeline())) {
            var received = new ArrayList<Integer>();
            receiveAll(rig, setting.pull, received);
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            byte[] bytes = limited.onTheWire(new byte[400_000], 40_000);
            for (int at = 0; at < bytes.length && rig.failures.isEmpty(); at += 20_000) {
                assertThat(rig.wire.paused).isFalse();
                rig.arrives(java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 20_000)));
                rig.settle();
            }
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(received).isEmpty();
        }
    }

    @Test
    void a_session_that_has_ended_its_stream_is_given_no_more_than_read_ahead_allows() throws IOException {
        Codec<Integer, Integer> ending = context -> new Session<>() {
            @Override
            public @Nullable Integer decode(ByteBuf in, Context context) {
                context.end();
                return null;
            }

            @Override
            public void encode(Integer message, Outgoing out) {}
        };
        for (var pipeline : List.of(Pipeline.of(ending), Pipeline.of(ending).over(Layer.TRANSPARENT))) {
            try (var rig = new Rig<>(pipeline)) {
                rig.onLoop(() -> rig.connection().onMessage(message -> {}, () -> {}));
                int n = 0;
                while (!rig.wire.paused) {
                    assertThat(n++).isLessThan(20);
                    rig.arrives(new byte[20_000]);
                    rig.settle();
                }
            }
        }
    }
}
