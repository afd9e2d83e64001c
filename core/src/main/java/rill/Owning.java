package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Wraps a session that lends its buffers to the layer above, and turns them into buffers that may leave the pipeline. */
record Owning(Session<ByteBuf, ByteBuf> session) implements Session<ByteBuf, ByteBuf> {
    /** Opens a session whose messages belong to their receiver, as a mapping and the top of a pipeline need them. */
    @SuppressWarnings("unchecked") // both kinds return buffers
    static <R, W> Session<R, W> open(Codec<R, W> codec, Context context) {
        Session<R, W> session = codec.open(context);
        boolean lends = codec instanceof ByteLayer || (Object) session instanceof FrameSession;
        return lends ? (Session<R, W>) new Owning((Session<ByteBuf, ByteBuf>) session) : session;
    }

    private static @Nullable ByteBuf owned(@Nullable ByteBuf lent, Context context) {
        return lent == null ? null : context.own(lent);
    }

    @Override
    public @Nullable ByteBuf opened(Context context) throws IOException {
        return owned(session.opened(context), context);
    }

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
        ByteBuf lent = session.decode(in, context);
        ByteBuf owned = owned(lent, context);
        if (lent == in) {
            in.skipBytes(in.readableBytes()); // it was returned unchanged, so all of it is consumed
        }
        return owned;
    }

    @Override
    public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        return owned(session.inputEnded(rest, context), context);
    }

    @Override
    public @Nullable ByteBuf timerExpired(Context context) throws IOException {
        return owned(session.timerExpired(context), context);
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) throws IOException {
        session.encode(message, out);
    }

    @Override
    public @Nullable Object info() {
        return session.info();
    }

    @Override
    public boolean replaceable() {
        return session.replaceable();
    }

    @Override
    public void outputEnding(Outgoing out) throws IOException {
        session.outputEnding(out);
    }

    @Override
    public void closed() {
        session.closed();
    }
}
