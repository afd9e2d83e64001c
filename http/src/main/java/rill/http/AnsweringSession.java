package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.http.wire.Data;
import rill.http.wire.HttpLimits;
import rill.http.wire.HttpProtocolException;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;

/**
 * A server's session that delivers violations, and heads that take too long, as {@link Refused} instead of failing. Everything else that it delivers is
 * a {@link RequestEvent}.
 */
final class AnsweringSession implements Session<Object, ResponseEvent> {
    private final Session<RequestEvent, ResponseEvent> session;
    private final Duration headTimeout;
    private boolean inBody;
    private boolean timing; // a head has begun
    private boolean refused;

    private AnsweringSession(Session<RequestEvent, ResponseEvent> session, Duration headTimeout) {
        this.session = session;
        this.headTimeout = headTimeout;
    }

    /**
     * A codec with such sessions.
     *
     * @param headTimeout the longest time from the first bytes of a head to its end
     */
    static Codec<Object, ResponseEvent> codec(HttpLimits limits, Duration headTimeout) {
        return new AnsweringCodec(HttpWire.serverCodec(limits), headTimeout);
    }

    private record AnsweringCodec(Codec<RequestEvent, ResponseEvent> codec, Duration headTimeout)
            implements Codec<Object, ResponseEvent> {
        @Override
        public Session<Object, ResponseEvent> open(Context context) {
            return new AnsweringSession(codec.open(context), headTimeout);
        }

        @Override
        public int sizeEstimate(ResponseEvent event) {
            return codec.sizeEstimate(event);
        }
    }

    @Override
    public @Nullable Object decode(ByteBuf in, Context context) throws IOException {
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
        if (event != null) {
            inBody = isFollowed(event);
        }
        boolean withinHead = event == null && !inBody && in.isReadable(); // what is left of it stays in the buffer
        if (withinHead != timing) {
            time(withinHead, context);
        }
        return event;
    }

    /** Whether more of the same message follows. */
    private static boolean isFollowed(RequestEvent event) {
        return event instanceof RequestHead head ? head.hasBody() : event instanceof Data data && !data.isLast();
    }

    private void time(boolean withinHead, Context context) {
        timing = withinHead;
        if (withinHead) {
            context.startTimer(headTimeout);
        } else {
            context.stopTimer();
        }
    }

    private Refused refused(int status, String why, Context context) {
        refused = true;
        if (timing) {
            time(false, context);
        }
        return new Refused(status, why);
    }

    @Override
    public @Nullable Object timerExpired(Context context) {
        if (timing && !context.isReading()) {
            context.startTimer(headTimeout); // the rest may have arrived, waiting to be read
            return null;
        }
        return timing ? refused(408, "expected the rest of the head", context) : null;
    }

    @Override
    public @Nullable Object inputEnded(ByteBuf rest, Context context) throws IOException {
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
    public void encode(ResponseEvent event, Outgoing out) throws IOException {
        session.encode(event, out);
    }
}
