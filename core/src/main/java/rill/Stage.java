package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One session of a connection with the bytes that it has not consumed yet, and the Actions that it records.
 *
 * <p>The unfinished rest is the only copy that is ever made: bytes are decoded where they were received, and only what is left
 * over moves into a buffer of the stage's own, which goes back to the pool when it is used up.
 */
final class Stage implements Actions<Object> {
    /** Space for a large message starts at this and doubles as bytes arrive, whatever its declared length. */
    private static final int FIRST_SPACE = Buffers.SIZE;

    private static final int SMALL_REST = 1024;

    private final Inbound inbound;
    private final Loop loop;
    final ByteLayerOrCodec kind;
    final Session<Object, Object> session;
    final OutputQueue output;
    final int level;

    @Nullable ByteBuf rest;
    private @Nullable ByteBuf borrowed; // what is being decoded where it was received
    private long consumed; // bytes of its stream, for ProtocolException
    private int wanted; // the session's hint: bytes to come before it can go on

    private int readFrom; // writer index when readTarget() was last asked

    private @Nullable Object message;
    private boolean recording;
    boolean blocked; // work runs elsewhere
    boolean holdsWrites;
    boolean ended; // the session said so
    boolean endTold; // the session was told of the end of its input
    private boolean again; // decode is to be called even without new bytes
    private @Nullable Handle timer;

    /** What the session is for. */
    enum ByteLayerOrCodec {
        BYTE_LAYER,
        CODEC
    }

    Stage(Inbound inbound, Loop loop, ByteLayerOrCodec kind, int level, Session<Object, Object> session) {
        this.inbound = inbound;
        this.loop = loop;
        this.kind = kind;
        this.level = level;
        this.session = session;
        this.output = new OutputQueue(loop);
    }

    // ---- bytes in

    /** Takes bytes from below; consumes or copies all of them. */
    void feed(ByteBuf in) {
        ByteBuf kept = rest;
        if (kept == null) {
            borrowed = in;
            decodeAll(in);
            borrowed = null;
            Stage keeper = inbound.keeper(this);
            if (in.isReadable() && keeper != null) {
                keeper.keep(in);
            }
        } else {
            append(kept, in);
            decodeRest();
        }
    }

    /** Decodes what is kept, after something was appended to it, or because decoding may go on. */
    void decodeRest() {
        ByteBuf kept = rest;
        if (kept == null) {
            if (again) {
                decodeAll(Unpooled.EMPTY_BUFFER);
            }
            return;
        }
        decodeAll(kept);
        if (rest == kept && !kept.isReadable()) {
            releaseRest();
        }
    }

    private void keep(ByteBuf in) {
        int size = in.readableBytes();
        int space = wanted > size ? Math.min(size + wanted, FIRST_SPACE) : size;
        ByteBuf own = loop.chunk(Math.max(space, Math.min(size * 2, SMALL_REST)));
        own.writeBytes(in);
        rest = own;
    }

    private void append(ByteBuf kept, ByteBuf in) {
        if (kept == in) {
            return; // read straight into place
        }
        makeRoom(kept, in.readableBytes());
        kept.writeBytes(in);
    }

    private static void makeRoom(ByteBuf kept, int size) {
        if (kept.writableBytes() >= size) {
            return;
        }
        if (kept.readerIndex() > 0) {
            kept.discardReadBytes();
        }
        if (kept.writableBytes() < size) {
            kept.capacity(Math.max(kept.writerIndex() + size, kept.capacity() * 2));
        }
    }

    /** A place to read a large message's bytes straight into, or null. The size follows what has arrived, not what was declared. */
    @Nullable ByteBuf readTarget() {
        ByteBuf kept = rest;
        if (kept == null || wanted < Buffers.SIZE / 4) {
            return null;
        }
        if (!kept.isWritable()) {
            int space = Math.max(FIRST_SPACE, kept.capacity() * 2);
            kept.capacity((int) Math.min(space, (long) kept.writerIndex() + wanted));
        }
        readFrom = kept.writerIndex();
        return kept;
    }

