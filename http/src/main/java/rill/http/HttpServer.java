package rill.http;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Service;
import rill.Serving;
import rill.ThrowingFunction;
import rill.http.wire.ResponseEvent;

/**
 * An HTTP/1.1 server.
 *
 * <pre>
 * HttpServer.serve(loop, address, request -&gt; Future.of(HttpResponse.text("hello")));
 * HttpServer.serveWithTask(loop, address, request -&gt; HttpResponse.text("hello, " + request.body().text().await()));
 * </pre>
 *
 * <p>Answers are sent in the order of the requests, whatever order they become ready in. Connections are kept alive. Back-pressure works both ways: a
 * request's body is read no faster than its handler reads it, and an answer's body is asked for no faster than the client takes it.
 * {@code 100 Continue} is sent when the handler first reads the body. Whatever a handler leaves unread is discarded, up to
 * {@link HttpServerOptions#drainBytes}; beyond that the connection is closed.
 *
 * <p><b>Threading:</b> handlers run on the loop of the connection. On a {@link rill.LoopGroup} that means several threads at once.
 *
 * <p><b>Errors</b> to which the server itself gives the answer, a short text unless {@link HttpServerOptions#errorAnswers} makes another:
 *
 * <ul>
 *   <li>400, 414, 417, 431, 501, 505: a request breaks the protocol or exceeds a limit; 408: its head or its body takes too long. It is answered after
 *       the requests before it, and the connection is closed. Not reported.
 *   <li>413: the handler throws a {@link BodyTooLargeException} of a request, or its Future fails with it. Not reported.
 *   <li>The status of an {@link HttpRefusedException}, likewise. Not reported.
 *   <li>503: the handler's Future was cancelled, as by {@link HttpServerOptions#answerDeadline}. Not reported.
 *   <li>404, 403: the file of the response is missing, or may not be read. Not reported.
 *   <li>500: the handler fails otherwise, or its response can't be sent. Reported. So is a failure of a handler whose client has gone, unless it is an
 *       IOException.
 * </ul>
 *
 * <p>If an answer that has begun can't be sent to its end, the connection is reset, so that the client can't take it for complete.
 *
 * <p><b>Clients that leave:</b> if the client disconnects by a reset, the Future of its handler is given up, which cancels it unless others wait for it.
 * A client that only ends its stream may still read its answer; it counts as gone once nothing has been written to it for
 * {@link HttpServerOptions#idleTime}, or at once without {@link HttpServerOptions#halfClose}.
 *
 * <p><b>Not guaranteed:</b> that a disconnect is noticed soon. A connection is not read while {@link HttpServerOptions#pipelined} of its requests are
 * in progress, while {@link HttpServerOptions#waitingBytes} of a body wait for the handler, or while a request with {@code Upgrade}, or CONNECT, waits
 * for its answer; until reading resumes, a disconnect goes unnoticed. {@link HttpServerOptions#answerDeadline} bounds that.
 *
 * <p><b>Closing:</b> when the server or its loop closes, no further requests are taken. Requests in progress are answered, the last one with
 * {@code Connection: close}. {@link HttpResponse#events Events} end at once; any other streamed body is sent to its end, but its
 * {@link HttpBody.Source#finishing source} is told.
 */
public final class HttpServer implements AutoCloseable {
    private final HttpServerOptions options;
    private final Service<? super HttpRequest, HttpResponse> service;
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final Map<Loop, LoopSide> sides = new ConcurrentHashMap<>(2);
    private volatile boolean closed; // by the user
    private volatile @Nullable Ending ending;
    private volatile @Nullable Listener listener; // set last

    private HttpServer(HttpServerOptions options, Service<? super HttpRequest, HttpResponse> service) {
        this.options = Objects.requireNonNull(options, "options");
        this.service = Objects.requireNonNull(service, "handler");
    }

    // ---- making

    /** {@link #serve(Serving, SocketAddress, HttpServerOptions, Service)} with the default options. */
    public static Future<HttpServer> serve(
            Serving on, SocketAddress address, Service<? super HttpRequest, HttpResponse> handler) {
        return serve(on, address, HttpServerOptions.defaults(), handler);
    }

    /**
     * Serves at an address, on a loop or on the loops of a group.
     *
     * @param handler answers each request. It is called for up to {@link HttpServerOptions#pipelined} requests of a connection before the first is
     *     answered
     * @return done once connections can be accepted
     */
    public static Future<HttpServer> serve(
            Serving on,
            SocketAddress address,
            HttpServerOptions options,
            Service<? super HttpRequest, HttpResponse> handler) {
        return new HttpServer(options, handler).listen(on, address);
    }

