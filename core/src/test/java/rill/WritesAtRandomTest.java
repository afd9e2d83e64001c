package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.ManualClock;
import rill.testing.MemoryTransport;

/**
 * Writes of the loop and of other threads, mixed at random: with wrong estimates of their size, messages that can't be encoded, a peer that reads
 * when it likes, layers that hold writes, and an end of some kind. The output has to be whole and in order, with no gap except those that the owner
 * of the connection has asked for.
 */
class WritesAtRandomTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int WRITERS = 3; // the first one is the loop
    private static final int MARK = 0xABCD;

    /** A message: its writer, its number, and this many bytes; or it fails half-way. */
    private static final class Record extends AbstractReferenceCounted {
        final int writer;
        final int number;
        final int size;
        final boolean bad;
        final int guess;

        Record(int writer, int number, int size, boolean bad, int guess) {
            this.writer = writer;
            this.number = number;
            this.size = size;
            this.bad = bad;
            this.guess = guess;
        }

        @Override
        protected void deallocate() {}

        @Override
        public ReferenceCounted touch(Object hint) {
            return this;
        }
    }

    private record Written(Record message, Future<?> accepted, boolean refused) {}

    /** Records out, nothing in; if {@code holding} is set, holds writes until a timer expires. */
    private final class Records implements Codec<String, Record> {
        @Override
        public Session<String, Record> open(Context context) {
            return new Session<>() {
                @Override
                public @Nullable String opened(Context context) {
                    if (holding) {
                        context.holdWrites();
                        context.startTimer(Duration.ofSeconds(2));
                    }
                    return null;
                }

                @Override
                public @Nullable String timerExpired(Context context) {
                    context.releaseWrites();
                    return null;
                }

                @Override
                public @Nullable String decode(ByteBuf in, Context context) {
                    in.skipBytes(in.readableBytes());
                    return null;
                }

                @Override
                public void encode(Record message, Outgoing out) {
                    write(message, out);
                }
            };
        }

        @Override
        public int sizeEstimate(Record message) {
            if (message.guess == 1) {
                throw new IllegalStateException("no guess");
            }
            return message.guess;
        }
    }

    private void write(Record message, Outgoing out) {
        out.buffer(16)
                .writeShort(MARK)
                .writeByte(message.writer)
                .writeInt(message.number)
                .writeInt(message.size);
        int left = message.size;
        while (left > 0) {
            int part = Math.min(left, 1 + random.nextInt(5_000));
            left -= part;
            if (message.bad && random.nextInt(3) == 0) {
                throw new AssertionError("bad");
            }
            if (random.nextBoolean()) {
                ByteBuf payload = Unpooled.directBuffer(part).writeZero(part);
                buffers.add(payload);
                out.pass(payload);
            } else {
                out.buffer(random.nextInt(part + 1)).writeZero(part);
            }
        }
        if (message.bad) {
            throw new IllegalArgumentException("bad");
        }
    }

    /** Inverts bytes, and holds writes until a timer expires. */
    private static final class Turning implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return new Session<>() {
                @Override
                public @Nullable ByteBuf opened(Context context) {
                    context.holdWrites();
                    context.startTimer(Duration.ofSeconds(1));
                    return null;
                }

                @Override
                public @Nullable ByteBuf timerExpired(Context context) {
                    context.releaseWrites();
                    return null;
                }

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    return in;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    ByteBuf buffer = out.buffer(message.readableBytes());
                    message.forEachByte(b -> {
                        buffer.writeByte(~b);
                        return true;
                    });
                }
            };
        }
    }

    private Random random;
    private long seed;
    private boolean holding;
    private boolean turning;
    private boolean carriesOn;
    private boolean ended; // by us, on purpose
    private boolean aborted; // by us, or because the peer has taken nothing for too long
    private boolean reset; // as the peer sees it
    private final List<ByteBuf> buffers = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final List<Report> reports = new ArrayList<>();
    private final List<List<Written>> written = new ArrayList<>();
    private final List<Future<?>> flushes = new ArrayList<>();
    private final ByteBuf received = Unpooled.buffer();
    private ManualClock clock;
    private long begin;
    private Loop loop;
    private Connection<String, Record> connection;
    private Link link;
    private Connection<ByteBuf, ByteBuf> peer;

    private void run(long newSeed) throws Exception {
        seed = newSeed;
        random = new Random(seed);
        holding = random.nextInt(4) == 0;
        turning = random.nextInt(4) == 0;
        carriesOn = random.nextBoolean();
        ended = false;
        aborted = false;
        reset = false;
        buffers.clear();
        failures.clear();
        reports.clear();
        written.clear();
        flushes.clear();
        received.clear();
        for (int i = 0; i < WRITERS; i++) {
            written.add(new ArrayList<>());
        }
        clock = new ManualClock();
        begin = clock.nanoTime();
        var transport = new MemoryTransport(seed)
                .clock(clock)
                .split(1 + random.nextInt(20_000))
                .capacity(100 + random.nextInt(20_000))
                .delay(random.nextInt(50));
        loop = Loop.open(LoopOptions.defaults()
                .transport(transport)
                .slowHandle(Duration.ZERO)
                .reporter(reports::add));
        connect();
        int steps = 20 + random.nextInt(120);
        for (int i = 0; i < steps; i++) {
            step();
        }
        finish();
        check();
        loop.close(Duration.ZERO);
    }

    /** The writer is the accepted connection, which is opened before its layers are ready. */
    private void connect() throws Exception {
        int low = random.nextInt(2_000);
        int high = low + 1 + random.nextInt(4_000);
        var limits = ConnectionLimits.defaults().waterMarks(low, high, high + random.nextInt(30_000));
        Pipeline<String, Record> pipeline = Pipeline.of(new Records());
        if (random.nextInt(4) == 0) {
            pipeline = pipeline.map(Function.identity(), same -> same);
        }
        if (turning) {
            pipeline = pipeline.over(new Turning());
        }
        Pipeline<String, Record> all = pipeline;
        // Not by listen, which would wait until every layer is ready: this test is about writes made before that.
        Listener listener = Listener.open(
                        loop,
                        ANY,
                        ListenOptions.defaults().limits(limits),
                        Spread.onto(loop),
                        opened -> write(opened.open(all)))
                .await();
        peer = loop.connect(listener.address(), Pipeline.bytes()).await();
        onLoop(() -> peer.onMessage(bytes -> {
                    received.writeBytes(bytes);
                    bytes.release();
                })
                .onFailure(failure -> reset = true));
        ticks(50);
    }

    private void write(Connection<String, Record> accepted) {
        connection = accepted;
        link = accepted.link();
        accepted.onMessage(nothing -> {}).onFailure(failure -> {
            failures.add(failure.cause());
            if (carriesOn && failure.survivable()) {
                failure.carryOn();
            }
        });
    }

    private void onLoop(Runnable action) {
        new OnLoop(loop, null).enter();
        try {
            action.run();
        } finally {
            OnLoop.exit();
        }
    }

    private void ticks(int count) {
        for (int i = 0; i < count; i++) {
            loop.tick();
        }
    }

    private void step() {
        switch (random.nextInt(16)) {
            case 0, 1, 2 ->
                onLoop(() -> {
                    for (int n = random.nextInt(4); n >= 0; n--) {
                        write(0);
                    }
                });
            case 3, 4, 5, 6 -> write(1 + random.nextInt(WRITERS - 1));
            case 7 -> onLoop(peer::pause);
            case 8 -> onLoop(peer::resume);
            case 9 -> {
                List<Written> one = written.get(random.nextInt(WRITERS));
                if (!one.isEmpty()) {
                    one.get(random.nextInt(one.size())).accepted.cancel();
                }
            }
            case 10 -> flushes.add(random.nextBoolean() ? connection.flush() : flushOnLoop());
            case 11 -> {
                clock.advance(Duration.ofMillis(random.nextInt(500)));
                ticks(1);
            }
            case 12 -> end();
            default -> ticks(1 + random.nextInt(10));
        }
    }

    private Future<?> flushOnLoop() {
        var flushed = new Future<?>[1];
        onLoop(() -> flushed[0] = connection.flush());
        return flushed[0];
    }

    private void write(int writer) {
        List<Written> mine = written.get(writer);
        int size = random.nextInt(random.nextInt(8) == 0 ? 20_000 : 300);
        int guess = switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> -random.nextInt(1_000);
            case 2 -> 1; // throws
            case 3 -> random.nextInt(50_000);
            default -> size + 11;
        };
        var message = new Record(writer, mine.size(), size, random.nextInt(12) == 0, guess);
        Future<?> accepted = connection.write(message);
        mine.add(new Written(message, accepted, accepted.failure() != null));
    }

    private void end() {
        if (random.nextInt(6) != 0) {
            return;
        }
        ended = true;
        Runnable way = switch (random.nextInt(3)) {
            case 0 -> connection::close;
            case 1 -> connection::shutdownOutput;
            default -> {
                aborted = true;
                yield connection::abort;
            }
        };
        if (random.nextBoolean()) {
            onLoop(way);
        } else {
            way.run();
        }
    }

    /** Lets the peer read everything, and closes whatever is still open. */
    private void finish() {
        long passed = clock.nanoTime() - begin;
        aborted |= passed >= ConnectionLimits.defaults().closeProgress().toNanos();
        onLoop(peer::resume);
        for (int i = 0; i < 5_000 && !settled(); i++) {
            ticks(20);
            clock.advance(Duration.ofMillis(100));
        }
        connection.close();
        ticks(20);
        for (int i = 0; i < 5_000 && !connection.closed().isDone(); i++) {
            ticks(20);
            clock.advance(Duration.ofMillis(100));
        }
    }

    private boolean settled() {
        return written.stream().flatMap(List::stream).allMatch(each -> each.accepted.isDone())
                && link.outbound().pending() == 0
                && link.outbound().reserved() == 0;
    }

    // ---- the oracle

    private void check() throws Exception {
        assertThat(connection.closed().isDone()).as("closed, %s", this).isTrue();
        assertThat(written.stream().flatMap(List::stream))
                .as("the Futures of writes, %s", this)
                .allMatch(each -> each.accepted.isDone());
        assertThat(flushes).as("the Futures of flushes, %s", this).allMatch(Future::isDone);
        assertThat(written.stream().flatMap(List::stream))
                .as("messages released, %s", this)
                .allMatch(each -> each.message.refCnt() == 0);
        assertThat(buffers).as("buffers released, %s", this).allMatch(each -> each.refCnt() == 0);
        assertThat(link.outbound().reserved()).as("reserved, %s", this).isZero();
        assertThat(reports).as("reports, %s", this).isEmpty();
        assertThat(reset && !aborted)
                .as("a reset in place of an orderly end, %s", this)
                .isFalse();
        if (!carriesOn) {
            assertThat(failures).as("told once, %s", this).hasSizeLessThanOrEqualTo(1);
        }
        List<List<Integer>> arrived = parse();
        for (int writer = 0; writer < WRITERS; writer++) {
            checkOne(written.get(writer), arrived.get(writer));
        }
    }

    private void checkOne(List<Written> mine, List<Integer> arrived) {
        var expected = new ArrayList<Integer>();
        boolean gap = false;
        for (Written each : mine) {
            boolean failed = each.message.bad || each.refused;
            if (failed && !carriesOn) {
                break; // nothing may follow this
            }
            gap |= failed;
            if (!failed) {
                expected.add(each.message.number);
            }
        }
        String what = this + " of writer " + (mine.isEmpty() ? "?" : mine.getFirst().message.writer);
        if (ended || !failures.isEmpty() && !carriesOn) {
            assertThat(arrived)
                    .as("a beginning of what was accepted, %s", what)
                    .isEqualTo(expected.subList(0, Math.min(arrived.size(), expected.size())));
        } else {
            assertThat(arrived)
                    .as("all that was accepted, %s, %s", gap ? "with gaps" : "", what)
                    .isEqualTo(expected);
        }
        if (!ended && !mine.isEmpty() && failures.isEmpty()) {
            assertThat(expected)
                    .as("nothing failed and nobody was told, %s", what)
                    .hasSameSizeAs(mine);
        }
    }

    private List<List<Integer>> parse() throws Exception {
        var arrived = new ArrayList<List<Integer>>();
        for (int i = 0; i < WRITERS; i++) {
            arrived.add(new ArrayList<>());
        }
        if (turning) {
            for (int i = received.readerIndex(); i < received.writerIndex(); i++) {
                received.setByte(i, ~received.getByte(i));
            }
        }
        while (received.readableBytes() >= 11) {
            assertThat(received.readUnsignedShort())
                    .as("where a record begins, %s", this)
                    .isEqualTo(MARK);
            int writer = received.readByte();
            int number = received.readInt();
            int size = received.readInt();
            if (received.readableBytes() < size) {
                received.skipBytes(received.readableBytes());
                assertThat(aborted).as("a record is cut off, %s", this).isTrue();
                return arrived;
            }
            assertThat(received.readSlice(size).forEachByte(b -> b == 0))
                    .as("a byte that is not of this record, %s", this)
                    .isEqualTo(-1);
            arrived.get(writer).add(number);
        }
        assertThat(received.isReadable() && !aborted)
                .as("bytes left over, %s", this)
                .isFalse();
        return arrived;
    }

    @Override
    public String toString() {
        return "seed " + seed + (carriesOn ? ", carrying on" : "") + (ended ? ", ended" : "") + ", failures "
                + failures;
    }

    @Test
    void streams_are_whole_and_in_order_or_their_connection_has_failed_and_said_so() throws Exception {
        for (long each = 0; each < 30; each++) {
            run(each);
        }
        run(600_429_830_082L); // a failure of what was held ends it while the next message is written
    }

    @Test
    @Tag("slow")
    void so_they_are_with_many_more_seeds() throws Exception {
        long first = new Random().nextLong(1_000_000_000_000L);
        for (long each = 0; each < 1_000; each++) {
            run(first + each);
        }
    }
}