    /** Bytes were read straight into {@link #rest}. As long as less has come than the session wanted, it need not be asked. */
    void decodeReadInPlace() {
        ByteBuf kept = rest;
        if (kept == null) {
            return;
        }
        wanted -= kept.writerIndex() - readFrom;
        if (wanted <= 0) {
            wanted = 0;
            decodeRest();
        }
    }

    private void decodeAll(ByteBuf in) {
        boolean more = true;
        while (more && inbound.mayDecode(this)) {
            more = decodeOnce(in);
        }
    }

    /** One call to the session and what follows from it; true if the next call may bring more. */
    private boolean decodeOnce(ByteBuf in) {
        int start = in.readerIndex();
        wanted = 0;
        again = false;
        try {
            recording = true;
            session.decode(in, this);
        } catch (Throwable t) {
            failed(t);
            return false;
        } finally {
            recording = false;
        }
        int n = in.readerIndex() - start;
        boolean progress = n > 0 || message != null;
        consumed += n;
        deliver();
        return progress && (in.isReadable() || again);
    }

    private void failed(Throwable t) {
        releaseMessage();
        inbound.failed(t instanceof ProtocolException violation ? violation.atStreamPosition(consumed) : t);
    }

    private void deliver() {
        Object delivered = message;
        message = null;
        if (delivered != null) {
            inbound.deliver(this, delivered);
        }
    }

    private void releaseMessage() {
        Object undelivered = message;
        message = null;
        if (undelivered != null && kind == ByteLayerOrCodec.CODEC) {
            Messages.release(undelivered);
        }
    }

    // ---- other calls to the session

    /** A call to the session, recorded like a decode. */
    void call(SessionCall call) {
        try {
            recording = true;
            call.on(session, this);
        } catch (Throwable t) {
            failed(t);
            return;
        } finally {
            recording = false;
        }
        deliver();
    }

    /** One of the session's methods other than decode. */
    @FunctionalInterface
    interface SessionCall {
        void on(Session<Object, Object> session, Actions<Object> actions) throws Exception;
    }

    /** Whether there are bytes that were not consumed. */
    boolean hasRest() {
        return restBytes() > 0;
    }

    int restBytes() {
        ByteBuf unconsumed = rest == null ? borrowed : rest;
        return unconsumed == null ? 0 : unconsumed.readableBytes();
    }

    void releaseRest() {
        ByteBuf kept = rest;
        rest = null;
        if (kept != null) {
            kept.release();
        }
    }

    void close() {
        stopTimer();
        releaseRest();
        output.release();
        loop.runReporting("closed() of a session", session::closed);
    }

    // ---- Actions

    private void requireRecording() {
        if (!recording) {
            throw new IllegalStateException("Actions are valid only within the session's call that they were passed to");
        }
    }

    @Override
    public void message(Object newMessage) {
        requireRecording();
        if (message != null) {
            throw new IllegalStateException("a second message in one call; return after the first");
        }
        message = Objects.requireNonNull(newMessage, "message");
    }

    @Override
    public Outgoing out() {
        requireRecording();
        inbound.wroteBelow();
        return output;
    }

    @Override
    public void needMore(int bytes) {
        wanted = Math.max(0, bytes);
    }

    @Override
    public void stop() {
        requireRecording();
        inbound.stopped(true);
    }

    @Override
    public void startTimer(Duration after) {
        stopTimer();
        timer = loop.schedule(after, "timer of a session of " + inbound, () -> inbound.timerExpired(this));
    }

    @Override
    public void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    @Override
    public void runBlocking(Runnable work) {
        requireRecording();
        blocked = true;
        inbound.runBlocking(this, work);
    }

    /** The blocking work is done: the session is to be called again. */
    void unblocked() {
        blocked = false;
        again = true;
    }

    @Override
    public void holdWrites() {
        holdsWrites = true;
    }

    @Override
    public void releaseWrites() {
        holdsWrites = false;
        inbound.wroteBelow();
    }

    @Override
    public void end() {
        requireRecording();
        ended = true;
    }
}
