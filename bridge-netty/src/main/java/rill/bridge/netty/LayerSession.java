package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** One connection's handlers, as a layer beneath a codec. */
final class LayerSession extends BridgeSession<ByteBuf, ByteBuf> {
    LayerSession(BridgeChannel channel) {
        super(channel);
    }

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
        feed(in, context);
        return settle(context);
    }

    @Override
    public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        feed(rest, context);
        return noMoreInput(context);
    }

    private void feed(ByteBuf in, Context context) throws IOException {
        if (in.isReadable()) {
            ByteBuf owned = context.own(in);
            in.skipBytes(in.readableBytes());
            channel.decode(owned);
        }
    }

    /** All bytes that there are, in one piece. */
    @Override
    @Nullable
    ByteBuf take(Context context) throws IOException {
        ByteBuf lent = null;
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            if (each instanceof ByteBuf bytes) {
                if (lent == null) {
                    lent = context.lend(bytes.readableBytes());
                }
                lent.writeBytes(bytes);
                bytes.release();
            } else if (!(each instanceof BridgeChannel.Event)) {
                ReferenceCountUtil.release(each);
                throw new IOException("the handlers have left a "
                        + each.getClass().getName() + ", and a layer's have to leave bytes");
            }
        }
        return lent;
    }
}
