package rill.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import rill.Actions;
import rill.Codec;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.SessionContext;

/**
 * Runs a session without a connection, as the contract of {@link Session} says: keeps what was not consumed, in a fresh
 * buffer each time and at another index; copies what is borrowed; calls nothing after a failure. Checks that hints are
 * kept, that every call that changes nothing ends the round, and that no buffer has a reference too many or too few.
 */
final class CodecHarness<R, W> implements Actions<R>, Outgoing {
    /** All that one can see of a session from above: what it has delivered, and how it ended. */
    record Outcome(List<Object> messages, String violation, long offset, boolean ended) {}

    private static final SessionContext CONTEXT =
            new SessionContext(new Random(1), InetSocketAddress.createUnresolved("peer", 1));

    private final Session<R, W> session;
    private final List<Object> messages = new ArrayList<>();
    private final List<ByteBuf> written = new ArrayList<>();
    private byte[] rest = {};
    private long consumed;
    private int fed;
    private int wanted;
    private Object message;
    private String violation;
    private long offset = -1;
    private boolean ended;
    int passed; // payloads that were handed on in place of being copied

    CodecHarness(Codec<R, W> codec) {
        session = codec.open(CONTEXT);
    }

    // ---- reading

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    CodecHarness<R, W> feed(String bytes) {
        return feed(ascii(bytes));
    }

    CodecHarness<R, W> feed(byte[] bytes) {
        if (violation != null) {
            return this;
        }
        int pad = fed++ % 4;
        int size = pad + rest.length + bytes.length;
        ByteBuf in = fed % 2 == 0 ? direct(size) : heap(size);
        in.writeZero(pad).writeBytes(rest).writeBytes(bytes).skipBytes(pad);
        int hinted = wanted;
        int before = messages.size();
        boolean more = true;
        while (more) {
            more = decodeOnce(in);
        }
        if (bytes.length < hinted) {
            assertThat(messages)
                    .as("messages although %d bytes of %d that were needed came", bytes.length, hinted)
                    .hasSize(before);
        }
        rest = new byte[in.readableBytes()];
        in.readBytes(rest);
        release(in);
        return this;
    }

    private boolean decodeOnce(ByteBuf in) {
        int start = in.readerIndex();
        message = null;
        wanted = 0;
        try {
            session.decode(in, this);
        } catch (ProtocolException e) {
            assertThat(e.offset()).isBetween(0L, (long) in.writerIndex() - start);
            violation = e.violation();
            offset = consumed + e.offset();
            return false;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        int n = in.readerIndex() - start;
        assertThat(n).isNotNegative();
        consumed += n;
        if (message != null) {
            messages.add(message instanceof ByteBuf frame ? frame.toString(StandardCharsets.ISO_8859_1) : message);
        }
        return (n > 0 || message != null) && in.isReadable();
    }

    /** Says that the stream has ended. */
    CodecHarness<R, W> endOfInput() {
        if (violation == null) {
            ByteBuf in = heap(rest.length);
            in.writeBytes(rest);
            try {
                session.inputEnded(in, this);
            } catch (ProtocolException e) {
                violation = e.violation();
                offset = consumed + e.offset();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            release(in);
        }
        return this;
    }

    Outcome outcome() {
        return new Outcome(List.copyOf(messages), violation, offset, ended);
    }

    /** How many bytes are waiting because the session has not consumed them. */
    int unconsumed() {
        return rest.length;
    }

    /** What these bytes give, however they are split: whole, at every place, byte by byte, at random. */
    static Outcome decode(Codec<?, ?> codec, String bytes) {
        return decode(codec, ascii(bytes));
    }

    static Outcome decode(Codec<?, ?> codec, byte[] bytes) {
        Outcome whole = new CodecHarness<>(codec).feed(bytes).endOfInput().outcome();
        for (int i = 0; i <= bytes.length; i++) {
            var split = new CodecHarness<>(codec)
                    .feed(Arrays.copyOf(bytes, i))
                    .feed(Arrays.copyOfRange(bytes, i, bytes.length))
                    .endOfInput();
            assertThat(split.outcome()).as("split at %d", i).isEqualTo(whole);
        }
        var single = new CodecHarness<>(codec);
        for (byte b : bytes) {
            single.feed(new byte[] {b});
        }
        assertThat(single.endOfInput().outcome()).as("byte by byte").isEqualTo(whole);
        long seed = new Random().nextLong();
        for (int i = 0; i < 10; i++) {
            assertThat(decodeAtRandom(codec, bytes, seed + i))
                    .as("split with seed %d", seed + i)
                    .isEqualTo(whole);
        }
        return whole;
    }

    static Outcome decodeAtRandom(Codec<?, ?> codec, byte[] bytes, long seed) {
        var random = new Random(seed);
        var harness = new CodecHarness<>(codec);
        int at = 0;
        while (at < bytes.length) {
            int next = Math.min(bytes.length, at + 1 + random.nextInt(1 + random.nextInt(bytes.length)));
            harness.feed(Arrays.copyOfRange(bytes, at, next));
            at = next;
        }
        return harness.endOfInput().outcome();
    }

    // ---- writing

    /** The bytes of messages, in Latin 1. */
    @SafeVarargs
    final String write(W... outgoing) {
        return new String(writeBytes(outgoing), StandardCharsets.ISO_8859_1);
    }

    @SafeVarargs
    final byte[] writeBytes(W... outgoing) {
        var bytes = new ByteArrayOutputStream();
        try {
            for (W each : outgoing) {
                int references = each instanceof ReferenceCounted counted ? counted.refCnt() : 0;
                int from = each instanceof ByteBuf buffer ? buffer.readerIndex() : 0;
                try {
                    session.encode(each, this);
                } finally {
                    drainTo(bytes);
                }
                if (each instanceof ByteBuf buffer) {
                    assertThat(buffer.refCnt()).isEqualTo(references);
                    assertThat(buffer.readerIndex()).isEqualTo(from);
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private void drainTo(ByteArrayOutputStream bytes) throws IOException {
        for (ByteBuf each : written) {
            each.readBytes(bytes, each.readableBytes());
            each.release();
        }
        written.clear();
    }

    // ---- buffers

    static ByteBuf heap(int size) {
        return new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    static ByteBuf direct(int size) {
        return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    private static void release(ByteBuf buffer) {
        assertThat(buffer.release()).as("the last reference").isTrue();
    }

    // ---- Actions and Outgoing

    @Override
    public void message(R delivered) {
        assertThat(message).as("a second message in one call").isNull();
        message = delivered;
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
        assertThat(bytes).isPositive();
        wanted = bytes;
    }

    @Override
    public void end() {
        ended = true;
    }

    @Override
    public Outgoing out() {
        return this;
    }

    @Override
    public void stop() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void startTimer(Duration after) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void stopTimer() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void runBlocking(Runnable work) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void holdWrites() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void releaseWrites() {
        throw new UnsupportedOperationException();
    }
}
