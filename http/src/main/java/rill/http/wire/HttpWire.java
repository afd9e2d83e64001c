package rill.http.wire;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Pipeline;
import rill.Session;

/**
 * HTTP/1.1 over any connection, both sides of it: heads, pieces of bodies, and ends, in the order of the wire. For servers and clients there is more
 * in {@code rill.http}; this is what they stand on, and what proxies and other protocols that begin with HTTP need.
 *
 * <p><b>Ownership:</b> {@link Data} holds a buffer, which its receiver releases. Heads and ends hold none.
 *
 * <p><b>Errors:</b> whatever does not follow the standard to the letter, or is above the limits, is an {@link HttpProtocolException}: in particular all
 * that two readers might understand in two ways. What can't be sent is an {@link IllegalArgumentException}, where it is made or when it is written:
 * a body that is longer or shorter than declared fails the connection, and is never patched. What comes out of turn is an {@link
 * IllegalStateException}.
 *
 * <p><b>Stricter than the standard:</b> no Content-Length twice, whatever it says; no coding beside {@code chunked}; no fragment and no byte above
 * 0x7E in a target; no blanks before the end of a chunk's line; no body with CONNECT. <b>More lenient:</b> the space after a status may be missing if no
 * reason follows. One empty line before a head is skipped.
 *
 * <p><b>Not guaranteed:</b> that pieces of a body come as they were written.
 */
public final class HttpWire {
    private HttpWire() {}

    /** {@link #server(HttpLimits)} with the usual limits. */
    public static Pipeline<RequestEvent, ResponseEvent> server() {
        return server(HttpLimits.defaults());
    }

    /**
     * How a server speaks to its clients. Responses are written in the order of the requests; who reads requests bounds how many wait for their
     * responses. After a request that asks for another protocol nothing more is decoded until {@link rill.Connection#become} or {@link
     * rill.Connection#resume}. After one that is to be the last, whatever follows is thrown away.
     */
    public static Pipeline<RequestEvent, ResponseEvent> server(HttpLimits limits) {
        return Pipeline.of(serverCodec(limits));
    }

    /** {@link #server(HttpLimits)} as a codec. */
    public static Codec<RequestEvent, ResponseEvent> serverCodec(HttpLimits limits) {
        return new ServerCodec(Objects.requireNonNull(limits, "limits"), null);
    }

    /**
     * {@link #server(HttpLimits)} for a server that tells its clients what was wrong: a violation is {@link Refused}, and does not fail the connection.
     * So is a head that has begun and is not complete after a while.
     *
     * @param headDeadline how long a head may take from its first bytes on
     */
    public static Pipeline<RequestEvent, ResponseEvent> answeringServer(HttpLimits limits, Duration headDeadline) {
        if (headDeadline.isNegative() || headDeadline.isZero()) {
            throw new IllegalArgumentException("no time for a head: " + headDeadline);
        }
        return Pipeline.of(new ServerCodec(Objects.requireNonNull(limits, "limits"), headDeadline));
    }

    /** {@link #client(HttpLimits)} with the usual limits. */
    public static Pipeline<ResponseEvent, RequestEvent> client() {
        return client(HttpLimits.defaults());
    }

    /**
     * How a client speaks to a server. A response that nobody has asked for breaks the protocol. After a 101, or a response that agrees to CONNECT,
     * nothing more is decoded until {@link rill.Connection#become}.
     */
    public static Pipeline<ResponseEvent, RequestEvent> client(HttpLimits limits) {
        return Pipeline.of(clientCodec(limits));
    }

    /** {@link #client(HttpLimits)} as a codec. */
    public static Codec<ResponseEvent, RequestEvent> clientCodec(HttpLimits limits) {
        return new ClientCodec(Objects.requireNonNull(limits, "limits"));
    }

    /** @param headDeadline null where violations fail the connection */
    private record ServerCodec(HttpLimits limits, @Nullable Duration headDeadline)
            implements Codec<RequestEvent, ResponseEvent> {
        @Override
        public Session<RequestEvent, ResponseEvent> open(Context context) {
            var session = new ServerSession(limits, context);
            return headDeadline == null ? session : new AnsweringSession(session, headDeadline);
        }

        @Override
        public int sizeEstimate(ResponseEvent event) {
            return switch (event) {
                case ResponseHead head -> MessageWriter.estimate(head) + head.content().length;
                case BodyEvent body -> estimate(body);
            };
        }
    }

    private record ClientCodec(HttpLimits limits) implements Codec<ResponseEvent, RequestEvent> {
        @Override
        public Session<ResponseEvent, RequestEvent> open(Context context) {
            return new ClientSession(limits, context);
        }

        @Override
        public int sizeEstimate(RequestEvent event) {
            return switch (event) {
                case RequestHead head -> MessageWriter.estimate(head);
                case BodyEvent body -> estimate(body);
                case Refused refused -> 0;
            };
        }
    }

    private static int estimate(BodyEvent event) {
        return switch (event) {
            case Data data -> data.size() + 32;
            case End end -> end.trailers().to() - end.trailers().from() + 8;
        };
    }
}
