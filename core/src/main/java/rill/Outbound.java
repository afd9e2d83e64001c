package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a connection: from messages down through the stages to the wire, the water marks, and when to flush.
 *
 * <pre>
 *            pending ≥ high                     pending ≤ low
 *  accepting ───────────────▶ telling to wait ────────────────▶ accepting
 *                                  │ pending ≥ hard limit: writes fail
 * </pre>
 *
 * <p><b>When it flushes:</b> at the end of a read batch, after the Handles of a tick, at 64 KiB, and early within a large batch,
 * so that the peer has something to do while we go on: see {@link #batchOf}.
 */
final class Outbound {
    /** Flush without waiting for the end of the batch once so many bytes are there. */
    private static final int FLUSH_BYTES = 64 * 1024;

    /** Flush every so many messages at the earliest: a system call costs about as much as encoding a few. */
    private static final int SMALLEST_BATCH = 8;

    private static final VarHandle RESERVED;
    private static final VarHandle PENDING;

    static {
        try {
            var lookup = MethodHandles.lookup();
            RESERVED = lookup.findVarHandle(Outbound.class, "reserved", long.class);
            PENDING = lookup.findVarHandle(Outbound.class, "pending", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Link link;
    private final Loop loop;
    private final ConnectionLimits limits;

    private long queued; // bytes given to the wire in all
    private long written; // … of which so many have left
    private volatile long pending; // bytes accepted and not written; read by other threads
    private volatile long reserved; // estimates of messages on their way from other threads

    private long answers; // bytes that sessions wrote by themselves, as far as they have not left
    private boolean congested; // by such bytes

    private int unflushedMessages;
    private int flushEvery = SMALLEST_BATCH;
    private @Nullable Promise<@Nullable Void> drained; // at the low-water mark; null unless writers are told to wait
    private @Nullable ArrayDeque<FlushWaiter> flushWaiters;
    private volatile @Nullable Throwable closed; // why writes are refused
    private boolean saidGoodBye;
    private boolean shut; // our stream has ended while the peer's goes on
    private boolean wireGone;

    /** A flush() that is done once {@code upTo} bytes have left; unknown while a layer holds writes. */
    private static final class FlushWaiter {
        private static final long UNKNOWN = Long.MAX_VALUE;

        final Promise<@Nullable Void> promise;
        long upTo = UNKNOWN;

        FlushWaiter(Promise<@Nullable Void> promise) {
            this.promise = promise;
        }
    }

    Outbound(Link link, Loop loop, ConnectionLimits limits) {
        this.link = link;
        this.loop = loop;
        this.limits = limits;
    }

    // ---- writing

    /** On the loop: encodes a message and releases it. */
    Future<@Nullable Void> write(Stage top, Object message) {
        Throwable failure = encode(top, message, true);
        return failure == null ? acceptance() : failedWrite(failure);
    }

    /**
     * On the loop: encodes a message and releases it.
     *
     * @param fatal whether a message that can't be encoded is the connection's failure, even if nothing of it was left behind
     * @return why it was not written, or null
     */
    @Nullable
    Throwable encode(Stage top, Object message, boolean fatal) {
        Throwable refusal = refusal();
        if (refusal != null) {
            Messages.release(message);
            return refusal;
        }
        OutputQueue output = top.output;
        long before = output.bytes();
        // Of a buffer that somebody else holds as well, the indices are not ours to move.
        boolean passesOn = top.passesOn() && ((ByteBuf) message).refCnt() == 1;
        try {
            if (passesOn) {
                output.pass((ByteBuf) message);
            } else {
                top.session.encode(message, output);
            }
        } catch (Throwable t) {
            boolean undone = output.rollBackTo(before);
            if (fatal || !undone) {
                link.failed(t, undone);
            }
            return t;
        } finally {
            if (!passesOn) {
                Messages.release(message);
            }
        }
        addPending(output.bytes() - before);
        link.dirty();
        unflushedMessages++;
        if (unflushedMessages >= flushEvery || output.bytes() >= FLUSH_BYTES) {
            flush();
        }
        return null;
    }

    /** Why no write is possible now, or null. */
    private @Nullable Throwable refusal() {
        Throwable ended = closed;
        if (ended != null) {
            return ended;
        }
        return pending + reserved < limits.hardLimit() ? null : overLimit();
    }

    private IOException overLimit() {
        return new OverLimit(link + ": " + pending + " bytes are waiting to be written, the hard limit is "
                + limits.hardLimit() + "; wait until earlier writes or calls are done before making more");
    }

    /** The connection goes on, without this one message: only the Future of its write tells of that. */
    private static final class OverLimit extends IOException {
        OverLimit(String message) {
            super(message);
        }
    }

    private Future<@Nullable Void> failedWrite(Throwable cause) {
        Promise<@Nullable Void> failed = loop.promise();
        failWrite(failed, cause);
        return failed;
    }

    /**
     * Fails the Future of a write or a flush. It is often dropped, and then not to be reported: the connection tells of its end, and
     * of what could not be encoded. Of a message above the hard limit nobody else would tell.
     */
    static void failWrite(Promise<@Nullable Void> promise, Throwable cause) {
        promise.fail(cause);
        if (!(cause instanceof OverLimit)) {
            promise.failure();
        }
    }

    private Future<@Nullable Void> acceptance() {
        if (drained == null && pending < limits.highWaterMark()) {
            return loop.accepted();
        }
        if (drained == null) {
            drained = loop.promise();
        }
        return drained;
    }

    /** Whether a write would be accepted; from the high-water mark on, not before the low one is reached again. */
    boolean accepting() {
        return closed == null && !mustWait();
    }

    /** Whether a write has to wait until others have left; not once every one is refused. */
    boolean mustWait() {
        return closed == null && acceptance() != loop.accepted();
    }

    /** Done once writers need not wait. */
    Future<@Nullable Void> writable() {
        return drained == null ? loop.accepted() : drained;
    }

    /** From another thread: reserves room; null, or why there is none. */
    @Nullable
    Throwable reserve(int estimate) {
        Throwable ended = closed;
        if (ended != null) {
            return ended;
        }
        long all = (long) RESERVED.getAndAdd(this, (long) estimate) + pending;
        if (all >= limits.hardLimit()) {
            unreserve(estimate);
            return overLimit();
        }
        return null;
    }

    void unreserve(int estimate) {
        RESERVED.getAndAdd(this, (long) -estimate);
    }

    /** Whether a writer on another thread should wait. */
    boolean aboveHighWaterMark() {
        return pending + reserved >= limits.highWaterMark();
    }

    // ---- flushing

    /**
     * Adapts the early flush to a batch of so many messages. An eighth of it at a time kept both ends of a connection busy where a
     * single flush made them take turns; fewer than a handful at a time cost more system calls than that gains.
     */
    void batchOf(int messages) {
        flushEvery = Math.max(SMALLEST_BATCH, messages >> 3);
    }

    void flush() {
        unflushedMessages = 0;
        if (wireGone) {
            return;
        }
        boolean complete;
        long left;
        try {
            complete = moveDown();
            left = link.wire().flush();
        } catch (RuntimeException e) { // a transport's mistake; whoever wrote is not to blame for it
            link.failed(e, false);
            link.abort();
            return;
        }
        if (complete && flushWaiters != null) {
            for (FlushWaiter waiter : flushWaiters) {
                waiter.upTo = Math.min(waiter.upTo, queued);
            }
        }
        progress(left);
    }

    /** Moves everything through the byte layers to the wire, without a flush; false if a layer holds some of it. */
    boolean encodeThrough() {
        boolean complete = moveDown();
        recount();
        return complete;
    }

    private boolean moveDown() {
        Stage[] stages = link.inbound().stages();
        boolean complete = true;
        for (int i = stages.length - 1; i > 0; i--) {
            Stage lower = stages[i - 1];
            OutputQueue from = stages[i].output;
            if (from.bytes() > 0 && lower.holdsWrites) {
                complete = false;
                continue;
            }
            for (ByteBuf plain = from.poll(); plain != null; plain = from.poll()) {
                encodeInto(lower, plain);
            }
        }
        if (stages.length > 0) {
            OutputQueue bottom = stages[0].output;
            for (ByteBuf bytes = bottom.poll(); bytes != null; bytes = bottom.poll()) {
                if (shut) {
                    bytes.release(); // a session's answer that nobody can be told any more
                } else {
                    queued += bytes.readableBytes();
                    link.wire().write(bytes);
                }
            }
        }
        return complete;
    }

    private void encodeInto(Stage lower, ByteBuf plain) {
        try {
            lower.session.encode(plain, lower.output);
        } catch (Throwable t) {
            link.failed(t, false);
        } finally {
            plain.release();
        }
    }

    /** Lets each session, from the top down, say its good-bye, after everything written before. Once. */
    void sayGoodBye() {
        if (saidGoodBye) {
            return;
        }
        saidGoodBye = true;
        Stage[] stages = link.inbound().stages();
        for (int i = stages.length - 1; i >= 0; i--) {
            Stage stage = stages[i];
            try {
                stage.session.outputEnding(stage.output);
            } catch (Throwable t) {
                loop.report(new Report.Thrown(loop.name(), "outputEnding of " + link, t));
            }
            encodeThrough();
        }
    }

    boolean saidGoodBye() {
        return saidGoodBye;
    }

    /** Whether a layer keeps back what those above it have written. */
    boolean holdsBack() {
        Stage[] stages = link.inbound().stages();
        for (int i = stages.length - 1; i > 0; i--) {
            if (stages[i - 1].holdsWrites && stages[i].output.bytes() > 0) {
                return true;
            }
        }
        return false;
    }

    /** What a layer keeps back will never leave. */
    void giveUpHeldBack(Throwable cause) {
        Stage[] stages = link.inbound().stages();
        for (int i = stages.length - 1; i > 0; i--) {
            if (stages[i - 1].holdsWrites) {
                stages[i].output.release();
            }
        }
        recount();
        while (flushWaiters != null && !flushWaiters.isEmpty() && flushWaiters.getLast().upTo == FlushWaiter.UNKNOWN) {
            failWrite(flushWaiters.removeLast().promise, cause);
        }
    }

    /** Bytes that a session wrote by itself count as well. */
    void recount() {
        long all = queued - written;
        for (Stage stage : link.inbound().stages()) {
            all += stage.output.bytes();
        }
        PENDING.setOpaque(this, all);
    }

    /**
     * A session has written so many bytes by itself. A peer that asks (pings) and never reads the answers is not heard any more
     * once they have come up to the high-water mark.
     */
    void answered(long bytes) {
        link.dirty();
        if (bytes > 0) {
            addPending(bytes);
            answers += bytes;
            if (!congested && answers >= limits.highWaterMark()) {
                congested = true;
                link.inbound().congested(true);
            }
        }
    }

    private void addPending(long bytes) {
        PENDING.setOpaque(this, pending + bytes);
    }

    /** So many bytes have left. */
    void progress(long bytes) {
        if (bytes > 0) {
            written += bytes;
        }
        recount();
        answers = Math.min(answers, pending);
        if (congested && answers <= limits.lowWaterMark()) {
            congested = false;
            link.inbound().congested(false);
        }
        Promise<@Nullable Void> waiting = drained;
        if (waiting != null && pending <= limits.lowWaterMark()) {
            drained = null;
            waiting.complete(null);
        }
        ArrayDeque<FlushWaiter> waiters = flushWaiters;
        while (waiters != null && !waiters.isEmpty() && waiters.getFirst().upTo <= written) {
            waiters.removeFirst().promise.complete(null);
        }
    }

    /** Everything that was accepted has left. */
    boolean allWritten() {
        return pending == 0;
    }

    long pending() {
        return pending;
    }

    /** Done when everything accepted so far has reached the kernel. */
    Future<@Nullable Void> flushed() {
        Throwable ended = closed;
        if (ended != null && (wireGone || !shut)) {
            return failedWrite(ended);
        }
        Promise<@Nullable Void> promise = loop.promise();
        if (flushWaiters == null) {
            flushWaiters = new ArrayDeque<>(2);
        }
        flushWaiters.add(new FlushWaiter(promise));
        flush();
        link.goOnFlushing();
        return promise;
    }

    /** Why no write is possible any more, or null. */
    @Nullable
    Throwable closed() {
        return closed;
    }

    /** No write is possible any more; who waits is told the cause. */
    void refuse(Throwable cause) {
        if (closed == null) {
            closed = cause;
        }
    }

    /** Our stream has ended, after everything that was accepted. */
    void shut() {
        shut = true;
    }

    /** The wire is gone. */
    void close(Throwable cause) {
        refuse(cause);
        wireGone = true;
        PENDING.setOpaque(this, 0L);
        Promise<@Nullable Void> waiting = drained;
        drained = null;
        if (waiting != null) {
            failWrite(waiting, Objects.requireNonNull(closed));
        }
        while (flushWaiters != null && !flushWaiters.isEmpty()) {
            failWrite(flushWaiters.removeFirst().promise, cause);
        }
    }
}
