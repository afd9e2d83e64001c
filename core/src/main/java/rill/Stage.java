package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One session of a connection, with the bytes that it has not consumed yet. It is the session's Context.
 *
 * <p>Bytes are decoded where they were received. Only an unfinished rest is copied, into a buffer that the stage owns and returns to the pool when it
 * is used up.
 */
final class Stage implements Context {
    /** A direct read is not worth it for less space than this, or if fewer bytes of a payload are missing. */
    private static final int WORTH_READING_INTO = Buffers.SIZE / 4;

    private static final long NOTHING_OUT = -1;

    // Exceptional conditions; while there are none, here and in the whole connection, bytes take the short way up.
    private static final int IN_CALL = 1; // the session is being called, other than to encode
    private static final int HOLDS_WRITES = 1 << 1;
    private static final int HOLDS_MESSAGES = 1 << 2; // for a receiver that does not want any now
    private static final int WORKING = 1 << 3; // work runs elsewhere; nothing is decoded until it ends
    private static final int AGAIN = 1 << 4; // decode is to be called even without new bytes
    private static final int UNTRIED = 1 << 5; // decoding was held up before the session had asked for more
    private static final int ENDED = 1 << 6; // the session said so
    private static final int END_TOLD = 1 << 7; // the session was notified of the end of its input
    private static final int REPLACED = 1 << 8; // by become
    private static final int NOT_OPENED = 1 << 9; // one below may have something to send first
    private static final int KEEPS = 1 << 10; // something passed to it to encode; holds writes as well
    private static final int NEVER_READY = 1 << 11; // it has held writes since it was opened, or is not opened
    private static final int CLOSED = 1 << 12; // the session was called for the last time

    private final Inbound inbound;
    final Session<Object, Object> session;
    final OutputQueue output;

    /** The stage above, which receives this one's messages; null at the top. For a stage that was replaced: its successor. */
    @Nullable
    Stage above;

    @Nullable
    ByteBuf rest;

    private @Nullable ByteBuf borrowed; // bytes being decoded where they were received
    private @Nullable ByteBuf lent; // to the session, for what it returns
    private @Nullable ArrayDeque<Object> held; // unrequested messages that the receiver did not want yet
    private @Nullable StageTimer timer; // once the session has started one
    private long consumed; // bytes of its stream, for ProtocolException
    private long outBefore = NOTHING_OUT; // bytes in the output before the session began to write by itself
    // This and works are short, since there is one stage for each layer of each connection.
    private short conditions = NOT_OPENED | NEVER_READY;
    private int wanted; // the session's hint: bytes it needs to continue
    private int begun; // bytes of the current message that earlier calls have consumed
    private int readFrom; // writer index when readTarget() was last asked
    private short works; // running elsewhere

    @SuppressWarnings("unchecked") // the compiler checked the types where the pipeline was put together
    Stage(Inbound inbound, Loop loop, Codec<?, ?> codec, boolean onTop) {
        this.inbound = inbound;
        this.output = new OutputQueue(loop.buffers());
        this.session = (Session<Object, Object>) (onTop ? Owning.open(codec, this) : codec.open(this));
    }

    private Loop loop() {
        return inbound.loop();
    }

    private boolean is(int anyOf) {
        return (conditions & anyOf) != 0;
    }

    private void set(int condition, boolean holds) {
        conditions = (short) (holds ? conditions | condition : conditions & ~condition);
    }

    /** Whether a message that is written is a buffer to be passed on unchanged. */
    boolean passesOn() {
        return (Object) session == Bytes.BYTES;
    }

    /** The name of its session's class. */
    String name() {
        return session.getClass().getNestHost().getSimpleName();
    }

    // ---- bytes in

    /** Takes bytes from below; all of them are consumed or copied. */
    void feed(ByteBuf in) {
        if (!inbound.isOrdinary() && inbound.keeper(this) == null) {
            return;
        }
        ByteBuf kept = rest;
        if (kept == null) {
            borrowed = in;
            try {
                decodeAll(in);
            } finally {
                borrowed = null;
            }
        } else {
            append(kept, in);
            decodeRest();
        }
        if (in.isReadable()) {
            leave(in);
        }
    }

