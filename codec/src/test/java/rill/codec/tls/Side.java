package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Outgoing;
import rill.Session;
import rill.spi.SeededRandom;
import rill.testkit.BareContext;

/** One side of a conversation without a loop: a session of a layer, what it has sent, and its outcome. Blocking work is done at once. */
final class Side extends BareContext implements Outgoing {
    private final Session<ByteBuf, ByteBuf> session;
    private final SeededRandom random;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Deque<Runnable> work = new ArrayDeque<>();
    private @Nullable ByteBuf open;
    private @Nullable ByteBuf lent;
    private byte[] rest = {};
    private int wanted;

    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    boolean holds;
    boolean timerRuns;
    boolean ended;

    @Nullable
    Throwable failure;

    Side(ByteLayer layer, long seed) {
        this.random = new SeededRandom(new Random(seed));
        this.session = layer.open(this);
        call(() -> session.opened(this));
        workOn();
    }

    private interface Call {
        @Nullable
        ByteBuf run() throws IOException;
    }

    private boolean call(Call call) {
        ByteBuf plain = null;
        try {
            plain = call.run();
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            sayGoodBye();
        }
        if (plain != null) {
            byte[] bytes = new byte[plain.readableBytes()];
            plain.readBytes(bytes);
            received.writeBytes(bytes);
        }
        if (lent != null) {
            lent.release();
            lent = null;
        }
        drain();
        return plain != null;
    }

    /** Ends the output, as a failed connection does. */
    private void sayGoodBye() {
        try {
            session.outputEnding(this);
        } catch (IOException e) {
            throw new AssertionError("no good-bye after " + failure, e);
        }
    }

    private void workOn() {
        while (!work.isEmpty() && !over()) {
            work.remove().run();
            if (work.isEmpty()) {
                feed(new byte[0], true);
            }
        }
    }

    /** How many more bytes it has said it needs since it was last fed; 0 if it has not. */
    int wanted() {
        return wanted;
    }

    boolean over() {
        return ended || failure != null;
    }

    /** Receives these bytes. */
    void feed(byte[] bytes) {
        feed(bytes, false);
    }

    private void feed(byte[] bytes, boolean again) {
        if (over()) {
            return;
        }
        ByteBuf in = Unpooled.buffer().writeBytes(rest).writeBytes(bytes);
        boolean more = (in.isReadable() && bytes.length >= Math.min(1, wanted)) || again;
        wanted = 0;
        while (more && !over() && work.isEmpty()) {
            int before = in.readableBytes();
            boolean message = call(() -> session.decode(in, this));
            more = (message || in.readableBytes() < before) && in.isReadable();
        }
        rest = new byte[in.readableBytes()];
        in.readBytes(rest);
        in.release();
        workOn();
    }

    /** Receives the end of the peer's stream. */
    void endInput() {
        if (!over()) {
            ByteBuf in = Unpooled.wrappedBuffer(rest);
            call(() -> session.inputEnded(in, this));
        }
    }

    void expireTimer() {
        call(() -> session.timerExpired(this));
    }

    void write(byte[] bytes) {
        call(() -> {
            session.encode(Unpooled.wrappedBuffer(bytes), this);
            return null;
        });
    }

    /** Sends its good-bye. */
    void endOutput() {
        call(() -> {
            session.outputEnding(this);
            return null;
        });
    }

    @Nullable
    TlsInfo info() {
        return (TlsInfo) session.info();
    }

    private void drain() {
        ByteBuf written = open;
        open = null;
        if (written != null) {
            byte[] bytes = new byte[written.readableBytes()];
            written.readBytes(bytes);
            said.writeBytes(bytes);
            written.release();
        }
    }

    /** Returns what it has sent since the last call. */
    byte[] take() {
        byte[] bytes = said.toByteArray();
        said.reset();
        return bytes;
    }

    // ---- Context

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public SocketAddress remoteAddress() {
        return InetSocketAddress.createUnresolved("server.test", 443);
    }

    @Override
    public ByteBuf lend(int atLeast) {
        lent = Unpooled.buffer(atLeast);
        return lent;
    }

    @Override
    public Outgoing out() {
        return this;
    }

    @Override
    public void needMore(int bytes) {
        wanted = bytes;
    }

    @Override
    public void startTimer(Duration after) {
        timerRuns = true;
    }

    @Override
    public void stopTimer() {
        timerRuns = false;
    }

    @Override
    public void runBlocking(Runnable task) {
        work.add(task);
    }

    @Override
    public void holdWrites() {
        holds = true;
    }

    @Override
    public void releaseWrites() {
        holds = false;
    }

    @Override
    public void end() {
        ended = true;
    }

    // ---- Outgoing

    @Override
    public ByteBuf buffer(int atLeast) {
        if (open == null) {
            open = Unpooled.buffer(atLeast);
        }
        return open;
    }

    @Override
    public void pass(ByteBuf payload) {
        buffer(payload.readableBytes()).writeBytes(payload);
        payload.release();
    }
}
