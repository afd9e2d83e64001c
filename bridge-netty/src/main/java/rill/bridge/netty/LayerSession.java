package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** One connection's handlers, as a layer beneath a codec. */
final class LayerSession extends BridgeSession<ByteBuf, ByteBuf> {
    LayerSession(BridgeChannel channel, Context context) {
        super(channel, context);
    }

    /** Takes all bytes that are available, in one piece. */
    @Override
    @Nullable
    ByteBuf take(Context context) throws IOException {
        ByteBuf lent = null;
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            try {
                if (each instanceof ByteBuf bytes && bytes.isReadable()) {
                    lent = lent == null ? context.lend(bytes.readableBytes()) : lent;
                    lent.writeBytes(bytes);
                } else if (!(each instanceof ByteBuf || each instanceof BridgeChannel.Event)) {
                    var misfit = new IOException("the handlers have left a "
                            + each.getClass().getName() + ", and a layer's have to leave bytes");
                    if (lent == null) {
                        throw misfit;
                    }
                    channel.failedBy(misfit); // reported after the bytes before it, and before any after it
                    channel.dropArrived();
                    return lent;
                }
            } finally {
                BridgeChannel.release(each);
            }
        }
        return lent;
    }

    @Override
    @Nullable
    Object missed(Object arrived) {
        boolean empty = arrived instanceof ByteBuf bytes && !bytes.isReadable();
        return empty || arrived instanceof BridgeChannel.Event ? null : arrived;
    }
}
