package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayDeque;
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

    /** A payload of which less is missing is not worth a read of its own. */
    private static final int WORTH_READING_INTO = Buffers.SIZE / 4;

    private static final int SMALL_REST = 1024;
    private static final long NOTHING_OUT = -1;

    private final Inbound inbound;
    private final Loop loop;
    final ByteLayerOrCodec kind;
    final Session<Object, Object> session;
    final OutputQueue output;
    final int level;
    private final boolean passesOn;

    @Nullable
    ByteBuf rest;

    private @Nullable ByteBuf borrowed; // what is being decoded where it was received
    private long consumed; // bytes of its stream, for ProtocolException
    private int wanted; // the session's hint: bytes to come before it can go on

    private int readFrom; // writer index when readTarget() was last asked

    private @Nullable Object message;
    private @Nullable ArrayDeque<Object> held; // messages that came, not from decode, while the receiver wanted none
    private boolean recording;
    private long outBefore = NOTHING_OUT; // bytes in the output before the session began to write by itself
    private int works; // running elsewhere
    boolean holdsWrites;
    boolean ended; // the session said so
    boolean endTold; // the session was told of the end of its input
    private boolean again; // decode is to be called even without new bytes
    private boolean untried; // decoding was held up before the session had said that it needs more
    private @Nullable StageTimer timer; // once the session has started one

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
        this.passesOn = (Object) session instanceof Bytes.BytesSession;
    }

    /** Whether a message that is written is a buffer to be passed on as it is. */
    boolean passesOn() {
        return passesOn;
    }

    // ---- bytes in

    /** Takes bytes from below; consumes or copies all of them. */
    void feed(ByteBuf in) {
        if (inbound.keeper(this) == null) {
            return;
        }
        ByteBuf kept = rest;
        if (kept == null) {
            borrowed = in;
            decodeAll(in);
            borrowed = null;
        } else {
            append(kept, in);
            decodeRest();
        }
        if (in.isReadable()) {
            leave(in);
        }
    }

    /** Bytes that were not consumed go to whoever keeps them. */
    private void leave(ByteBuf in) {
        Stage keeper = inbound.keeper(this);
        if (keeper != null) {
            keeper.keep(in);
            keeper.untried |= keeper != this;
        }
    }

    /** Goes on where decoding was held up. */
    void goOn() {
        if (untried || again || holdsMessages()) {
            decodeRest();
        }
    }

    /** Decodes what is kept, after something was appended to it. */
    private void decodeRest() {
        ByteBuf kept = rest;
        decodeAll(kept == null ? Unpooled.EMPTY_BUFFER : kept);
        if (kept != null && rest == kept && !kept.isReadable()) {
            releaseRest();
        }
    }

    private void keep(ByteBuf in) {
        int size = in.readableBytes();
        long space = wanted > size ? Math.min((long) size + wanted, FIRST_SPACE) : size;
        ByteBuf own = loop.chunk((int) Math.max(space, Math.min(size * 2L, SMALL_REST)));
        own.writeBytes(in);
        rest = own;
    }

    private void append(ByteBuf kept, ByteBuf in) {
        int size = in.readableBytes();
        if (kept.writableBytes() < size && kept.readerIndex() > 0 && kept.refCnt() == 1) {
            kept.discardReadBytes();
        }
        if (kept.writableBytes() < size) {
            int unread = kept.readableBytes();
            grow(kept, Math.max((long) unread + size, unread * 2L)).writeBytes(in);
        } else {
            kept.writeBytes(in);
        }
    }

    /** Moves what is kept to where there is more space; who has retained a part of it keeps the old buffer. */
    private ByteBuf grow(ByteBuf kept, long space) {
        ByteBuf larger = loop.chunk((int) Math.min(space, Integer.MAX_VALUE));
        larger.writeBytes(kept);
        kept.release();
        rest = larger;
        return larger;
    }

    /** A place to read a large message's bytes straight into, or null. The size follows what has arrived, not what was declared. */
    @Nullable
    ByteBuf readTarget() {
        ByteBuf kept = rest;
        if (kept == null || wanted < WORTH_READING_INTO) {
            return null;
        }
        if (!kept.isWritable()) {
            int unread = kept.readableBytes();
            kept = grow(kept, Math.min(Math.max(FIRST_SPACE, unread * 2L), (long) unread + wanted));
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

    /** No more bytes will come: the session is to see those that it was not asked about, because it wanted more. */
    void noMoreComes() {
        untried |= wanted > 0;
    }

    /** Calls the session until it needs more bytes, or may not be called. */
    private void decodeAll(ByteBuf in) {
        while (held != null && !held.isEmpty() && inbound.wantsMessage()) {
            inbound.deliver(this, held.remove());
        }
        boolean more = in.isReadable() || again;
        while (more && !holdsMessages() && inbound.mayDecode(this)) {
            more = decodeOnce(in);
        }
        untried = more;
    }

    /** Whether something is to be decoded or delivered once what holds up this stage is over. */
    boolean waits() {
        return blocked() || holdsMessages() || (!ended && untried && (again || hasRest()));
    }

    /** Whether everything that came was consumed, and nothing else is under way: the usual state between two reads. */
    boolean settled() {
        return rest == null && !untried && !ended && !holdsMessages();
    }

    /** Takes over what the stage that it replaces has not consumed. */
    void takeRest(Stage replaced) {
        rest = replaced.rest;
        replaced.rest = null;
        untried = rest != null;
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
        Object delivered = message;
        message = null;
        boolean passedOn = delivered == in; // as it is: whoever is above has consumed it then
        int n = (passedOn ? in.writerIndex() : in.readerIndex()) - start;
        consumed += n;
        noteOut();
        if (delivered != null) {
            inbound.deliver(this, delivered);
            if (passedOn) {
                in.skipBytes(in.readableBytes());
            }
        }
        return (n > 0 || delivered != null) && (in.isReadable() || again);
    }

    private void failed(Throwable t) {
        releaseMessage();
        noteOut();
        inbound.failed(t instanceof ProtocolException violation ? violation.atStreamPosition(consumed) : t);
    }

    /** What the session wrote by itself counts against the connection's limits. */
    private void noteOut() {
        if (outBefore != NOTHING_OUT) {
            long written = output.bytes() - outBefore;
            outBefore = NOTHING_OUT;
            inbound.wroteBelow(written);
        }
    }

    /** Delivers what another call than decode has brought, now or when the receiver wants it. */
    private void deliverOrHold() {
        Object delivered = message;
        message = null;
        if (delivered == null) {
            return;
        }
        if (kind == ByteLayerOrCodec.BYTE_LAYER || (!holdsMessages() && inbound.wantsMessage())) {
            inbound.deliver(this, delivered);
            return;
        }
        if (held == null) {
            held = new ArrayDeque<>(2);
        }
        held.add(delivered);
    }

    private boolean holdsMessages() {
        return held != null && !held.isEmpty();
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
        noteOut();
        deliverOrHold();
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

    void releaseInput() {
        releaseRest();
        while (held != null && !held.isEmpty()) {
            Messages.release(held.remove());
        }
    }

    void close() {
        stopTimer();
        releaseInput();
        output.release();
        loop.runReporting("closed() of a session", session::closed);
    }

    // ---- Actions

    private void requireRecording() {
        if (!recording) {
            throw new IllegalStateException(
                    "Actions are valid only within the session's call that they were passed to");
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
        if (outBefore == NOTHING_OUT) {
            outBefore = output.bytes();
        }
        return output;
    }

    @Override
    public void needMore(int bytes) {
        requireRecording();
        wanted = Math.max(0, bytes);
    }

    @Override
    public void stop() {
        requireRecording();
        inbound.stopped(true);
    }

    @Override
    public void startTimer(Duration after) {
        requireRecording();
        if (timer == null) {
            timer = new StageTimer(loop, this);
        }
        timer.start(after);
    }

    void timerDue() {
        inbound.timerExpired(this);
    }

    @Override
    public void stopTimer() {
        if (timer != null) {
            timer.stop();
        }
    }

    @Override
    public void runBlocking(Runnable work) {
        requireRecording();
        works++;
        inbound.runBlocking(this, work);
    }

    /** Whether work runs elsewhere that has to end first. */
    boolean blocked() {
        return works > 0;
    }

    /** A piece of blocking work is done: after the last one the session is to be called again. */
    void unblocked() {
        works--;
        again = true;
    }

    @Override
    public void holdWrites() {
        requireRecording();
        holdsWrites = true;
    }

    @Override
    public void releaseWrites() {
        requireRecording();
        holdsWrites = false;
        inbound.wroteBelow(0);
    }

    @Override
    public void end() {
        requireRecording();
        ended = true;
    }

    @Override
    public String toString() {
        return inbound.toString();
    }
}
