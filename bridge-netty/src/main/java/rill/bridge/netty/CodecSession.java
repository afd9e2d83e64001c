package rill.bridge.netty;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;

/** One connection's handlers, as the codec on top of a pipeline. */
final class CodecSession<R, W> extends BridgeSession<R, W> {
    private final Class<R> received;
    private final NettyHandlers.UserEvents<? extends R> events;

    CodecSession(
            BridgeChannel channel, Context context, Class<R> received, NettyHandlers.UserEvents<? extends R> events) {
        super(channel, context);
        this.received = received;
        this.events = events;
    }

    @Override
    @Nullable
    R take(Context context) throws IOException {
        for (Object each = channel.poll(); each != null; each = channel.poll()) {
            R message = null;
            try {
                message = each instanceof BridgeChannel.Event(Object event) ? events.message(event) : expected(each);
            } finally {
                if (message == null) {
                    BridgeChannel.release(each);
                }
            }
            if (message != null) {
                return message;
            }
        }
        return null;
    }

    @Override
    @Nullable
    Object missed(Object arrived) throws IOException {
        return arrived instanceof BridgeChannel.Event(Object event) ? events.message(event) : arrived;
    }

    private R expected(Object message) throws IOException {
        if (received.isInstance(message)) {
            return received.cast(message);
        }
        throw new IOException("the handlers have left a " + message.getClass().getName() + ", and a "
                + received.getName() + " was expected");
    }
}
