package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;

/**
 * Random programs: a peer sends numbered messages through layers of all kinds and ends in some way; the receiver pauses, stops, changes the protocol,
 * gives receives up, closes. Whatever they do: messages arrive whole, once and in order, and all of them if they are asked for; every Future settles;
 * sessions are closed once; all memory is given back.
 *
 * <p>{@code -Drill.programs=N} runs N programs, {@code -Drill.seed=S} the one with that seed.
 */
class ReadingAtRandomTest {
    private static final Duration A_WHILE = ConnectionLimits.defaults().closeProgress();
    private static final int ROUNDS = 14; // of A_WHILE, after which what nobody takes is dropped

    private final IOException broken = new IOException("broken, on purpose");
    private Random random;
    private int sessionsOpened;
    private int sessionsClosed;

    // ---- layers

    private enum Kind {
        TRANSPARENT,
        SPLITTING,
        JOINING,
        HINTING,
        HANDSHAKING,
        ANSWERING,
        WORKING,
        ENDING
    }

    private final class Layer implements ByteLayer {
        final Kind kind;
        final int amount; // of a slice, until the end
        final Random dice;

        Layer(Kind kind) {
            this.kind = kind;
            this.amount = 1 + random.nextInt(kind == Kind.ENDING ? 300_000 : 3_000);
            this.dice = new Random(random.nextLong());
        }

        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            sessionsOpened++;
            return new LayerSession(this);
        }

        byte[] pack(byte[] plain) {
            ByteBuf out = Unpooled.buffer();
            switch (kind) {
                case JOINING, HINTING -> {
                    for (int at = 0; at < plain.length; ) {
                        int part =
                                Math.min(plain.length - at, 1 + dice.nextInt(dice.nextInt(4) == 0 ? 200_000 : 5_000));
                        out.writeInt(part).writeBytes(plain, at, part);
                        at += part;
                    }
                }
                case HANDSHAKING -> out.writeByte('!').writeBytes(plain);
                default -> out.writeBytes(plain);
            }
            return bytes(out);
        }

        /** The bytes that the layer makes of this part of its input. */
        byte[] unpack(byte[] packed) {
            ByteBuf in = Unpooled.wrappedBuffer(packed);
            ByteBuf out = Unpooled.buffer();
            switch (kind) {
                case JOINING, HINTING -> {
                    while (in.readableBytes() >= 4 && in.readableBytes() - 4 >= in.getInt(in.readerIndex())) {
                        out.writeBytes(in, in.readInt());
                    }
                }
                case HANDSHAKING ->
                    out.writeBytes(in, Math.min(1, in.readableBytes())).clear().writeBytes(in);
                case ENDING -> out.writeBytes(in, Math.min(amount, in.readableBytes()));
                default -> out.writeBytes(in);
            }
            return bytes(out);
        }

