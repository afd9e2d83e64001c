package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** A server's session that delivers violations, and heads that take too long, as {@link Refused} instead of failing. */
final class AnsweringSession implements Session<RequestEvent, ResponseEvent> {
    private final ServerSession session;
    private final Duration headTimeout;
    private boolean timing; // a head has begun
    private boolean refused;

    AnsweringSession(ServerSession session, Duration headTimeout) {
        this.session = session;
        this.headTimeout = headTimeout;
    }

    @Override
    public @Nullable RequestEvent decode(ByteBuf in, Context context) throws IOException {
        if (refused) {
            in.skipBytes(in.readableBytes());
            return null;
        }
        RequestEvent event;
        try {
            event = session.decode(in, context);
        } catch (HttpProtocolException e) {
            in.skipBytes(in.readableBytes());
            return refused(e.status(), e.violation(), context);
        }
        if (timing || (event == null && session.isWithinHead())) {
            time(context);
        }
        return event;
    }

    private void time(Context context) {
        boolean within = session.isWithinHead();
        if (within && !timing) {
            context.startTimer(headTimeout);
        } else if (!within) {
            context.stopTimer();
        }
        timing = within;
    }

    private Refused refused(int status, String why, Context context) {
        refused = true;
        if (timing) {
            context.stopTimer();
            timing = false;
        }
        return new Refused(status, why);
    }

    @Override
    public @Nullable RequestEvent timerExpired(Context context) {
        if (timing && !context.isReading()) {
            context.startTimer(headTimeout); // the rest may have arrived, waiting to be read
            return null;
        }
        return timing ? refused(408, "expected the rest of the head", context) : null;
    }

    @Override
    public @Nullable RequestEvent inputEnded(ByteBuf rest, Context context) throws IOException {
        if (refused) {
            context.end();
            return null;
        }
        try {
            return session.inputEnded(rest, context);
        } catch (HttpProtocolException e) {
            context.end();
            return refused(e.status(), e.violation(), context);
        }
    }

    @Override
    public void encode(ResponseEvent event, Outgoing out) {
        session.encode(event, out);
    }
}
