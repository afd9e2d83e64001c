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
 * Runs a codec's session without a connection, as the contract of {@link Session} says: keeps what was not consumed, in a fresh
 * buffer each time and at another index, between bytes that mean nothing; copies what is borrowed; calls nothing after a failure.
 * Checks that hints are kept, that every call that changes nothing ends the round, and that no buffer has a reference too many or
 * too few; an {@link AssertionError} says what was wrong.
 *
 * <p>What a session asks for is noted: whether it holds back what is written above it ({@link #holdsWrites}), its timer ({@link #timer},
 * {@link #expireTimer}), what it writes by itself ({@link #answered}). One that asks for blocking work, or to stop, is refused: that is
 * tested on a connection.
 *
 * <p>What a {@link ByteLayer} delivers has no boundaries, so where splits are compared all of it counts as one message. It may also fail with an {@link IOException} that is no
 * {@link ProtocolException}: its peer may have said no.
 *
 * <p><b>Threading:</b> one thread.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class CodecHarness<R, W> {
    /**
     * All that one can see of a session from above: what it has delivered, and how it ended.
     *
     * @param messages what was delivered; frames as text in Latin 1
     * @param violation what the peer is said to have done wrong, or null
     * @param offset where in the stream, or -1
     * @param ended whether the session said that the stream ended in good order
     * @param answered what it has written by itself, in Latin 1
     */
    public record Outcome(
            List<Object> messages, @Nullable String violation, long offset, boolean ended, String answered) {}

    private final Session<R, W> session;
    private final Recorder recorder = new Recorder();
    private final List<Object> messages = new ArrayList<>();
    private final List<ReferenceCounted> received = new ArrayList<>(); // of these, but for frames, which are borrowed
    private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    private final boolean layer;
    private byte[] rest = {};
    private long consumed;
    private int fed;
    private @Nullable String violation;
    private long offset = -1;

    /** A new session of the codec, which is told that it is open. */
    public CodecHarness(Codec<R, W> codec) {
        layer = codec instanceof ByteLayer;
        session = codec.open(recorder);
        call("opened", () -> session.opened(recorder));
    }

    /** One of the session's methods other than decode. */
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

    /** Calls the session for what it has more to give than one message a call. */
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

    /** The bytes of a text in Latin 1: one for each character. */
    public static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // ---- reading

    /** {@link #feed(byte[])} in Latin 1. */
    public CodecHarness<R, W> feed(String bytes) {
        return feed(ascii(bytes));
    }

    /** Bytes come in. */
    public CodecHarness<R, W> feed(byte[] bytes) {
        if (over()) {
            return this;
        }
        ByteBuf in = buffer(rest, bytes);
        int hinted = recorder.wanted;
        int before = messages.size();
        boolean more = true;
        while (more) {
            more = decodeOnce(in);
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

    /** The bytes, each time at another index, and before and after them some that the session has no business with. */
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
            in.skipBytes(in.readableBytes()); // passed on as it is
        }
        int n = in.readerIndex() - start;
        require(n >= 0 && in.writerIndex() == end, () -> "the indices of the buffer were moved elsewhere");
        consumed += n;
        return (n > 0 || message != null) && (in.isReadable() || recorder.again) && !recorder.ended;
    }

    /** Whether the session is not called any more: it has failed, or has said that its stream has ended. */
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

    /** Says that the stream has ended. */
    public CodecHarness<R, W> endOfInput() {
        if (!over()) {
            ByteBuf in = buffer(rest, new byte[0]);
            call("inputEnded", () -> session.inputEnded(in, recorder));
            release(in);
        }
        return this;
    }

    /** The connection is gone: the session is told, what was received is released, and no buffer that was made for good may be left. */
    public void close() {
        session.closed();
        received.forEach(ReferenceCounted::release);
        received.clear();
        for (ByteBuf each : recorder.owned) {
            require(each.refCnt() == 0, () -> "nobody released a buffer that was made for good: " + each);
        }
    }

    /** What has come of it. */
    public Outcome outcome() {
        return new Outcome(List.copyOf(messages), violation, offset, recorder.ended, answered());
    }

    /** Of a byte layer, with all of its pieces as one. */
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

    /** What it has written by itself so far, in Latin 1. */
    public String answered() {
        return answered.toString(StandardCharsets.ISO_8859_1);
    }

    /** Whether it holds back what is written above it. */
    public boolean holdsWrites() {
        return recorder.holdsWrites;
    }

    /** The delay of the timer that it has started; null if none is running. */
    public @Nullable Duration timer() {
        return recorder.timer;
    }

    /** Its timer expires, which has to be running. */
    public CodecHarness<R, W> expireTimer() {
        require(recorder.timer != null, () -> "no timer is running");
        recorder.timer = null;
        if (!over()) {
            call("timerExpired", () -> session.timerExpired(recorder));
        }
        return this;
    }

    /** How many bytes are waiting because the session has not consumed them. */
    public int unconsumed() {
        return rest.length;
    }

    /** {@link #decode(Codec, byte[])} in Latin 1. */
    public static Outcome decode(Codec<?, ?> codec, String bytes) {
        return decode(codec, ascii(bytes));
    }

    /** What these bytes give, and that it is the same however they are split: whole, at every place, byte by byte, at random. */
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

    /** What these bytes give, split at places that the seed decides. */
    public static Outcome decodeAtRandom(Codec<?, ?> codec, byte[] bytes, long seed) {
        return new CodecHarness<>(codec).feedAtRandom(bytes, seed).withoutBoundaries();
    }

    /** All there will be, split at places that the seed decides. */
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

    /** The bytes of messages, in Latin 1. */
    @SafeVarargs
    public final String write(W... outgoing) {
        return new String(writeBytes(outgoing), StandardCharsets.ISO_8859_1);
    }

    /** The bytes of messages. What the session throws for one that can't be encoded is passed on. */
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

    /** How many payloads were passed on in place of being copied. */
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

    /** Takes down what the session wants done. */
    private static final class Recorder extends BareContext implements Outgoing {
        private final List<ByteBuf> written = new ArrayList<>();
        private final List<ByteBuf> owned = new ArrayList<>();
        private @Nullable ByteBuf lent;
        private int wanted;
        private boolean ended;
        private boolean holdsWrites;
        private boolean again;
        private @Nullable Duration timer;
        private int passed; // payloads that were handed on in place of being copied

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

        /** The end of what was lent for a call. */
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
