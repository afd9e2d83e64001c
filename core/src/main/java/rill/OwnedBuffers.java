package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A session around one that lends its messages to the layer above: lets them leave the pipeline. */
final class OwnedBuffers extends Mapping.Translated<ByteBuf, ByteBuf, ByteBuf, ByteBuf> {
    private final Session<ByteBuf, ByteBuf> session;
    private final @Nullable Buffers buffers;

    private OwnedBuffers(Session<ByteBuf, ByteBuf> session, @Nullable Buffers buffers) {
        super(session);
        this.session = session;
        this.buffers = buffers;
    }

    /** A session whose messages belong to whoever is given them, as a mapping and the top of a pipeline need them. */
    @SuppressWarnings("unchecked") // both kinds give buffers
    static <R, W> Session<R, W> open(Codec<R, W> codec, SessionContext context) {
        Session<R, W> session = codec.open(context);
        boolean lends = codec instanceof ByteLayer || (Object) session instanceof FrameSession;
        return lends
                ? (Session<R, W>) new OwnedBuffers((Session<ByteBuf, ByteBuf>) session, context.buffers())
                : session;
    }

    @Override
    boolean lent() {
        return true;
    }

    @Override
    ByteBuf translate(ByteBuf borrowed) {
        return Buffers.own(buffers, borrowed);
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) throws IOException {
        session.encode(message, out);
    }
}
