package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** One connection's handlers, as a layer beneath a codec. */
final class LayerSession extends BridgeSession<ByteBuf, ByteBuf> {
    private static final int LARGEST = 64 * 1024; // piece for the layer above

    LayerSession(BridgeChannel channel, Context context) {
        super(channel, context);
    }

    /** Takes the bytes that are available, in one piece of limited size. */
    @Override
    @Nullable
    ByteBuf take(Context context) throws IOException {
        ByteBuf lent = null;
        for (Object each = channel.peek(); each != null; each = channel.peek()) {
            if (each instanceof ByteBuf bytes && bytes.isReadable()) {
                lent = lent == null ? context.lend(Math.min(bytes.readableBytes(), LARGEST)) : lent;
                lent.writeBytes(bytes, Math.min(bytes.readableBytes(), LARGEST - lent.readableBytes()));
                if (bytes.isReadable()) {
                    return lent; // the rest in another call
                }
            }
            channel.poll();
            BridgeChannel.release(each);
            if (!(each instanceof ByteBuf || each instanceof BridgeChannel.Event)) {
                var misfit = new IOException("the handlers have left a "
                        + each.getClass().getName() + ", and a layer's have to leave bytes");
                if (lent == null) {
                    throw misfit;
                }
                channel.failedBy(misfit); // reported after the bytes before it, and before any after it
                channel.dropArrived();
                return lent;
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
