package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** One connection's handlers, as the codec on top. */
final class CodecSession<R, W> extends BridgeSession<R, W> {
    private final Class<R> received;
    private final NettyHandlers.UserEvents<? extends R> events;
    private int
            ahead; // bytes that the handlers have already, left there so that decode is called again for what they have
    // made

    CodecSession(BridgeChannel channel, Class<R> received, NettyHandlers.UserEvents<? extends R> events) {
        super(channel);
        this.received = received;
        this.events = events;
    }

    @Override
    public @Nullable R decode(ByteBuf in, Context context) throws IOException {
        feed(in, context);
        R message = settle(context);
        ahead = channel.hasArrived() ? Math.min(1, in.readableBytes()) : 0;
        in.skipBytes(in.readableBytes() - ahead);
        return message;
    }

    private void feed(ByteBuf in, Context context) throws IOException {
        int fresh = in.readableBytes() - ahead;
        if (fresh > 0) {
            channel.decode(context.own(in.slice(in.readerIndex() + ahead, fresh)));
        }
    }

    @Override
    public @Nullable R inputEnded(ByteBuf rest, Context context) throws IOException {
        feed(rest, context);
        ahead = 0;
        rest.skipBytes(rest.readableBytes());
        return noMoreInput(context);
    }

    @Override
    @Nullable
    R take(Context context) throws IOException {
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            if (each instanceof BridgeChannel.Event(Object event)) {
                R message = events.message(event);
                if (message != null) {
                    return message;
                }
            } else if (received.isInstance(each)) {
                return received.cast(each);
            } else {
                ReferenceCountUtil.release(each);
                throw new IOException("the handlers have left a "
                        + each.getClass().getName() + ", and a " + received.getName() + " was expected");
            }
        }
        return null;
    }
}
