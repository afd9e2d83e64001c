package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
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
    /** Less space, or a payload of which less is missing, is not worth a read of its own. */
    private static final int WORTH_READING_INTO = Buffers.SIZE / 4;

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

    private int begun; // bytes of the message under way that earlier calls have consumed

    private int readFrom; // writer index when readTarget() was last asked

    private @Nullable Object message;
    private @Nullable ArrayDeque<Object> held; // messages that came unasked while the receiver wanted none
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
        if (kept != null && rest == kept) {
            if (kept.refCnt() == 0) {
                releaseRest();
                inbound.failed(releasedTooOften());
            } else if (!kept.isReadable()) {
                releaseRest();
            }
        }
    }

    static IllegalReferenceCountException releasedTooOften() {
        return new IllegalReferenceCountException("a codec or a layer has released a buffer that it had only borrowed");
    }

    /** Space follows what has arrived, and at most doubles it, whatever length was declared: a promise of much costs the peer nothing. */
    private void keep(ByteBuf in) {
        int size = in.readableBytes();
        ByteBuf own = loop.buffers().lend(size + Math.min(wanted, 1));
        rest = own;
        own.writeBytes(in);
    }

    private void append(ByteBuf kept, ByteBuf in) {
        int size = in.readableBytes();
        if (kept.writableBytes() < size && kept.readerIndex() > 0 && kept.refCnt() == 1) {
            kept.discardReadBytes();
        }
        if (kept.writableBytes() < size) {
            grow(kept, (long) kept.readableBytes() + size).writeBytes(in);
        } else {
            kept.writeBytes(in);
        }
    }

    /** Moves what is kept to where there is more space; who has retained a part of it keeps the old buffer. */
    private ByteBuf grow(ByteBuf kept, long space) {
        ByteBuf larger = loop.buffers().lend((int) Math.min(space, Integer.MAX_VALUE));
        larger.writeBytes(kept);
        rest = larger;
        loop.buffers().giveUp(kept);
        return larger;
    }

    /**
     * A place to read a large message's bytes straight into, or null: then they are received like any others. Once much has arrived, there is
     * space for as much again; the larger a read, the more the peer may send at a time.
     */
    @Nullable
    ByteBuf readTarget() {
        ByteBuf kept = rest;
        if (kept == null || wanted < WORTH_READING_INTO) {
            return null;
        }
        if (kept.writableBytes() < WORTH_READING_INTO) {
            kept = doubled(kept);
        }
        if (kept != null) {
            readFrom = kept.writerIndex();
        }
        return kept;
    }

    /** Null if too little has arrived for that, or there is no memory: then whoever keeps what comes next asks for it again, and fails. */
    private @Nullable ByteBuf doubled(ByteBuf kept) {
        int arrived = kept.readableBytes();
        if (arrived < Buffers.SIZE) {
            return null;
        }
        try {
            return grow(kept, Math.min(arrived * 2L, (long) arrived + wanted));
        } catch (NoMemory e) {
            return null;
        }
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

    /**
     * Whether it may be given more: it has less than read-ahead allows, or it has been asked about all that it has, and needs more to go
     * on. What one message is made of is bounded by whoever decodes it, not by the read-ahead.
     */
    boolean takesMore() {
        return restBytes() < Inbound.READ_AHEAD || (!ended && !waits());
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
        boolean asked =
                !holdsWrites; // otherwise it goes on whether its receiver wants a message or not, to let the writes go
        wanted = 0;
        again = false;
        try {
            recording = true;
            session.decode(in, this);
            recording = false;
        } catch (Throwable t) {
            failed(t);
            return false;
        }
        Object delivered = message;
        message = null;
        boolean passedOn = delivered == in; // as it is: whoever is above has consumed it then
        int n = (passedOn ? in.writerIndex() : in.readerIndex()) - start;
        noteOut();
        if (delivered == null) {
            begun += n;
        } else {
            if (asked) {
                inbound.deliver(this, delivered);
            } else {
                deliverOrHold(delivered);
            }
            begun = 0;
            if (passedOn) {
                in.skipBytes(in.readableBytes());
            }
        }
        consumed += n;
        return (n > 0 || delivered != null) && (in.isReadable() || again);
    }

    private void failed(Throwable t) {
        recording = false; // the call is over: whoever is told may write
        releaseMessage();
        noteOut();
        inbound.failed(t instanceof ProtocolException violation ? violation.atStreamPosition(consumed) : t);
    }

    /** What a receiver has thrown: of a violation the place is where the message begins. */
    Throwable placed(Throwable t) {
        return t instanceof ProtocolException violation ? violation.atStreamPosition(consumed - begun) : t;
    }

    /** How many bytes have come to it. */
    long heard() {
        return consumed + restBytes();
    }

    /** What the session wrote by itself counts against the connection's limits. */
    private void noteOut() {
        if (outBefore != NOTHING_OUT) {
            long written = output.bytes() - outBefore;
            outBefore = NOTHING_OUT;
            inbound.wroteBelow(written);
        }
    }

    /** Delivers what the receiver may not have asked for, now or when it wants it. */
    private void deliverOrHold(Object delivered) {
        boolean wanted = !holdsMessages() && inbound.wantsMessage();
        if (kind == ByteLayerOrCodec.BYTE_LAYER || wanted || inbound.isDeaf()) {
            inbound.deliver(this, delivered);
            return;
        }
        if (held == null) {
            held = new ArrayDeque<>(2);
        }
        held.add(delivered);
    }

    /** Whether messages wait for a receiver that wants none now. */
    boolean holdsMessages() {
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
            recording = false;
        } catch (Throwable t) {
            failed(t);
            return;
        }
        noteOut();
        Object delivered = message;
        message = null;
        if (delivered != null) {
            deliverOrHold(delivered);
        }
    }

    /** One of the session's methods other than decode. */
    @FunctionalInterface
    interface SessionCall {
        void on(Session<Object, Object> session, Actions<Object> actions) throws Exception;
    }

    /** Whether the session is being called, other than to encode. */
    boolean inCall() {
        return recording;
    }

    /** Whether there are bytes that were not consumed. */
    boolean hasRest() {
        return restBytes() > 0;
    }

    int restBytes() {
        ByteBuf unconsumed = rest == null ? borrowed : rest;
        return unconsumed == null ? 0 : unconsumed.readableBytes();
    }

    /** Grows with what is taken of what waits here. */
    long taken() {
        return consumed - (held == null ? 0 : held.size());
    }

    void releaseRest() {
        ByteBuf kept = rest;
        rest = null;
        if (kept != null) {
            loop.buffers().giveUp(kept);
        }
    }

    void releaseInput() {
        releaseRest();
        releaseMessages();
    }

    /** Those that were not delivered. */
    void releaseMessages() {
        while (held != null && !held.isEmpty()) {
            Messages.release(held.remove());
        }
    }

    /** All of it, at once. */
    void close() {
        closeSession();
        releaseInput();
    }

    /** All but what has come in, which may be just being decoded. */
    void closeSession() {
        stopTimer();
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
        inbound.timerDue(this);
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
