package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * What a layer and a codec of Netty's handlers share. After every call, the channel is {@linkplain #settle settled}: due tasks run, and writes are
 * sent. Outside of a call, the channel asks for one through the timer. Messages are delivered only by {@link #decode}, when they are wanted; a
 * failure or the end follows the last of them.
 */
abstract class BridgeSession<R, W> implements Session<R, W> {
    /** Bytes for the handlers at once: what they make of them waits outside of Rill's limits, and may be a thousand times as large. */
    private static final int AT_ONCE = 16 * 1024;

    final BridgeChannel channel;
    private final Context context;
    private boolean holding; // writes from above
    private boolean inputEnded;
    private boolean ended; // and the layer above was notified
    private boolean late; // something has arrived after the end

    BridgeSession(BridgeChannel channel, Context context) {
        this.channel = channel;
        this.context = context;
        channel.onWake(() -> context.startTimer(Duration.ZERO));
    }

    /** Takes one message of what has arrived, or a bounded number of bytes; null if nothing was usable. */
    abstract @Nullable R take(Context context) throws IOException;

    /** The message that the layer above would have owned; null if it is of no use. */
    abstract @Nullable Object missed(Object arrived) throws IOException;

    @Override
    public final @Nullable R opened(Context context) throws IOException {
        channel.begin();
        return later();
    }

    /** Bytes are left in the input until the results of earlier ones are delivered: there they are bounded, and slow down the peer. */
    @Override
    public final @Nullable R decode(ByteBuf in, Context context) throws IOException {
        R message = channel.hasArrived() ? take(context) : null;
        if (message == null || !channel.isUsable()) {
            feed(in);
        }
        settle(null);
        if (message == null) {
            message = take(context);
        }
        goOn(message != null);
        return message;
    }

    @Override
    public final @Nullable R inputEnded(ByteBuf rest, Context context) throws IOException {
        while (rest.isReadable()) {
            feed(rest);
        }
        inputEnded = true;
        channel.endInput();
        return later();
    }

    @Override
    public final @Nullable R timerExpired(Context context) throws IOException {
        return later();
    }

    /** Gives the handlers the next bytes: the rest follows when nothing of these is left to be received. */
    private void feed(ByteBuf in) {
        if (!channel.isUsable()) {
            in.skipBytes(in.readableBytes());
        } else if (in.isReadable()) {
            channel.decode(context.own(in.readSlice(Math.min(in.readableBytes(), AT_ONCE))));
        }
    }

    private @Nullable R later() throws IOException {
        settle(null);
        goOn(false);
        return null;
    }

    /** Arranges what follows once the delivered message was used. */
    private void goOn(boolean given) throws IOException {
        if (ended) {
            dropLate();
        }
        Throwable failure = channel.failure();
        if (channel.hasArrived() || (given && failure != null)) {
            context.again();
        } else if (failure != null) {
            channel.told();
            throw Failures.told(failure);
        } else if (!ended && (inputEnded || !channel.isOpen())) {
            ended = true;
            context.end();
        }
    }

    /** Drops what arrived after the end was delivered, since there is no receiver any more. */
    private void dropLate() throws IOException {
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            Object missed = null;
            try {
                missed = missed(each);
            } finally {
                BridgeChannel.release(missed == null ? each : missed);
            }
            if (missed != null && !late) {
                late = true; // only the first is reported
                channel.report(new IOException("a handler has left a "
                        + missed.getClass().getName() + " after the end of what is received was told"));
            }
        }
    }

    /**
     * Runs what is due, sends what was written, and holds writes from above while handlers keep some of the earlier ones.
     *
     * @param out of the call; null for the session's own
     */
    private void settle(@Nullable Outgoing out) {
        long due = channel.runDue();
        if (channel.hasWritten()) {
            channel.send(out == null ? context.out() : out);
        }
        hold();
        await(out != null && hasNews() ? 0 : due); // a call that encodes can't deliver it
    }

    /** Settles after a refused message. The bytes of its call are taken back, so other writes are sent in another call. */
    private void settleRefused() {
        long due = channel.runDue();
        hold();
        await(channel.hasWritten() || hasNews() ? 0 : due);
    }

    private void hold() {
        boolean keeps =
                channel.keepsWrites() || (holding && channel.failure() != null); // then the kept writes were not sent
        if (keeps != holding) {
            holding = keeps;
            if (holding) {
                context.holdWrites();
            } else {
                context.releaseWrites();
            }
        }
    }

    /** Waits this many nanoseconds; negative if nothing is due. */
    private void await(long due) {
        if (due >= 0) {
            context.startTimer(Duration.ofNanos(due));
        } else {
            context.stopTimer();
        }
    }

    private boolean hasNews() {
        return channel.hasArrived() || channel.failure() != null || !(ended || channel.isOpen());
    }

    @Override
    public final void encode(W message, Outgoing out) throws IOException {
        channel.runDue(); // earlier work of the handlers is not part of it
        Throwable refusal = refusal(message);
        if (refusal != null) {
            settleRefused();
            throw Failures.told(refusal);
        }
        settle(out);
        requireWell();
    }

    /** Passes the message to the handlers. Returns the reason why it can't be written, or null. Earlier writes stay. */
    private @Nullable Throwable refusal(W message) {
        Throwable failure = channel.failure();
        channel.told();
        if (!channel.isOpen()) {
            return new IOException("a handler has closed the channel: nothing can be written any more", failure);
        }
        if (failure != null) {
            return new IOException("the handlers have failed", failure);
        }
        int before = channel.written();
        Throwable refusal = channel.encode(own(message));
        if (refusal == null) {
            refusal = channel.unfit(before);
        }
        if (refusal != null && channel.dropWritten(before)) {
            channel.failedBy(new IOException(
                    "handlers have begun to write a message that can't be written, and their state can't be taken back",
                    refusal));
        }
        return refusal;
    }

    /** A reference for the handlers, with separate indices: those of the message must not move. */
    private static Object own(Object message) {
        return switch (message) {
            case ByteBuf bytes -> bytes.retainedSlice();
            case ByteBufHolder holder when holder.refCnt() > 1 -> apart(holder);
            default -> ReferenceCountUtil.retain(message);
        };
    }

    /**
     * A duplicate of a message that has another owner, which may write it again: to another connection, or by a Pool after a failure. If a class does
     * not override how it is duplicated, the duplicate would be of its superclass, so the message itself is shared.
     */
    private static Object apart(ByteBufHolder holder) {
        ByteBufHolder copy = holder.retainedDuplicate();
        if (copy.getClass() == holder.getClass() || !copy.getClass().isInstance(holder)) {
            return copy;
        }
        copy.release();
        return holder.retain();
    }

    private void requireWell() throws IOException {
        Throwable failure = channel.failure();
        if (failure != null) {
            channel.told();
            throw new IOException("the handlers have failed", failure);
        }
    }

    /** The time for the handlers' good-bye. A good-bye that takes longer than this call is cut off. */
    @Override
    public final void outputEnding(Outgoing out) throws IOException {
        boolean well = channel.failure() == null;
        channel.endOutput();
        settle(out);
        channel.outputEnded();
        if (well) {
            requireWell();
        }
    }

    /** Handlers have consumed all bytes that arrived. Those that have not become messages can't be recovered. */
    @Override
    public final boolean replaceable() {
        return false;
    }

    @Override
    public final void closed() {
        channel.end();
    }
}
