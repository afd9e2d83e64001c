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
 * What a layer and a codec of Netty's handlers have in common. Whatever the call, the channel is {@linkplain #settle settled} after it: what is due
 * runs, and what was written is passed on. Outside of a call the channel asks for one, by the timer. What has arrived is given by {@link #decode} alone, when it is wanted; after the last of it a failure or the end.
 */
abstract class BridgeSession<R, W> implements Session<R, W> {
    final BridgeChannel channel;
    private final Context context;
    private boolean holding; // what is written above
    private boolean inputEnded;
    private boolean ended; // and whoever is above was told
    private boolean late; // something has arrived after that

    BridgeSession(BridgeChannel channel, Context context) {
        this.channel = channel;
        this.context = context;
        channel.onWake(() -> context.startTimer(Duration.ZERO));
    }

    /** What has arrived, or one message of it; null if nothing was of use. */
    abstract @Nullable R take(Context context) throws IOException;

    /** What this would be to whoever is above, who owns it then; null if it is of no use. */
    abstract @Nullable Object missed(Object arrived) throws IOException;

    @Override
    public final @Nullable R opened(Context context) throws IOException {
        channel.begin();
        return later();
    }

    /** Bytes wait where they are until what came of earlier ones has been given: there they are bounded, and hold up the peer. */
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
        feed(rest);
        inputEnded = true;
        channel.endInput();
        return later();
    }

    @Override
    public final @Nullable R timerExpired(Context context) throws IOException {
        return later();
    }

    private void feed(ByteBuf in) {
        if (in.isReadable()) {
            ByteBuf owned = context.own(in);
            in.skipBytes(in.readableBytes());
            channel.decode(owned);
        }
    }

    private @Nullable R later() throws IOException {
        settle(null);
        goOn(false);
        return null;
    }

    /** Sees to what follows when what was given is used. */
    private void goOn(boolean given) throws IOException {
        if (ended) {
            dropLate();
        }
        Throwable failure = channel.failure();
        if (channel.hasArrived() || (given && failure != null)) {
            context.again();
        } else if (failure != null) {
            throw BridgeChannel.told(failure);
        } else if (!ended && (inputEnded || !channel.isOpen())) {
            ended = true;
            context.end();
        }
    }

    /** Drops what arrived when the end was told already, since nobody is asked to receive it. */
    private void dropLate() throws IOException {
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            Object missed = null;
            try {
                missed = missed(each);
            } finally {
                BridgeChannel.release(missed == null ? each : missed);
            }
            if (missed != null && !late) {
                late = true; // the first stands for all
                channel.report(new IOException("a handler has left a "
                        + missed.getClass().getName() + " after the end of what is received was told"));
            }
        }
    }

    /**
     * Runs what is due, passes on what was written, and holds back what is written above as long as handlers keep something of what they were given.
     *
     * @param out of the call; null for the session's own
     */
    private void settle(@Nullable Outgoing out) {
        long due = channel.runDue();
        if (channel.hasWritten()) {
            channel.send(out == null ? context.out() : out);
        }
        hold();
        await(out != null && hasNews() ? 0 : due); // a call that encodes can't tell it
    }

    /** After a message that was refused: its call's bytes are taken back, so what else was written leaves in a call of its own. */
    private void settleRefused() {
        long due = channel.runDue();
        hold();
        await(channel.hasWritten() || hasNews() ? 0 : due);
    }

    private void hold() {
        boolean keeps =
                channel.keepsWrites() || (holding && channel.failure() != null); // what was kept has not left then
        if (keeps != holding) {
            holding = keeps;
            if (holding) {
                context.holdWrites();
            } else {
                context.releaseWrites();
            }
        }
    }

    /** In nanoseconds; negative if nothing is due. */
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
        channel.runDue(); // what handlers were to do before is no part of it
        Throwable refusal = refusal(message);
        if (refusal != null) {
            settleRefused();
            throw BridgeChannel.told(refusal);
        }
        settle(out);
        requireWell();
    }

    /** Gives the message to the handlers. Gives why it can't be written, or null; what was written before it stays. */
    private @Nullable Throwable refusal(W message) {
        Throwable failure = channel.failure();
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

    /** A reference for the handlers; with indices of their own, since those of a message are not ours to move. */
    private static Object own(Object message) {
        return switch (message) {
            case ByteBuf bytes -> bytes.retainedSlice();
            case ByteBufHolder holder when holder.refCnt() > 1 -> apart(holder);
            default -> ReferenceCountUtil.retain(message);
        };
    }

    /**
     * One that somebody else has as well, who may write it again: to another connection, or a Pool after a failure. A class that does not say how it is copied
     * would become what it extends, and is shared.
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
            throw new IOException("the handlers have failed", failure);
        }
    }

    /** The place for the handlers' good-bye. One that takes longer than this call is cut off. */
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

    /** Handlers have taken all bytes that have come. What they have not made messages of can't be had back. */
    @Override
    public final boolean replaceable() {
        return false;
    }

    @Override
    public final void closed() {
        channel.end();
    }
}
