package rill.http.wire;

import java.util.Objects;
import rill.Codec;
import rill.Context;
import rill.Pipeline;
import rill.Session;

/**
 * HTTP/1.1 over any connection, for either side: heads, pieces of bodies, and ends, in the order of the wire. {@code rill.http} builds its server and
 * client on it; proxies and other protocols that begin with HTTP can use it directly.
 *
 * <p><b>Ownership:</b> {@link Data} holds a buffer, which must be released by its receiver. Heads and ends hold none.
 *
 * <p><b>Errors:</b> anything received that does not follow the standard to the letter, or exceeds the limits, fails with an
 * {@link HttpProtocolException}; in particular anything that two readers might understand differently. A value that can't be sent fails with an
 * {@link IllegalArgumentException}, where it is made or when it is written: a body that is longer or shorter than declared fails the connection, and is
 * never patched. An event written out of order fails with an {@link IllegalStateException}.
 *
 * <p><b>Stricter than the standard:</b> no second Content-Length, even with the same value; no coding except {@code chunked}; no fragment and no byte
 * above 0x7E in a target; no blanks before the end of a chunk's line; no body with CONNECT. <b>More lenient:</b> the space after a status may be
 * missing if no reason follows. One empty line before a head is skipped.
 *
 * <p><b>Not guaranteed:</b> that pieces of a body arrive as they were written.
 */
public final class HttpWire {
    private HttpWire() {}

    /** {@link #server(HttpLimits)} with the default limits. */
    public static Pipeline<RequestEvent, ResponseEvent> server() {
        return server(HttpLimits.defaults());
    }

    /**
     * Returns a server's pipeline. Responses are written in the order of the requests; the reader of requests must bound how many wait for their
     * responses. After a request for another protocol nothing more is decoded until {@link rill.Connection#become} or {@link rill.Connection#resume}.
     * After a request that is the last on its connection, anything that follows is discarded.
     */
    public static Pipeline<RequestEvent, ResponseEvent> server(HttpLimits limits) {
        return Pipeline.of(serverCodec(limits));
    }

    /** {@link #server(HttpLimits)} as a codec. */
    public static Codec<RequestEvent, ResponseEvent> serverCodec(HttpLimits limits) {
        return new ServerCodec(Objects.requireNonNull(limits, "limits"));
    }

    /** {@link #client(HttpLimits)} with the default limits. */
    public static Pipeline<ResponseEvent, RequestEvent> client() {
        return client(HttpLimits.defaults());
    }

    /**
     * Returns a client's pipeline. A response without a request is a violation of the protocol. After a 101, or a response that agrees to CONNECT,
     * nothing more is decoded until {@link rill.Connection#become}.
     */
    public static Pipeline<ResponseEvent, RequestEvent> client(HttpLimits limits) {
        return Pipeline.of(clientCodec(limits));
    }

    /** {@link #client(HttpLimits)} as a codec. */
    public static Codec<ResponseEvent, RequestEvent> clientCodec(HttpLimits limits) {
        return new ClientCodec(Objects.requireNonNull(limits, "limits"));
    }

    private record ServerCodec(HttpLimits limits) implements Codec<RequestEvent, ResponseEvent> {
        @Override
        public Session<RequestEvent, ResponseEvent> open(Context context) {
            return new ServerSession(limits, context);
        }

        @Override
        public int sizeEstimate(ResponseEvent event) {
            return switch (event) {
                case ResponseHead head -> MessageWriter.estimate(head);
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
