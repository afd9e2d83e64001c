package rill.bridge.netty;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** What a layer and a codec of Netty's handlers have in common. */
abstract class BridgeSession<R, W> implements Session<R, W> {
    final BridgeChannel channel;
    private boolean inputEnded;
    private boolean ended; // and the layer above was told

    BridgeSession(BridgeChannel channel) {
        this.channel = channel;
    }

    /** One of what has come, if there is something. */
    abstract @Nullable R take(Context context) throws IOException;

    @Override
    public final @Nullable R opened(Context context) throws IOException {
        channel.begin();
        return settle(context);
    }

    @Override
    public final @Nullable R timerExpired(Context context) throws IOException {
        return settle(context);
    }

    final @Nullable R noMoreInput(Context context) throws IOException {
        inputEnded = true;
        channel.endInput();
        return settle(context);
    }

    /** After whatever has happened: sends what was written, sees to what is due, and gives what has come, one at a time. */
    final @Nullable R settle(Context context) throws IOException {
        long next = channel.runDue();
        channel.send(context.out());
        R message = take(context);
        if (channel.hasArrived()) {
            context.startTimer(Duration.ZERO); // for the rest
        } else if (next >= 0) {
            context.startTimer(Duration.ofNanos(next));
        } else {
            context.stopTimer();
        }
        if (!ended && !channel.hasArrived() && (inputEnded || !channel.isOpen())) {
            ended = true;
            context.end();
        }
        return message;
    }

    @Override
    public final void encode(W message, Outgoing out) throws IOException {
        io.netty.util.ReferenceCountUtil.retain(message);
        channel.encode(message);
        channel.send(out);
    }

    @Override
    public final void closed() {
        channel.end();
    }
}
