package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a connection: from messages down through the stages to the wire, with the water marks and the flushes.
 *
 * <pre>
 *            pending ≥ high                     pending ≤ low
 *  accepting ───────────────▶ telling to wait ────────────────▶ accepting
 *                                  │ pending ≥ hard limit: a write fails, and the connection with it unless its owner carries on
 * </pre>
 *
 * <p><b>What is counted, and when:</b> {@code pending} is the number of bytes that the loop has accepted and the wire has not taken. A write of
 * another thread is admitted against that and against the {@link Reservations}, the estimates of writes on their way to the loop. A write on the loop
 * is measured against {@code pending} alone.
 *
 * <p><b>When it flushes:</b> at the end of a turn of reading, after the Handles of a tick, at 256 KiB, and early within a large batch, so that the
 * peer can work while this side continues: see {@link #batchOf}. It does not flush early while several connections are busy, since each flush is a
 * system call, which costs as much as encoding some twenty messages. It never flushes while a session is called, since the session may hold a buffer
 * that would leave.
 *
 * <p><b>What layers encode:</b> a flush has them encode only until as much waits below them as the high-water mark says, and at most 256 KiB at a
 * time. The rest waits as it was written, until the wire has taken that: so a large message to a slow reader does not become as much memory once
 * more, and does not hold the loop for as long as it takes to encrypt all of it. What is left when the output ends is encoded at once.
 *
 * <p>This class is longer than most: each connection has one, and another object would make an idle connection larger. What only some connections
 * need, or only at their end, is separate: {@link HeldWrites}, {@link OutputWaiters}, {@link Reservations}, {@link OutputEnd}.
 */
final class Outbound {
    /** Flush without waiting for the end of the batch once this many bytes wait. */
    private static final int FLUSH_BYTES = 256 * 1024;

    /** Never flush earlier than after this many messages: a system call costs about as much as encoding a few. */
    private static final int SMALLEST_BATCH = 8;

    private static final VarHandle PENDING;
    private static final VarHandle RESERVATIONS;

    static {
        try {
            var lookup = MethodHandles.lookup();
            PENDING = lookup.findVarHandle(Outbound.class, "pending", long.class);
            RESERVATIONS = lookup.findVarHandle(Outbound.class, "reservations", Reservations.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Link link;

    private long queued; // bytes passed to the wire in all
    private long written; // of which this many have left
    private volatile long pending; // bytes accepted and not written; read by other threads

    private long answers; // bytes that sessions wrote by themselves and that have not left
    private boolean congested; // by such bytes

    private int unflushedMessages;
    private short flushEvery = SMALLEST_BATCH;
    private @Nullable HeldWrites held; // while the session at the top holds writes, and there are any
    private @Nullable OutputWaiters waiters; // once a caller had to wait
    private @Nullable OutputEnd end; // once the output is to end
    private volatile @Nullable Reservations reservations; // once another thread has written
    private volatile @Nullable Throwable closed; // why writes are refused
    private boolean full; // from the high-water mark on, until the low one is reached
    private boolean encoding; // a session is encoding, or writing its closing message
    private boolean wireGone;
    private boolean goesOn; // a Handle will go on with what waits above a layer

    Outbound(Link link) {
        this.link = link;
    }

    private Loop loop() {
        return link.loop();
    }

    // ---- writing

    /**
     * On the loop: writes a message of the user and releases it. If that fails, so does the connection, unless its owner carries on.
     *
     * @throws IllegalStateException within a call of a session of this connection
     */
    Future<@Nullable Void> write(Stage top, Object message) {
        if (closed == null && inSession()) {
            Messages.release(message);
            throw writeInSession();
        }
        Throwable failure;
        if (closed == null && pending >= link.limits().hardLimit()) {
            Messages.release(message);
            failure = overLimit(pending);
            link.failed(failure, true);
        } else if (closed != null) {
            Messages.release(message);
            failure = closed;
        } else {
            failure = encodeOrFail(top, message);
        }
        return failure == null ? acceptance() : failedWrite(failure);
    }

    /**
     * On the loop: writes another thread's message, for which room was reserved, and releases it. The output does not end before.
     *
     * @param accepted for the writer, if it was asked to wait
     */
    void writeAdmitted(Stage top, Object message, @Nullable Promise<@Nullable Void> accepted) {
        Throwable failure = encodeOrFail(top, message);
        if (accepted == null) {
            return;
        }
        if (failure != null) {
            OutputWaiters.fail(accepted, failure);
        } else if (full()) {
            addWaiter(accepted);
        } else {
            OutputWaiters.complete(accepted);
        }
    }

    /** On the loop: another thread's message will not be written. */
    void dropped(Throwable cause) {
        if (refusal() == null) {
            link.failed(cause, true);
        }
    }

    /** Why nothing more can be written, whether admitted or not; null if it can. */
    private @Nullable Throwable refusal() {
        boolean onlyNewOnes = link.outputEnds() && !(end != null && end.isSevered());
        return onlyNewOnes ? null : closed;
    }

    private @Nullable Throwable encodeOrFail(Stage top, Object message) {
        Throwable ended = refusal();
        if (ended != null) {
            Messages.release(message);
            return ended;
        }
        Throwable failure = encodeInTurn(top, message);
        if (failure != null && failure != closed) { // a message held before it may have ended the connection meanwhile
            notWritten(failure);
        }
        return failure;
    }

    /** Whether more may be written although this message was not. If it followed the protocol's last message, there is no gap. */
    private boolean notWritten(Throwable failure) {
        return failure instanceof OutputEndedException || link.failed(failure, true);
    }

    /**
     * On the loop: encodes a message and releases it. If it fails, nothing of it is left behind, and nobody was notified.
     *
     * @return why it was not written, or null
     */
    @Nullable
    Throwable encode(Stage top, Object message) {
        Throwable refusal = closed == null && inSession() ? writeInSession() : closed;
        if (refusal != null) {
            Messages.release(message);
            return refusal;
        }
        return encodeInTurn(top, message);
    }

    private IllegalStateException writeInSession() {
        return new IllegalStateException(
                "write to " + link + " within a call of a session of its own; write when that has returned");
    }

    private @Nullable Throwable encodeInTurn(Stage top, Object message) {
        return top.holdsWrites() || held != null ? encodeBehindHeld(top, message) : encodeNow(top, message);
    }

    private @Nullable Throwable encodeNow(Stage top, Object message) {
        OutputQueue output = top.output;
        long before = output.bytes();
        // If the buffer is shared, its indices must not be moved.
        boolean passesOn = top.passesOn() && ((ByteBuf) message).refCnt() == 1;
        encoding = true;
        try {
            if (passesOn) {
                output.pass((ByteBuf) message);
            } else {
                top.session.encode(message, output);
            }
        } catch (Throwable t) {
            output.rollBackTo(before);
            return NoMemory.unwrapped(t);
        } finally {
            encoding = false;
            if (!passesOn) {
                Messages.release(message);
            }
        }
        addPending(output.bytes() - before);
        loop().counters().messagesSent++;
        link.dirty();
        unflushedMessages++;
        boolean waits = written < queued && link.stack().size() > 1; // there may be so much above a layer for long
        if ((output.bytes() >= FLUSH_BYTES && !waits)
                || (unflushedMessages >= flushEvery && !loop().links().isCrowd())) {
            flush();
        }
        return null;
    }

    // ---- messages held back by the session at the top

    /** Encodes a message after those that are held, or holds it as well. */
    private @Nullable Throwable encodeBehindHeld(Stage top, Object message) {
        boolean noneHeld = encodeHeld(top);
        Throwable ended = refusal();
        if (noneHeld && ended == null) {
            return encodeNow(top, message);
        }
        if (ended != null) {
            Messages.release(message);
            return ended;
        }
        hold(message);
        return null;
    }

    private void hold(Object message) {
        if (held == null) {
            held = new HeldWrites();
        }
        int size;
        try {
            size = link.weight(message);
            held.add(message, size);
        } catch (Throwable t) { // no memory: it is not held
            Messages.release(message);
            throw t;
        }
        addPending(size);
    }

    /**
     * Encodes the messages that the session at the top has held back, until it holds writes again. Returns false if it does, or if this is already
     * under way.
     */
    private boolean encodeHeld(Stage top) {
        HeldWrites holding = held;
        if (top.holdsWrites() || (holding != null && holding.leaving)) {
            return false;
        }
        if (holding == null) {
            return true;
        }
        holding.leaving = true; // messages written in response to a failure must follow the held ones
        try {
            while (!top.holdsWrites() && !holding.isEmpty()) {
                Object message = Objects.requireNonNull(holding.poll());
                recount();
                Throwable failure = encodeNow(top, message);
                if (failure != null && !notWritten(failure)) {
                    holding.release(); // nothing may follow the gap
                }
            }
        } finally {
            holding.leaving = false;
        }
        if (held == holding && holding.isEmpty()) {
            held = null;
        }
        return !top.holdsWrites();
    }

    // ---- admission

    IOException overLimit(long bytes) {
        return new IOException(link + ": " + bytes + " bytes are waiting to be written, the hard limit is "
                + link.limits().hardLimit() + "; wait until earlier writes or calls are done before making more");
    }

    private Future<@Nullable Void> failedWrite(Throwable cause) {
        Promise<@Nullable Void> failed = loop().promise();
        OutputWaiters.fail(failed, cause);
        link.audience().heardOf();
        return failed;
    }

    private Future<@Nullable Void> acceptance() {
        return full() ? addWaiter(promiseOf("write of ")) : loop().accepted();
    }

    /** Completes the promise at the low-water mark. If encoding produced no bytes, there is no wait: each waiter needs at least one pending byte. */
    private Promise<@Nullable Void> addWaiter(Promise<@Nullable Void> promise) {
        if (waiters().writers() < pending) {
            waiters().addWriter(promise);
        } else {
            OutputWaiters.complete(promise);
        }
        return promise;
    }

    /** From any thread: a Promise for the caller of a write or a flush. */
    Promise<@Nullable Void> promiseOf(String what) {
        return new Promise<>(loop(), new Purpose.Of(what, link));
    }

    /** True from the high-water mark on until the low one is reached again; false once every write is refused. */
    boolean full() {
        if (closed != null) {
            return false;
        }
        if (!full && pending >= link.limits().highWaterMark()) {
            full = true;
        }
        return full;
    }

    /** Whether a write would be accepted. */
    boolean accepting() {
        return closed == null && !mustWait();
    }

    /** Whether a write should wait until others have left, or until the session at the top lets writes go. */
    boolean mustWait() {
        return full() || (closed == null && holdsOnTop());
    }

    private boolean holdsOnTop() {
        Stack stack = link.stack();
        return !stack.isEmpty() && stack.top().holdsWrites();
    }

    /** Done once writes need not wait. */
    Future<@Nullable Void> writable() {
        if (!mustWait()) {
            return loop().accepted();
        }
        Promise<@Nullable Void> promise = promiseOf("writable of ");
        waiters().addWriter(promise);
        return promise;
    }

    private OutputWaiters waiters() {
        if (waiters == null) {
            waiters = new OutputWaiters();
        }
        return waiters;
    }

    /** Any thread: the writes of other threads on their way to the loop. */
    Reservations reservations() {
        Reservations made = reservations;
        if (made == null) {
            RESERVATIONS.compareAndSet(this, null, new Reservations(link));
            made = Objects.requireNonNull(reservations);
        }
        return made;
    }

    /** Any thread: whether nothing more can be written, or another thread has just asked for that. */
    boolean isOver() {
        Reservations made = reservations;
        return closed != null || (made != null && made.isOver());
    }

    /** Greater than zero while a write of another thread was admitted and has not arrived. */
    long reserved() {
        Reservations made = reservations;
        return made == null ? 0 : made.bytes();
    }

    /** Whether a writer on another thread should wait. */
    boolean aboveHighWaterMark() {
        return pending + reserved() >= link.limits().highWaterMark();
    }

    /** Whether a session of this connection is being called. In that case no other call may begin, and none of its buffers may leave. */
    boolean inSession() {
        return encoding || link.stack().inCall();
    }

    // ---- flushing

    /**
     * Adapts the early flush to a batch of this many messages. Flushing an eighth of the batch at a time kept both ends of a connection busy, where a
     * single flush made them take turns. Flushing fewer than a handful at a time cost more in system calls than it gains.
     */
    void batchOf(int messages) {
        flushEvery = (short) Math.clamp(messages >> 3, SMALLEST_BATCH, Short.MAX_VALUE);
    }

    void flush() {
        unflushedMessages = 0;
        if (wireGone) {
            dropUnsent();
            return;
        }
        if (inSession()) {
            link.dirty();
            return;
        }
        boolean complete;
        long left;
        try {
            boolean wireBusy = written < queued;
            complete = moveDown(wireBusy, false);
            left = link.wire().flush();
            if (wireBusy && written + left == queued) { // it was, but no longer is
                complete = moveDown(false, false);
                left += link.wire().flush();
            }
        } catch (Throwable t) {
            cantMove(t);
            return;
        }
        if (complete && waiters != null) {
            waiters.upTo(queued + keptBack());
        }
        progress(left);
        if (written == queued && hasRoom() && !goesOn) { // there is some, but others get their turn first
            goesOn = true;
            loop().enqueue(new Handle(loop(), "encoding of ", link, this::goOn));
        }
    }

    private void goOn() {
        goesOn = false;
        link.dirty();
    }

    /** Whether something waits above a layer that may encode it now. It may not while a layer further down holds as much as is of use. */
    private boolean hasRoom() {
        Stack stack = link.stack();
        for (int i = stack.size() - 1; i > 0; i--) {
            if (stack.get(i).output.bytes() > 0 && !stack.get(i - 1).holdsWrites() && !isAhead(i - 1)) {
                return true;
            }
        }
        return false;
    }

    /** Drops answers that sessions still write by themselves after the wire is gone. */
    private void dropUnsent() {
        link.stack().releaseOutput();
    }

    /** Tries whether the system takes a little more, although it has not reported that it would. */
    void retry() {
        if (!wireGone) {
            wireHasWritten(link.wire().retry());
        }
    }

    /** Moves everything through the byte layers to the wire, without a flush; false if a layer holds some of it, or it can't be moved. */
    boolean encodeThrough() {
        try {
            boolean complete = moveDown(false, true);
            recount();
            return complete;
        } catch (Throwable t) { // as in a flush
            cantMove(t);
            return false;
        }
    }

    /** A transport's bug, or no memory: something is lost on its way down, and the writer is not to blame. */
    private void cantMove(Throwable thrown) {
        link.failed(thrown, false);
        link.abort();
    }

    /**
     * Moves everything down through the layers, and to the wire.
     *
     * @param wireBusy whether the wire still has bytes that it has not written. In that case the last chunk stays here, so that later writes are
     *     appended to it; otherwise each flush to a peer that does not read would cost a chunk, however little is in it
     * @param all whether the layers encode everything, however much waits below them
     * @return false if a layer holds some of it, or some waits for room
     */
    private boolean moveDown(boolean wireBusy, boolean all) {
        Stack stack = link.stack();
        boolean complete = held == null || encodeHeld(stack.top());
        for (int i = stack.size() - 1; i > 0; i--) {
            complete &= moveInto(i - 1, stack.get(i).output, all);
        }
        if (!stack.isEmpty()) {
            complete &= !stack.top().keeps();
            OutputQueue bottom = stack.bottom().output;
            boolean shut = isShut();
            boolean keep = wireBusy && !shut;
            for (ByteBuf bytes; (bytes = keep ? bottom.pollFull() : bottom.poll()) != null; ) {
                if (shut) {
                    bytes.release(); // a session's answer that can't be sent any more
                } else {
                    queued += bytes.readableBytes();
                    link.wire().write(bytes);
                }
            }
        }
        return complete;
    }

    /**
     * Makes a layer encode what is above it, until it holds writes or enough waits below it. Returns false if some is left, or if the layer keeps some
     * itself.
     */
    private boolean moveInto(int level, OutputQueue from, boolean all) {
        Stage lower = link.stack().get(level);
        if (end != null && end.isSilent() && !lower.holdsWrites()) {
            from.release();
        }
        while (from.bytes() == 0 || !lower.holdsWrites()) {
            if (!all && from.bytes() > 0 && isAhead(level)) {
                return false;
            }
            ByteBuf plain = all ? from.poll() : from.poll(FLUSH_BYTES);
            if (plain == null) {
                return !lower.keeps();
            }
            encodeInto(level, plain);
        }
        return false;
    }

    /** Whether a layer has encoded as much as is of use before the wire has taken some. */
    private boolean isAhead(int level) {
        long below = queued - written;
        for (int i = 0; i <= level; i++) {
            below += link.stack().get(i).output.bytes();
        }
        return below >= link.limits().highWaterMark();
    }

    /** Bytes that have passed down through all layers and have not been passed to the wire. */
    private long keptBack() {
        Stack stack = link.stack();
        return stack.isEmpty() ? 0 : stack.bottom().output.bytes();
    }

    private void encodeInto(int level, ByteBuf plain) {
        Stage lower = link.stack().get(level);
        long before = lower.output.bytes();
        encoding = true;
        try {
            lower.session.encode(plain, lower.output);
            return;
        } catch (Throwable t) {
            encoding = false;
            lower.output.rollBackTo(before);
            sever(level);
            Throwable failure = t instanceof OutputEndedException over ? over.failure() : NoMemory.unwrapped(t);
            refuse(failure); // also what is written by those who are told: it would follow the missing piece
            if (t instanceof OutputEndedException) {
                link.outputOver(failure);
            } else {
                link.failed(failure, false);
            }
        } finally {
            encoding = false;
            plain.release();
        }
    }

    /** A layer has failed: what is above it will never leave, since a piece is missing before it, and no closing message will either. */
    private void sever(int level) {
        end().sever();
        Stack stack = link.stack();
        for (int i = level + 1; i < stack.size(); i++) {
            stack.get(i).output.release();
        }
        releaseHeld();
    }

    private void releaseHeld() {
        HeldWrites holding = held;
        held = null;
        if (holding != null) {
            holding.release();
        }
    }

    // ---- the end of the output

    /** The graceful end of the output; made on first use. */
    OutputEnd end() {
        if (end == null) {
            end = new OutputEnd(link, this);
        }
        return end;
    }

    /** Whether only this side's output ends, once nothing holds that up. */
    boolean endsAlone() {
        return end != null && end.isAskedFor();
    }

    private boolean isShut() {
        return end != null && end.isShut();
    }

    /** Lets a session write its closing message, after everything written before. */
    void sayGoodBye(Stage stage) {
        long before = stage.output.bytes();
        encoding = true;
        try {
            stage.session.outputEnding(stage.output);
        } catch (Throwable t) {
            stage.output.rollBackTo(before); // half a message would be worse than none
            loop().threw("outputEnding of ", link, t);
        } finally {
            encoding = false;
        }
        encodeThrough();
    }

    /** Ends the output on the wire, after what was passed to it. */
    void shutWire() {
        link.wire().shutdownOutput();
    }

    /** Whether messages wait for the session at the top to let writes go. */
    boolean holdsMessages() {
        return held != null;
    }

    /** Makes every layer encode what was written above it before the output ends, so that it reports whether it keeps some of it. */
    void settle() {
        if (!inSession()) {
            encodeThrough();
        }
    }

    /** What a layer holds back will never leave. */
    void giveUpHeldBack(Throwable cause) {
        Stack stack = link.stack();
        for (int i = stack.size() - 1; i > 0; i--) {
            if (stack.get(i - 1).holdsWrites()) {
                stack.get(i).output.release();
            }
        }
        releaseHeld();
        recount();
        if (waiters != null) {
            waiters.failHeldBack(cause);
        }
    }

    /** Includes bytes that a session wrote by itself. */
    void recount() {
        HeldWrites holding = held;
        long all = queued
                - written
                + (holding == null ? 0 : holding.bytes())
                + link.stack().outputBytes();
        pending(wireGone ? 0 : all);
    }

    /**
     * A session has written bytes by itself. If a peer keeps asking (pings) and never reads the answers, reading from it stops once the answers reach
     * the high-water mark.
     */
    void answered(long bytes) {
        link.dirty();
        if (bytes > 0 && !wireGone) {
            addPending(bytes);
            answers += bytes;
            if (!congested && answers >= link.limits().highWaterMark()) {
                congested = true;
                link.inbound().congested(true);
            }
        }
    }

    private void addPending(long bytes) {
        pending(pending + bytes);
    }

    private void pending(long bytes) {
        loop().counters().pendingBytes += bytes - pending;
        PENDING.setOpaque(this, bytes);
    }

    /** This many bytes have left. */
    void progress(long bytes) {
        if (bytes > 0) {
            written += bytes;
            loop().counters().bytesSent += bytes;
        }
        recount();
        answers = Math.min(answers, pending);
        if (congested && answers <= link.limits().lowWaterMark()) {
            congested = false;
            link.inbound().congested(false);
        }
        if (pending <= link.limits().lowWaterMark()) {
            full = false;
        }
        if (waiters != null) {
            if (!full && !holdsOnTop()) {
                waiters.completeWriters();
            }
            waiters.completeFlushes(written);
        }
    }

    /** The wire has written these bytes; what was kept back until then follows. */
    void wireHasWritten(long bytes) {
        progress(bytes);
        if (written == queued && (keptBack() > 0 || hasRoom())) {
            flush();
        }
    }

    /** Whether everything that was accepted has left. */
    boolean allWritten() {
        return pending == 0;
    }

    long pending() {
        return pending;
    }

    /**
     * Done when everything accepted so far has reached the kernel.
     *
     * @param askedInTime whether the flush was requested while writes were possible
     */
    Future<@Nullable Void> flushed(boolean askedInTime) {
        Throwable ended = closed;
        if (ended != null && (wireGone || !(askedInTime || isShut() || endsAlone()))) {
            return failedWrite(ended);
        }
        Promise<@Nullable Void> promise = promiseOf("flush of ");
        waiters().addFlush(promise);
        flush();
        link.goOnFlushing();
        return promise;
    }

    /** Why no write is possible any more, or null. */
    @Nullable
    Throwable closed() {
        return closed;
    }

    /** No write is possible any more. All waiters will get the cause. */
    void refuse(Throwable cause) {
        if (closed == null) {
            closed = cause;
        }
    }

    /** The number of bytes that have left in all. */
    long sent() {
        return written;
    }

    /** Whether what has passed all layers still leaves. */
    boolean leaves() {
        return !wireGone;
    }

    /** The wire is gone. */
    void close(Throwable cause) {
        refuse(cause);
        wireGone = true;
        pending(0);
        releaseHeld();
        if (waiters != null) {
            waiters.failAll(Objects.requireNonNull(closed), cause);
        }
    }
}
