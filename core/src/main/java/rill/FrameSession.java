package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The session of a {@link Framing}: finds the next frame, and puts a frame around content that is written in place. It has no other part in the
 * events of a connection, of which it hears only {@link #closed}. A protocol that needs them (a message of its own at the beginning or the end, a
 * last frame that merely ends with the stream, a timer) is a {@link Codec}.
 *
 * <p><b>Threading:</b> as {@link Session}. <b>Ownership:</b> it keeps no reference to any buffer.
 */
public abstract class FrameSession implements Session<ByteBuf, ByteBuf> {
    // The position of the frame found last: indices of the buffer that was passed to find().
    int contentStart;
    int contentEnd;
    int frameEnd;

    /** A session that has found nothing yet. */
    protected FrameSession() {}

    /**
     * Looks for the frame that begins at the reader index, and consumes nothing. May remember how far it has looked: see
     * {@link Session#decode}.
     *
     * @param in all bytes received and not yet consumed
     * @return 0 if the frame is complete: the result of {@link #found}. Otherwise the least number of bytes that are still missing; 1 if that is not
     *     known.
     */
    protected abstract int find(ByteBuf in) throws ProtocolException;

    /**
     * Records where the frame is, in indices of the buffer that was passed to {@link #find}.
     *
     * @param from the content's first byte
     * @param to the first byte after the content
     * @param end the first byte after the frame
     * @return 0, for {@link #find} to return
     */
    protected final int found(int from, int to, int end) {
        contentStart = from;
        contentEnd = to;
        frameEnd = end;
        return 0;
    }

    /** Appends what precedes a frame's content, or leaves room for it. */
    public abstract void beginFrame(ByteBuf out);

    /**
     * Completes the frame whose {@link #beginFrame} was called at writer index {@code start} and whose content has been appended
     * since.
     *
     * @throws IllegalArgumentException if the content can't be a frame, for example because it is above the limit
     */
    public abstract void endFrame(ByteBuf out, int start);

    /** Returns the content of the next frame, as a slice of {@code in}. */
    @Override
    public final @Nullable ByteBuf decode(ByteBuf in, Context context) throws ProtocolException {
        int missing = find(in);
        if (missing == 0) {
            ByteBuf content = in.slice(contentStart, contentEnd - contentStart);
            in.readerIndex(frameEnd);
            return content;
        }
        if (missing > 1) {
            context.needMore(missing);
        }
        return null;
    }

    // ---- what a framing has no part in, since Framing.with would have to pass it on

    @Override
    public final @Nullable ByteBuf opened(Context context) {
        return null;
    }

    /** Bytes after the last frame are a violation. */
    @Override
    public final @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        return Session.super.inputEnded(rest, context);
    }

    @Override
    public final @Nullable ByteBuf timerExpired(Context context) {
        return null;
    }

    @Override
    public final @Nullable Object info() {
        return null;
    }

    @Override
    public final boolean replaceable() {
        return true;
    }

    @Override
    public final void outputEnding(Outgoing out) {}
}
