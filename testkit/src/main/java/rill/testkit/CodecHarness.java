package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Codec;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/**
 * Runs a codec's session without a connection, as the contract of {@link Session} says. It keeps unconsumed bytes and presents them in a fresh buffer
 * each time, at another index, between bytes that mean nothing; copies borrowed buffers; and makes no calls after a failure. It checks that hints are
 * kept, that every call that changes nothing ends the round, and that no buffer has a reference too many or too few. An {@link AssertionError} says
 * what was wrong.
 *
 * <p>What a session asks for is recorded: whether it holds back what is written above it ({@link #holdsWrites}), its timer ({@link #timer},
 * {@link #expireTimer}), and what it writes on its own ({@link #answered}). A request for blocking work, or to stop, is refused: test those on a
 * connection.
 *
 * <p>The output of a {@link ByteLayer} has no boundaries, so where splits are compared, all of it counts as one message. A byte layer may also fail
 * with an {@link IOException} other than {@link ProtocolException}, such as when its peer has refused something.
 *
 * <p><b>Threading:</b> one thread.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class CodecHarness<R, W> {
    /**
     * Everything visible of a session from above: what it has delivered, and how it ended.
     *
     * @param messages the messages delivered; frames as text in Latin 1
     * @param violation what the peer did wrong, or null
     * @param offset the offset of the violation in the stream, or -1
     * @param ended whether the session has signalled an orderly end of stream
     * @param answered what the session has written on its own, in Latin 1
     */
    public record Outcome(
            List<Object> messages, @Nullable String violation, long offset, boolean ended, String answered) {}

    // One byte may give several messages, and one call of decode may unpack many, but neither without end.
    private static final int MOST_AT_ONE_PLACE = 10_000;
    private static final int MOST_PER_BYTE = 16;

    private final Session<R, W> session;
    private final Recorder recorder = new Recorder();
    private final List<Object> messages = new ArrayList<>();
    private final List<ReferenceCounted> received = new ArrayList<>(); // of these, but not frames, which are borrowed
    private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    private final boolean layer;
    private byte[] rest = {};
    private long consumed;
    private int fed;
    private @Nullable String violation;
    private long offset = -1;

    /** Opens a new session of the codec and calls its {@code opened}. */
    public CodecHarness(Codec<R, W> codec) {
        layer = codec instanceof ByteLayer;
        session = codec.open(recorder);
        call("opened", () -> session.opened(recorder));
    }

    /** A call of one of the session's methods other than decode. */
    private interface Call {
        @Nullable
        Object make() throws IOException;
    }

    private void call(String name, Call call) {
        try {
            note(call.make());
        } catch (IOException e) {
            failed(name, e);
        }
        recorder.takeBackLent();
        recorder.drainTo(answered);
        goOn();
    }

    /** Calls the session again if it has more to deliver than one message per call. */
    private void goOn() {
        if (recorder.again && !over()) {
            feed(new byte[0]);
        }
    }

    private void failed(String call, IOException e) {
        if (e instanceof ProtocolException broken) {
            violation = broken.violation();
            offset = consumed + broken.offset();
        } else if (layer) {
            violation = String.valueOf(e.getMessage());
        } else {
            throw new AssertionError(call + " threw what is no ProtocolException", e);
        }
    }

    /** Returns the bytes of a text in Latin 1, one for each character. */
    public static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // ---- reading

    /** Feeds a text in Latin 1; see {@link #feed(byte[])}. */
    public CodecHarness<R, W> feed(String bytes) {
        return feed(ascii(bytes));
    }

    /** Delivers these bytes to the session. */
    public CodecHarness<R, W> feed(byte[] bytes) {
        if (over()) {
            return this;
        }
        ByteBuf in = buffer(rest, bytes);
        int hinted = recorder.wanted;
        int before = messages.size();
        long most = MOST_AT_ONE_PLACE + MOST_PER_BYTE * (long) in.readableBytes();
        long place = consumed;
        long calls = 0; // at this place
        while (decodeOnce(in)) {
            calls = consumed == place ? calls + 1 : 0;
            place = consumed;
            if (calls > most) {
                throw new AssertionError("gives messages without end and consumes nothing, at offset " + consumed);
            }
        }
        require(
                bytes.length >= hinted || messages.size() == before,
                () -> "messages came although only " + bytes.length + " bytes had of the " + hinted
                        + " that were needed");
        rest = new byte[in.readableBytes()];
        in.readBytes(rest);
        release(in);
        return this;
    }

    /** Returns a buffer with these bytes, each time at another index, surrounded by bytes that the session must not touch. */
    private ByteBuf buffer(byte[] first, byte[] second) {
        int pad = fed++ % 4;
        int size = first.length + second.length;
        ByteBuf in = fed % 2 == 0 ? direct(size + 2 * pad) : heap(size + 2 * pad);
        in.setBytes(0, noise(pad));
        in.setBytes(pad + size, noise(pad));
        return in.setIndex(pad, pad).writeBytes(first).writeBytes(second);
    }

    private byte[] noise(int size) {
        var noise = new byte[size];
        Arrays.fill(noise, (byte) (fed * 37));
        return noise;
    }

    private boolean decodeOnce(ByteBuf in) {
        int start = in.readerIndex();
        int end = in.writerIndex();
        recorder.begin();
        Object message;
        try {
            message = session.decode(in, recorder);
        } catch (IOException e) {
            require(
                    !(e instanceof ProtocolException broken)
                            || (broken.offset() >= 0 && broken.offset() <= end - start),
                    () -> "a violation outside of the bytes: " + e);
            failed("decode", e);
            recorder.takeBackLent();
            return false;
        } finally {
            recorder.drainTo(answered);
        }
        note(message);
        recorder.takeBackLent();
        if (message == in) {
            in.skipBytes(in.readableBytes()); // passed on unchanged
        }
        int n = in.readerIndex() - start;
        require(n >= 0 && in.writerIndex() == end, () -> "the indices of the buffer were moved elsewhere");
        consumed += n;
        return (n > 0 || message != null) && (in.isReadable() || recorder.again) && !recorder.ended;
    }

    /** Whether the session is no longer called: it has failed, or has signalled the end of its stream. */
    private boolean over() {
        return violation != null || recorder.ended;
    }

    private void note(@Nullable Object message) {
        if (message != null) {
            messages.add(message instanceof ByteBuf frame ? frame.toString(StandardCharsets.ISO_8859_1) : message);
            if (message instanceof ReferenceCounted counted && !(message instanceof ByteBuf)) {
                received.add(counted);
            }
        }
    }

    /** Signals the end of the stream to the session. */
    public CodecHarness<R, W> endOfInput() {
        if (!over()) {
            ByteBuf in = buffer(rest, new byte[0]);
            call("inputEnded", () -> session.inputEnded(in, recorder));
            release(in);
        }
        return this;
    }

    /**
     * Closes the session, as when its connection is gone. Releases the messages received, and checks that every buffer made by {@code own} was
     * released.
     */
    public void close() {
        session.closed();
        received.forEach(ReferenceCounted::release);
        received.clear();
        for (ByteBuf each : recorder.owned) {
            require(each.refCnt() == 0, () -> "nobody released a buffer that was made for good: " + each);
        }
    }

    /** Returns what the session has delivered so far, and whether and how it has ended. */
    public Outcome outcome() {
        return new Outcome(List.copyOf(messages), violation, offset, recorder.ended, answered());
    }

    /** Returns the outcome, with all pieces that a byte layer has delivered joined into one. */
    Outcome withoutBoundaries() {
        Outcome all = outcome();
        if (!layer || all.messages.isEmpty()) {
            return all;
        }
        var bytes = new StringBuilder();
        all.messages.forEach(bytes::append);
        return new Outcome(List.of(bytes.toString()), all.violation, all.offset, all.ended, all.answered);
    }

    // ---- what the session has asked for

    /** Returns what the session has written on its own so far, in Latin 1. */
    public String answered() {
        return answered.toString(StandardCharsets.ISO_8859_1);
    }

    /** Whether the session holds back what is written above it. */
    public boolean holdsWrites() {
        return recorder.holdsWrites;
    }

    /** Returns the delay of the timer that the session has started, or null if none is running. */
    public @Nullable Duration timer() {
        return recorder.timer;
    }

    /** Lets the session's timer expire, which must be running. */
    public CodecHarness<R, W> expireTimer() {
        require(recorder.timer != null, () -> "no timer is running");
        recorder.timer = null;
        if (!over()) {
            call("timerExpired", () -> session.timerExpired(recorder));
        }
        return this;
    }

    /** Returns the number of bytes that the session has not consumed yet. */
    public int unconsumed() {
        return rest.length;
    }

    /** Decodes a text in Latin 1; see {@link #decode(Codec, byte[])}. */
    public static Outcome decode(Codec<?, ?> codec, String bytes) {
        return decode(codec, ascii(bytes));
    }

    /** Returns the outcome of these bytes, and checks that it is the same however they are split: whole, at every place, byte by byte, at random. */
    public static Outcome decode(Codec<?, ?> codec, byte[] bytes) {
        Outcome whole = decodeWhole(codec, bytes);
        for (int i = 0; i <= bytes.length; i++) {
            Outcome split = new CodecHarness<>(codec)
                    .feed(Arrays.copyOf(bytes, i))
                    .feed(Arrays.copyOfRange(bytes, i, bytes.length))
                    .endOfInput()
                    .withoutBoundaries();
            requireSame(whole, split, "split at " + i);
        }
        var single = new CodecHarness<>(codec);
        for (byte b : bytes) {
            single.feed(new byte[] {b});
        }
        requireSame(whole, single.endOfInput().withoutBoundaries(), "byte by byte");
        long seed = new Random().nextLong();
        for (int i = 0; i < 10; i++) {
            requireSame(whole, decodeAtRandom(codec, bytes, seed + i), "split with seed " + (seed + i));
        }
        return whole;
    }

    static Outcome decodeWhole(Codec<?, ?> codec, byte[] bytes) {
        return new CodecHarness<>(codec).feed(bytes).endOfInput().withoutBoundaries();
    }

    /** Returns the outcome of these bytes, split at places that the seed decides. */
    public static Outcome decodeAtRandom(Codec<?, ?> codec, byte[] bytes, long seed) {
        return new CodecHarness<>(codec).feedAtRandom(bytes, seed).withoutBoundaries();
    }

    /** Feeds these bytes, split at places that the seed decides, and then the end of input. */
    CodecHarness<R, W> feedAtRandom(byte[] bytes, long seed) {
        var random = new Random(seed);
        int at = 0;
        while (at < bytes.length) {
            int next = Math.min(bytes.length, at + 1 + random.nextInt(1 + random.nextInt(bytes.length)));
            feed(Arrays.copyOfRange(bytes, at, next));
            at = next;
        }
        return endOfInput();
    }

    static void requireSame(Outcome whole, Outcome split, String how) {
        require(whole.equals(split), () -> how + " gives " + split + ", while all at once gives " + whole);
    }

    // ---- writing

    /** Returns the encoded messages, in Latin 1. */
    @SafeVarargs
    public final String write(W... outgoing) {
        return new String(writeBytes(outgoing), StandardCharsets.ISO_8859_1);
    }

    /** Returns the encoded messages. Unchecked exceptions of the session, such as for a message that can't be encoded, are passed on. */
    @SafeVarargs
    public final byte[] writeBytes(W... outgoing) {
        var bytes = new ByteArrayOutputStream();
        for (W each : outgoing) {
            int references = each instanceof ReferenceCounted counted ? counted.refCnt() : 0;
            int from = each instanceof ByteBuf buffer ? buffer.readerIndex() : 0;
            try {
                session.encode(each, recorder);
            } catch (IOException e) {
                throw new AssertionError("encode threw", e);
            } finally {
                recorder.drainTo(bytes);
            }
            if (each instanceof ReferenceCounted counted) {
                require(counted.refCnt() == references, () -> "the message was not borrowed: references");
            }
            if (each instanceof ByteBuf buffer) {
                require(buffer.readerIndex() == from, () -> "the message was not borrowed: its reader index was moved");
            }
        }
        return bytes.toByteArray();
    }

    /** Returns how many payloads were passed on instead of being copied. */
    public int passed() {
        return recorder.passed;
    }

    // ---- buffers

    static ByteBuf heap(int size) {
        return new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    static ByteBuf direct(int size) {
        return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    private static void release(ByteBuf buffer) {
        require(buffer.release(), () -> "somebody still holds the buffer that was lent");
    }

    private static void require(boolean condition, Supplier<String> otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise.get());
        }
    }

    /** Records what the session asks for. */
    private static final class Recorder extends BareContext implements Outgoing {
        private final List<ByteBuf> written = new ArrayList<>();
        private final List<ByteBuf> owned = new ArrayList<>();
        private @Nullable ByteBuf lent;
        private int wanted;
        private boolean ended;
        private boolean holdsWrites;
        private boolean again;
        private @Nullable Duration timer;
        private int passed; // payloads passed on instead of being copied

        void begin() {
            wanted = 0;
            again = false;
        }

        void drainTo(ByteArrayOutputStream bytes) {
            for (ByteBuf each : written) {
                bytes.writeBytes(ByteBufUtil.getBytes(each));
                each.release();
            }
            written.clear();
        }

        @Override
        public ByteBuf own(ByteBuf borrowed) {
            ByteBuf own = super.own(borrowed);
            owned.add(own);
            return own;
        }

        @Override
        public ByteBuf own(int atLeast) {
            ByteBuf own = super.own(atLeast);
            owned.add(own);
            return own;
        }

        @Override
        public ByteBuf lend(int atLeast) {
            require(lent == null, () -> "a buffer was lent for this call already");
            ByteBuf buffer = heap(atLeast);
            lent = buffer;
            return buffer;
        }

        /** Releases the buffer that was lent for a call. */
        void takeBackLent() {
            ByteBuf used = lent;
            lent = null;
            if (used != null) {
                release(used);
            }
        }

        @Override
        public ByteBuf buffer(int atLeast) {
            ByteBuf last = written.isEmpty() ? null : written.getLast();
            if (last == null || last.isReadOnly() || last.writableBytes() < Math.max(1, atLeast)) {
                last = direct(Math.max(1, atLeast));
                written.add(last);
            }
            return last;
        }

        @Override
        public void pass(ByteBuf payload) {
            passed++;
            written.add(payload);
            written.add(direct(1));
        }

        @Override
        public void needMore(int bytes) {
            require(bytes > 0, () -> "needMore(" + bytes + ")");
            wanted = bytes;
        }

        @Override
        public void end() {
            ended = true;
        }

        @Override
        public void again() {
            again = true;
        }

        @Override
        public Outgoing out() {
            return this;
        }

        @Override
        public void startTimer(Duration after) {
            timer = after;
        }

        @Override
        public void stopTimer() {
            timer = null;
        }

        @Override
        public void holdWrites() {
            holdsWrites = true;
        }

        @Override
        public void releaseWrites() {
            holdsWrites = false;
        }
    }
}