    /** {@link #serveWithTask(Serving, SocketAddress, HttpServerOptions, ThrowingFunction)} with the default options. */
    public static Future<HttpServer> serveWithTask(
            Serving on, SocketAddress address, ThrowingFunction<? super HttpRequest, HttpResponse> handler) {
        return serveWithTask(on, address, HttpServerOptions.defaults(), handler);
    }

    /**
     * Serves at an address like {@link #serve(Serving, SocketAddress, HttpServerOptions, Service)}, with a {@link rill.Task} for each request: the
     * handler is sequential code, which may await.
     */
    public static Future<HttpServer> serveWithTask(
            Serving on,
            SocketAddress address,
            HttpServerOptions options,
            ThrowingFunction<? super HttpRequest, HttpResponse> handler) {
        Objects.requireNonNull(handler, "handler");
        return serve(on, address, options, new WithTask(handler));
    }

    /** A Task for each request, for which nobody else waits. */
    record WithTask(ThrowingFunction<? super HttpRequest, HttpResponse> handler)
            implements Service<HttpRequest, HttpResponse> {
        @Override
        public Future<HttpResponse> answer(HttpRequest request) {
            return request.loop().task(request.method() + " " + request.target(), () -> handler.apply(request));
        }
    }

    private Future<HttpServer> listen(Serving on, SocketAddress address) {
        Pipeline<Object, ResponseEvent> pipeline =
                Pipeline.of(AnsweringSession.codec(options.limits(), options.headTimeout()));
        for (ByteLayer layer : options.layers()) {
            pipeline = pipeline.over(layer);
        }
        // While a handler works, a connection of HTTP looks idle to the Listener.
        ListenOptions listen = options.listen().idleTime(Duration.ZERO);
        return on.listen(address, pipeline, listen, this::opened).map(open -> {
            ending = new Ending(Objects.requireNonNull(Loop.current()));
            listener = open;
            return this;
        });
    }

    private void opened(Connection<Object, ResponseEvent> connection) {
        LoopSide side = sides.computeIfAbsent(connection.loop(), loop -> new LoopSide(loop, options));
        var server = new ServerConnection(this, side, connection);
        connections.add(server);
        server.begin();
        if (closed) {
            server.finish();
        }
    }

    void gone(ServerConnection connection) {
        connections.remove(connection);
        tellIfOver();
    }

    private void tellIfOver() {
        Listener known = listener;
        if (known != null && !known.isOpen() && connections.isEmpty()) {
            ending().tell();
        }
    }

    private Ending ending() {
        return Objects.requireNonNull(ending);
    }

    HttpServerOptions options() {
        return options;
    }

    Service<? super HttpRequest, HttpResponse> service() {
        return service;
    }

    // ---- using

    private Listener listener() {
        return Objects.requireNonNull(listener);
    }

    /** Returns the address, with the port chosen by the system if it was 0. */
    public SocketAddress address() {
        return listener().address();
    }

    /**
     * Returns the TCP port of the {@link #address}, chosen by the system if it was 0.
     *
     * @throws IllegalStateException if the server listens at a Unix domain socket, which has no port
     */
    public int port() {
        if (address() instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw new IllegalStateException(this + " has no port; ask for its address()");
    }

    /** Returns the number of open connections; a snapshot. */
    public int connections() {
        return connections.size();
    }

    /** Returns whether the server is listening. */
    public boolean isOpen() {
        return listener().isOpen();
    }

    /**
     * Stops listening, and ends each connection once the requests already taken from it are answered. Does not wait: {@link #finish} returns a Future
     * for the end.
     */
    @Override
    public void close() {
        closed = true;
        listener().close();
        connections.forEach(ServerConnection::finish);
        tellIfOver();
    }

    /**
     * {@link #close() Closes} the server. This takes as long as the slowest handler and the longest body, unless it is bounded by
     * {@link Future#timeout} or {@link Loop#close(java.time.Duration)}.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> finish() {
        close();
        return closed();
    }

    /**
     * Done, never failed, when the server was closed and its last connection is gone, or when its loop (of a group: the one that listened
     * first) has ended before. The Future is the caller's own. <b>Not guaranteed:</b> that no connection opens after that: one that was accepted before and is on its way to its loop, or in its TLS
     * handshake, closes as soon as it is open. Upgraded connections don't count.
     */
    public Future<@Nullable Void> closed() {
        return ending().future();
    }

    @Override
    public String toString() {
        return "HTTP server at " + listener().address();
    }
}