    /** Hands bytes that were not consumed to the stage that keeps them. */
    private void leave(ByteBuf in) {
        Stage keeper = inbound.keeper(this);
        if (keeper != null && !keeper.isDone()) {
            keeper.keep(in);
            if (keeper != this) {
                keeper.set(UNTRIED, true);
            }
        }
    }

    /** Whether it is a layer whose stream has ended: later bytes from the peer have no meaning. */
    private boolean isDone() {
        return is(ENDED) && above != null;
    }

    /** Continues where decoding was held up. */
    void goOn() {
        if (is(UNTRIED | AGAIN | HOLDS_MESSAGES)) {
            decodeRest();
        }
    }

    /** Decodes the kept bytes, after something was appended to them. */
    private void decodeRest() {
        ByteBuf kept = rest;
        decodeAll(kept == null ? Unpooled.EMPTY_BUFFER : kept);
        if (kept != null && rest == kept) {
            if (kept.refCnt() == 0) {
                releaseRest();
                inbound.failed(releasedTooOften());
            } else if (!kept.isReadable() || isDone()) {
                releaseRest();
            }
        }
    }

    static IllegalReferenceCountException releasedTooOften() {
        return new IllegalReferenceCountException("a codec or a layer has released a buffer that it had only borrowed");
    }