        @Override
        public String toString() {
            return kind.name();
        }
    }

    private final class LayerSession implements Session<ByteBuf, ByteBuf> {
        private final Layer layer;
        private boolean through;
        private boolean worked;
        private int left;
        private boolean closed;

        LayerSession(Layer layer) {
            this.layer = layer;
            this.left = layer.amount;
        }

        @Override
        public @Nullable ByteBuf opened(Context context) {
            if (layer.kind == Kind.HANDSHAKING) {
                context.holdWrites();
                context.out().buffer(1).writeByte('?');
            }
            return null;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            switch (layer.kind) {
                case TRANSPARENT -> {
                    return in;
                }
                case SPLITTING -> {
                    return in.readSlice(Math.min(layer.amount, in.readableBytes()));
                }
                case JOINING, HINTING -> {
                    return joined(in, context);
                }
                case HANDSHAKING -> {
                    if (!through && in.readByte() == '!') {
                        through = true;
                        context.releaseWrites();
                    } else {
                        return in.readSlice(in.readableBytes());
                    }
                }
                case ANSWERING -> {
                    context.out().buffer(300).writeZero(300);
                    return in;
                }
                case WORKING -> {
                    return worked(in, context);
                }
                case ENDING -> {
                    int part = Math.min(left, in.readableBytes());
                    left -= part;
                    if (left == 0) {
                        context.end();
                    }
                    return in.readSlice(part);
                }
            }
            return null;
        }

        private @Nullable ByteBuf joined(ByteBuf in, Context context) {
            int missing = in.readableBytes() < 4 ? 4 : 4 + in.getInt(in.readerIndex()) - in.readableBytes();
            if (missing <= 0) {
                return in.readSlice(in.readInt());
            }
            if (layer.kind == Kind.HINTING) {
                context.needMore(missing);
            }
            return null;
        }

        private @Nullable ByteBuf worked(ByteBuf in, Context context) {
            if (!worked && layer.dice.nextInt(3) == 0) {
                worked = true;
                context.runBlocking(() -> {});
                return null;
            }
            worked &= !in.isReadable();
            return in.isReadable() ? in.readSlice(in.readableBytes()) : null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }

        @Override
        public void closed() {
            assertThat(closed).as("closed before").isFalse();
            closed = true;
            sessionsClosed++;
        }
    }

    private static byte[] bytes(ByteBuf from) {
        byte[] bytes = new byte[from.readableBytes()];
        from.readBytes(bytes);
        return bytes;
    }

    // ---- codecs: a message is an int with its length, its number, and padding

    private Codec<Object, ByteBuf> codec() {
        Framing framing = new IntFrames(1 << 20);
        Function<ByteBuf, ByteBuf> same = message -> message;
        Codec<? extends Object, ByteBuf> chosen = switch (random.nextInt(4)) {
            case 0 -> framing.map(ReadingAtRandomTest::numberOf, same);
            case 1 -> framing;
            case 2 ->
                framing.with(
                        (frame, context) -> {
                            int number = frame.readInt();
                            frame.skipBytes(frame.readableBytes());
                            return number;
                        },
                        (ByteBuf message, ByteBuf out) -> out.writeBytes(message));
            default ->
                Codec.<Integer, ByteBuf>of(
                        (in, context) -> {
                            int start = in.readerIndex();
                            if (in.readableBytes() < 8 || in.readableBytes() < 4 + in.getInt(start)) {
                                return null;
                            }
                            int number = in.getInt(start + 4);
                            in.skipBytes(4 + in.getInt(start));
                            return number;
                        },
                        (message, out) -> out.writeBytes(message));
        };
        return chosen.map(message -> (Object) message, same);
    }

    private static int numberOf(Object message) {
        if (message instanceof ByteBuf frame) {
            int number = frame.readInt();
            frame.release();
            return number;
        }
        return (Integer) message;
    }

    private static byte[] messages(Random random, int count) {
        ByteBuf all = Unpooled.buffer();
        for (int i = 0; i < count; i++) {
            int padding = random.nextInt(random.nextInt(15) == 0 ? 250_000 : 500);
            all.writeInt(4 + padding).writeInt(i).writeZero(padding);
        }
        return bytes(all);
    }

    private static int complete(byte[] plain) {
        ByteBuf in = Unpooled.wrappedBuffer(plain);
        int n = 0;
        while (in.readableBytes() >= 4 && in.readableBytes() - 4 >= in.getInt(in.readerIndex())) {
            in.skipBytes(in.readInt());
            n++;
        }
        return n;
    }

    // ---- a program

    private enum End {
        END_OF_INPUT,
        RESET,
        WRITE_FAILS,
        NONE
    }

    private final class Program {
        final List<Layer> layers = new ArrayList<>();
        final boolean pull = random.nextBoolean();
        final End end = End.values()[random.nextInt(End.values().length)];
        final byte[] stream;
        final int expected;
        final int writeFailsAt;
        final Rig<Object, ByteBuf> rig;
        final List<Future<?>> receives = new ArrayList<>();
        Connection<Object, ByteBuf> connection;
        int sent;
        int received;
        boolean endSent;
        boolean writeFailed;
        boolean closedByUs;
        int ends; // reported to the receiver
        final List<Throwable> failures = new ArrayList<>();

        Program() throws IOException {
            for (int n = random.nextInt(4); n > 0; n--) {
                layers.add(new Layer(Kind.values()[random.nextInt(Kind.values().length)]));
            }
            byte[] packed = messages(random, random.nextInt(40));
            for (Layer layer : layers) {
                packed = layer.pack(packed);
            }
            if (random.nextInt(3) == 0) {
                packed = Arrays.copyOf(packed, random.nextInt(packed.length + 1));
            }
            stream = packed;
            for (int i = layers.size() - 1; i >= 0; i--) {
                packed = layers.get(i).unpack(packed);
            }
            expected = complete(packed);
            writeFailsAt = end == End.WRITE_FAILS ? random.nextInt(stream.length + 1) : -1;
            var limits = ConnectionLimits.defaults().waterMarks(500, 2_000, 1_000_000);
            rig = new Rig<>(pipeline(), limits);
            connection = rig.connection();
            rig.onLoop(this::receiveInAnyWay);
            rig.onLoop(() -> connection.onFailure(failure -> failures.add(failure.cause())));
        }

        private Pipeline<Object, ByteBuf> pipeline() {
            Codec<Object, ByteBuf> codec = codec();
            Pipeline<Object, ByteBuf> pipeline = Pipeline.of(context -> {
                Session<Object, ByteBuf> inner = codec.open(context);
                sessionsOpened++;
                return new CountedSession(inner);
            });
            for (Layer layer : layers) {
                pipeline = pipeline.over(layer);
            }
            return pipeline;
        }

        private void receiveInAnyWay() {
            if (!pull) {
                connection.onMessage(this::pushed, () -> ends++);
            }
        }

        private void pushed(Object message) {
            count(message);
            switch (random.nextInt(25)) {
                case 0 -> connection.pause();
                case 1 -> connection.stop();
                case 2 -> {
                    connection.stop();
                    become();
                }
                case 3 -> connection.write(Unpooled.copiedBuffer(new byte[100]));
                case 4 -> closeSeldom();
                default -> {}
            }
        }

        private void count(Object message) {
            assertThat(numberOf(message)).as("the next message").isEqualTo(received);
            received++;
        }

        private void become() {
            try {
                connection = connection.become(pipeline());
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("still holds back writes");
                return;
            }
            receiveInAnyWay();
        }

        private void closeSeldom() {
            if (random.nextInt(4) == 0) {
                closedByUs = true;
                if (random.nextBoolean()) {
                    connection.close();
                } else {
                    connection.abort();
                }
            }
        }

        private void receive() {
            Future<Object> next = connection.receive();
            receives.add(next);
            next.onDone((message, failure) -> {
                if (message != null) {
                    count(message);
                } else if (failure == null) {
                    ends++;
                }
            });
        }

        // ---- steps

        void run() {
            for (int n = random.nextInt(300); n > 0; n--) {
                step();
            }
            if (!closedByUs && random.nextBoolean()) {
                collect();
            }
            abandon();
        }

        private void step() {
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4 -> deliver();
                case 5 -> rig.tick();
                case 6 -> rig.settle();
                case 7 -> runWork();
                case 8, 9, 10 -> act();
                case 11 -> takeFromUs(random.nextInt(3_000));
                case 12 -> rig.passes(Duration.ofMillis(random.nextInt(500)));
                default -> {
                    deliver();
                    rig.settle();
                }
            }
        }

        /** One turn of the wire. */
        private void deliver() {
            rig.transport.events.add(() -> {
                if (writeFailsAt >= 0 && sent >= writeFailsAt && !writeFailed && !rig.wire.closed) {
                    writeFailed = true;
                    rig.wire.failWrites(broken);
                }
                for (int reads = 1 + random.nextInt(16); reads > 0 && readable() && sent < stream.length; reads--) {
                    readSome();
                }
                if (readable() && sent == stream.length && !endSent) {
                    end();
                }
            });
            rig.tick();
        }

        private boolean readable() {
            return !rig.wire.paused && !rig.wire.closed;
        }

        private void readSome() {
            ByteBuf target = random.nextBoolean() ? rig.link.readTarget() : null;
            if (target == null || !target.isWritable()) {
                target = rig.transport.receiveBuffer.get();
            }
            int most = Math.min(target.writableBytes(), stream.length - sent);
            int part = 1 + random.nextInt(Math.min(most, random.nextBoolean() ? 1_000 : 70_000));
            target.writeBytes(stream, sent, part);
            sent += part;
            rig.link.received(target);
        }

        private void end() {
            switch (end) {
                case END_OF_INPUT -> {
                    endSent = true;
                    rig.link.inputEnded();
                }
                case RESET -> {
                    endSent = true;
                    rig.wire.end(broken);
                }
                case WRITE_FAILS -> {
                    if (writeFailed) {
                        endSent = true;
                        rig.wire.end(broken);
                    }
                }
                case NONE -> {}
            }
        }

        private void runWork() {
            Runnable work = rig.transport.blockingWork.poll();
            if (work != null) {
                work.run();
            }
        }

        private void takeFromUs(int bytes) {
            rig.wire.space = bytes;
            rig.transport.events.add(() -> {
                long left = rig.wire.closed ? 0 : rig.wire.flush();
                if (left > 0) {
                    rig.link.written(left);
                }
            });
        }

        private void act() {
            rig.onLoop(() -> {
                switch (random.nextInt(12)) {
                    case 0 -> connection.pause();
                    case 1 -> connection.stop();
                    case 2, 3 -> connection.resume();
                    case 4 -> become();
                    case 5 -> connection.write(Unpooled.copiedBuffer(new byte[random.nextInt(1_000)]));
                    case 6 -> giveUp();
                    case 7 -> closeSeldom();
                    case 8 -> {
                        if (random.nextInt(10) == 0) {
                            connection.shutdownOutput();
                        }
                    }
                    default -> {
                        if (pull) {
                            receive();
                        }
                    }
                }
            });
        }

        private void giveUp() {
            if (!receives.isEmpty()) {
                receives.getLast().cancel();
            }
        }

        // ---- the laws

        private void collect() {
            for (int n = 0; n < 3_000 && !over(); n++) {
                takeFromUs(Integer.MAX_VALUE);
                runWork();
                rig.onLoop(() -> {
                    if (!closedByUs) {
                        connection.resume();
                    }
                    if (pull) {
                        receive();
                    }
                });
                deliver();
                rig.settle();
            }
            if (!closedByUs && failures.stream().noneMatch(ProtocolException.class::isInstance)) {
                assertThat(received).as("messages received of those that came").isEqualTo(expected);
                if (endSent) {
                    assertThat(ends + failures.size()).as("ends told").isPositive();
                }
            }
        }

        private boolean over() {
            return closedByUs
                    || (received == expected
                            && sent == stream.length
                            && (endSent || end == End.NONE)
                            && ends + failures.size() > 0);
        }

        private void abandon() {
            boolean worksEnd = random.nextBoolean();
            for (int n = 0; n < ROUNDS; n++) {
                if (worksEnd) {
                    runWork();
                }
                rig.passes(A_WHILE);
            }
            if (rig.wire.closed) {
                assertThat(rig.link.audience().closed().isDone())
                        .as("closed, with a wire that is gone")
                        .isTrue();
            }
            rig.onLoop(() -> {
                if (random.nextBoolean()) {
                    connection.close();
                } else {
                    connection.abort();
                }
            });
            for (int n = 0; n < 4; n++) {
                rig.passes(A_WHILE);
            }
            assertThat(rig.link.audience().closed().isDone()).as("closed").isTrue();
            assertThat(receives).as("receives").allMatch(Future::isDone);
            assertThat(rig.loop.connections()).isZero();
            assertThat(sessionsClosed).as("sessions closed").isEqualTo(sessionsOpened);
            assertThat(received).isLessThanOrEqualTo(expected);
            assertThat(failures).as("each failure is told once").doesNotHaveDuplicates();
        }

        @Override
        public String toString() {
            return layers + (pull ? " pulled" : " pushed") + ", " + end + " after " + stream.length + " bytes, "
                    + expected + " messages; sent " + sent + ", received " + received + ", ends " + ends + ", failures "
                    + failures;
        }
    }

    private final class CountedSession implements Session<Object, ByteBuf> {
        private final Session<Object, ByteBuf> inner;
        private boolean closed;

        CountedSession(Session<Object, ByteBuf> inner) {
            this.inner = inner;
        }

        @Override
        public @Nullable Object opened(Context context) throws IOException {
            return inner.opened(context);
        }

        @Override
        public @Nullable Object decode(ByteBuf in, Context context) throws IOException {
            return inner.decode(in, context);
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) throws IOException {
            inner.encode(message, out);
        }

        @Override
        public @Nullable Object inputEnded(ByteBuf rest, Context context) throws IOException {
            return inner.inputEnded(rest, context);
        }

        @Override
        public void closed() {
            assertThat(closed).as("closed before").isFalse();
            closed = true;
            sessionsClosed++;
            inner.closed();
        }
    }

    private void run(long seed) {
        random = new Random(seed);
        sessionsOpened = 0;
        sessionsClosed = 0;
        Program program = null;
        try {
            program = new Program();
            try (var rig = program.rig) {
                program.run();
            }
            assertThat(program.rig.memory.bytesOut()).as("memory").isZero();
            assertThat(program.rig.reports)
                    .as("reports")
                    .noneMatch(report -> report instanceof Report.Thrown || report instanceof Report.Survivors);
        } catch (Throwable t) {
            throw new AssertionError("seed " + seed + ": " + program, t);
        }
    }

    @Test
    void messages_come_whole_once_and_in_order_everything_settles_and_everything_comes_back() {
        Long seed = Long.getLong("rill.seed");
        if (seed != null) {
            run(seed);
            return;
        }
        var seeds = new Random();
        for (int i = 0; i < Integer.getInteger("rill.programs", 200); i++) {
            run(seeds.nextLong());
        }
    }
}