    /**
     * Copies bytes to a buffer of the stage. Its space follows what has arrived, and at most doubles it, whatever length was declared, since
     * announcing a large message costs the peer nothing.
     */
    private void keep(ByteBuf in) {
        int size = in.readableBytes();
        ByteBuf own = loop().buffers().lend(size + Math.min(wanted, 1));
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

    /** Moves the kept bytes to a larger buffer. If a part of the old one was retained, that keeps the old one alive. */
    private ByteBuf grow(ByteBuf kept, long space) {
        ByteBuf larger = loop().buffers().lend((int) Math.min(space, Integer.MAX_VALUE));
        larger.writeBytes(kept);
        rest = larger;
        loop().buffers().giveUp(kept);
        return larger;
    }

    /**
     * A place to read a large message's bytes straight into, or null: in that case they are received like any others. Once many bytes have arrived,
     * there is space for as many again; the larger a read, the more the peer may send at a time.
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

    /**
     * Returns null if too little has arrived for that, or there is no memory. In the latter case the stage that keeps the next bytes asks again, and
     * fails.
     */
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

    /** The number of bytes that were read straight into place. */
    int readInPlace() {
        return rest == null ? 0 : rest.writerIndex() - readFrom;
    }

    /** Bytes were read straight into {@link #rest}. The session is not called until as many have arrived as it wanted. */
    void decodeReadInPlace() {
        ByteBuf kept = rest;
        if (kept == null) {
            return;
        }
        wanted -= readInPlace();
        if (wanted <= 0) {
            wanted = 0;
            decodeRest();
        }
    }

    /** No more bytes will arrive: the session must see those for which it was not called, because it wanted more. */
    void noMoreComes() {
        if (wanted > 0) {
            set(UNTRIED, true);
        }
    }

    /** Calls the session until it needs more bytes, or must not be called. */
    private void decodeAll(ByteBuf in) {
        if (is(HOLDS_MESSAGES)) {
            deliverHeld();
        }
        boolean more = in.isReadable() || is(AGAIN);
        while (more && !is(HOLDS_MESSAGES) && mayDecode()) {
            more = decodeOnce(in);
        }
        set(UNTRIED, more);
    }

    private void deliverHeld() {
        ArrayDeque<Object> waiting = Objects.requireNonNull(held);
        while (!waiting.isEmpty() && inbound.wantsMessage()) {
            Object first = waiting.remove();
            set(HOLDS_MESSAGES, !waiting.isEmpty());
            deliver(first);
        }
    }

    /** Whether the session may be called for more now. */
    boolean mayDecode() {
        Stage next = above;
        if (!is(~(UNTRIED | AGAIN | END_TOLD)) && inbound.isOrdinary()) { // as nearly always
            return next == null ? inbound.receiverWantsMessage() : next.takesMore();
        }
        if (is(WORKING | ENDED | REPLACED | NOT_OPENED) || inbound.isHeldUp()) {
            return false;
        }
        if (next != null) {
            return !inbound.isPaused() && (inbound.isDeaf() || next.takesMore());
        }
        return inbound.wantsMessage() || (is(HOLDS_WRITES) && !is(HOLDS_MESSAGES) && !inbound.isStopped());
    }

    /** Whether something can be decoded or delivered once this stage is no longer held up. */
    boolean waits() {
        return is(WORKING | HOLDS_MESSAGES) || (is(UNTRIED) && !is(ENDED) && (is(AGAIN) || hasRest()));
    }

    /**
     * Whether it may be given more: it has less than the read-ahead allows, or it was called with everything that it has, and needs more to continue.
     * The size of one message is bounded by its decoder, not by the read-ahead.
     */
    private boolean takesMore() {
        return restBytes() < Inbound.READ_AHEAD || (!is(ENDED) && !waits());
    }

    /** Whether everything that arrived was consumed, and nothing else is under way: the usual state between two reads. */
    boolean settled() {
        return rest == null && !is(UNTRIED | ENDED | HOLDS_MESSAGES);
    }

    /** Takes over the bytes that the replaced stage has not consumed. */
    void takeRest(Stage replaced) {
        rest = replaced.rest;
        replaced.rest = null;
        set(UNTRIED, rest != null);
    }

    /** Makes one call to the session and handles its result; returns true if the next call may yield more. */
    private boolean decodeOnce(ByteBuf in) {
        int start = in.readerIndex();
        boolean asked = !is(
                HOLDS_WRITES); // otherwise it goes on whether its receiver wants a message or not, to let the writes go
        wanted = 0;
        conditions = (short) ((conditions & ~AGAIN) | IN_CALL);
        Object message;
        try {
            message = session.decode(in, this);
            conditions &= ~IN_CALL;
        } catch (Throwable t) {
            failed(consumed == 0 && t instanceof ProtocolException e && beginsAsTls(in, start) ? e.byTls() : t);
            return false;
        }
        try {
            if (outBefore != NOTHING_OUT) {
                noteOut();
            }
            if (message == in) { // unchanged: the layer above consumes it
                int n = in.readableBytes();
                deliver(in);
                in.skipBytes(in.readableBytes());
                begun = 0;
                consumed += n;
                return is(AGAIN);
            }
            int n = in.readerIndex() - start;
            if (message == null) {
                begun += n;
            } else {
                if (asked) {
                    deliver(message);
                } else {
                    deliverOrHold(message);
                }
                begun = 0;
            }
            consumed += n;
            return (n > 0 || message != null) && (in.isReadable() || is(AGAIN));
        } finally { // also if there is no memory for it above
            if (lent != null) {
                takeBackLent();
            }
        }
    }

    /** Whether this begins a record of a handshake, in one of its versions: RFC 8446, section 5.1. */
    private static boolean beginsAsTls(ByteBuf in, int start) {
        return in.refCnt() > 0
                && in.writerIndex() - start >= 2
                && in.getByte(start) == 22
                && in.getByte(start + 1) == 3;
    }

    private void deliver(Object message) {
        Stage next = above;
        if (next != null && !is(REPLACED)) {
            next.feed((ByteBuf) message);
        } else {
            inbound.deliver(this, message);
        }
    }

    private void failed(Throwable t) {
        conditions &= ~IN_CALL; // the call is over: handlers of the failure may write
        takeBackLent();
        noteOut();
        inbound.failed(t instanceof ProtocolException violation ? violation.atStreamPosition(consumed) : t);
    }

    private void takeBackLent() {
        ByteBuf used = lent;
        lent = null;
        if (used != null) {
            loop().buffers().giveUp(used);
        }
    }

    /** An exception of a receiver; a violation, which a callback can only throw wrapped, is placed where the message begins. */
    Throwable placed(Throwable t) {
        Throwable found = t instanceof UncheckedIOException wrapped ? wrapped.getCause() : t;
        return found instanceof ProtocolException violation ? violation.atStreamPosition(consumed - begun) : t;
    }

    /** The number of bytes that have arrived here. */
    long heard() {
        return consumed + restBytes();
    }

    /** Counts what the session wrote by itself against the connection's limits. */
    private void noteOut() {
        if (outBefore != NOTHING_OUT) {
            long written = output.bytes() - outBefore;
            outBefore = NOTHING_OUT;
            inbound.wroteBelow(written);
        }
    }

    /** Delivers a message that the receiver may not have asked for, now or when it wants it. */
    private void deliverOrHold(Object message) {
        boolean wanted = above != null || inbound.isDeaf() || (!is(HOLDS_MESSAGES) && inbound.wantsMessage());
        if (wanted) {
            deliver(message);
            return;
        }
        if (held == null) {
            held = new ArrayDeque<>(2);
        }
        held.add(message);
        set(HOLDS_MESSAGES, true);
    }

    // ---- other calls to the session

    /** Makes the first call; bytes that arrived before wait. */
    void begin() {
        set(NOT_OPENED, false);
        call(Session::opened);
        if (!is(HOLDS_WRITES)) {
            set(NEVER_READY, false);
        }
    }

    /** Whether it has ever passed on what is written above it. */
    boolean wasReady() {
        return !is(NEVER_READY);
    }

    /** Everything below is now ready. */
    void readyBelow() {
        if (timer != null) {
            timer.goOn();
        }
    }

    /** Calls the session, and handles the result like that of a decode. */
    void call(SessionCall call) {
        Object message;
        try {
            conditions |= IN_CALL;
            message = call.on(session, this);
            conditions &= ~IN_CALL;
        } catch (Throwable t) {
            failed(t);
            return;
        }
        try {
            noteOut();
            if (message != null) {
                deliverOrHold(message);
            }
        } finally {
            takeBackLent();
        }
        if (is(AGAIN)) {
            set(UNTRIED, true);
            inbound.later();
        }
    }

    /** One of the session's methods other than decode. */
    @FunctionalInterface
    interface SessionCall {
        @Nullable
        Object on(Session<Object, Object> session, Context context) throws Exception;
    }

    /** Whether the session is being called, other than to encode. */
    boolean inCall() {
        return is(IN_CALL);
    }

    /** Whether the session holds back what is written above it. */
    boolean holdsWrites() {
        return is(HOLDS_WRITES);
    }

    /** Whether the session keeps something that was written, which will leave later. */
    boolean keeps() {
        return is(KEEPS);
    }

    /** Whether the session has said that its stream has ended. */
    boolean hasEnded() {
        return is(ENDED);
    }

    /** Whether its session was notified that no more will arrive. */
    boolean knowsOfEnd() {
        return is(END_TOLD);
    }

    /** Notifies the session that no more will arrive, once, and not before it has seen what did. */
    void tellEnd() {
        if (!is(ENDED | END_TOLD) && !waits()) {
            set(END_TOLD, true);
            ByteBuf seen = rest == null ? Unpooled.EMPTY_BUFFER : rest;
            call((told, context) -> {
                try {
                    return told.inputEnded(seen, context);
                } catch (ProtocolException e) {
                    throw e.byEnd();
                }
            });
        }
    }

    /** Another pipeline has taken over. */
    void replacedBy(Stage successor) {
        above = successor;
        set(REPLACED, true);
    }

    boolean isReplaced() {
        return is(REPLACED);
    }

    /** Whether there are bytes that were not consumed. */
    boolean hasRest() {
        return restBytes() > 0;
    }

    int restBytes() {
        ByteBuf unconsumed = rest == null ? borrowed : rest;
        return unconsumed == null ? 0 : unconsumed.readableBytes();
    }

    /** A number that grows as waiting bytes and messages are taken. */
    long taken() {
        return consumed - (held == null ? 0 : held.size());
    }

    void releaseRest() {
        ByteBuf kept = rest;
        rest = null;
        if (kept != null) {
            loop().buffers().giveUp(kept);
        }
    }

    void releaseInput() {
        releaseRest();
        releaseMessages();
    }

    /** Releases the messages that were not delivered. */
    void releaseMessages() {
        while (held != null && !held.isEmpty()) {
            Messages.release(held.remove());
        }
        set(HOLDS_MESSAGES, false);
    }

    /** Closes the session and releases everything. */
    void close() {
        closeSession();
        releaseInput();
    }

    /** Closes the session and releases everything but the input, which may just be being decoded. */
    void closeSession() {
        set(CLOSED, true);
        stopTimer();
        output.release();
        loop().runReporting("closed() of a session", session::closed);
    }

    // ---- Context

    private void requireCall() {
        if (!is(IN_CALL)) {
            throw new IllegalStateException(
                    "a Context can be asked for this only within the session's call that it was passed to");
        }
    }

    private void requireCallOrEncoding() {
        if (!inbound.inSession()) {
            requireCall();
        }
    }

    @Override
    public RandomGenerator random() {
        return loop().random();
    }

    @Override
    public SocketAddress remoteAddress() {
        return inbound.remoteAddress();
    }

    @Override
    public @Nullable SocketAddress target() {
        return inbound.target();
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
        return loop().buffers().shared(type, maker);
    }

    @Override
    public ByteBuf own(ByteBuf borrowed) {
        return loop().buffers().own(borrowed);
    }

    @Override
    public ByteBuf own(int atLeast) {
        return loop().buffers().own(atLeast);
    }

    @Override
    public Outgoing out() {
        requireCall();
        if (outBefore == NOTHING_OUT) {
            outBefore = output.bytes();
        }
        return output;
    }

    @Override
    public void needMore(int bytes) {
        requireCall();
        wanted = Math.max(0, bytes);
    }

    @Override
    public void again() {
        requireCall();
        set(AGAIN, true);
    }

    @Override
    public void stop() {
        requireCall();
        inbound.stop();
    }

    @Override
    public void startTimer(Duration after) {
        if (!is(IN_CALL)) {
            if (is(NOT_OPENED)) {
                requireCall();
            }
            loop().requireConfined("startTimer", this);
        }
        if (is(CLOSED)) {
            return; // nothing would be called
        }
        if (timer == null) {
            timer = new StageTimer(loop(), this, this::timerDue);
        }
        if (inbound.wasReadyBelow(this)) {
            timer.start(after);
        } else {
            timer.await(after);
        }
    }

    @Override
    public boolean isReading() {
        return inbound.isReading();
    }

    @Override
    public boolean isGoingAway() {
        return inbound.isGoingAway();
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
    public ByteBuf lend(int atLeast) {
        requireCall();
        if (lent != null) {
            throw new IllegalStateException("a buffer was lent for this call already");
        }
        ByteBuf buffer = loop().buffers().lend(atLeast);
        lent = buffer;
        return buffer;
    }

    @Override
    public void runBlocking(Runnable work) {
        requireCall();
        if (works == Short.MAX_VALUE) {
            throw new IllegalStateException(works + " pieces of blocking work are running for this session");
        }
        works++;
        set(WORKING, true);
        inbound.runBlocking(this, work);
    }

    /** Whether work is running elsewhere that must end first. */
    boolean isWorking() {
        return is(WORKING);
    }

    /** A piece of blocking work is done. Returns true after the last one: the session is to be called again. */
    boolean workDone() {
        works--;
        set(WORKING, works > 0);
        set(AGAIN, true);
        return works == 0;
    }

    @Override
    public void holdWrites() {
        requireCallOrEncoding();
        set(is(IN_CALL) ? HOLDS_WRITES : HOLDS_WRITES | KEEPS, true);
    }

    @Override
    public void releaseWrites() {
        requireCallOrEncoding();
        if (is(KEEPS) && outBefore != NOTHING_OUT) {
            outBefore = output.bytes(); // those bytes were no answer
        }
        set(HOLDS_WRITES | KEEPS, false);
        if (is(NEVER_READY)) {
            set(NEVER_READY, false);
            inbound.gotReady(this);
        }
        inbound.wroteBelow(0);
    }

    @Override
    public void end() {
        requireCall();
        set(ENDED, true);
    }

    @Override
    public String toString() {
        return inbound.toString();
    }
}
