package rill.http;

import java.net.SocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Service;
import rill.Serving;
import rill.ThrowingFunction;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;

/**
 * A server of HTTP/1.1.
 *
 * <pre>
 * HttpServer.listen(loop, address, request -&gt; Future.of(HttpResponse.text("hello")));
 * HttpServer.tasks(loop, address, request -&gt; HttpResponse.text("hello, " + request.body().text().await()));
 * </pre>
 *
 * <p>Answers leave in the order of the requests, whatever order they are ready in. Connections are kept alive; a request's body is read no faster than its
 * handler reads it, and an answer's body is asked for no faster than the client takes it. {@code 100 Continue} is sent when the handler first reads
 * the body. What a handler does not read is thrown away, up to a bound; beyond it the connection closes.
 *
 * <p><b>Threading:</b> handlers run on the loop of the connection: of a {@link rill.LoopGroup}, on several threads at once.
 *
 * <p><b>Errors:</b> a request that breaks the protocol or a limit is answered (400, 408, 414, 431, 501, 505), after those before it, and the connection
 * closes. A handler that throws, or whose Future fails, is answered for with 500 and reported; with 413 after a {@link BodyTooLargeException}, and as it says after a {@link
 * HttpRefusedException}. If an
 * answer can't be sent to its end, the connection is reset, so that nobody takes it for whole. A handler whose client is gone has its Future cancelled.
 *
 * <p><b>Not guaranteed:</b> that this shows soon. While a connection is not read, since {@link HttpServerOptions#pipelined} requests of it are in progress or {@link
 * HttpServerOptions#waitingBytes} of a body wait to be read by the handler, nothing is heard of its client either.
 *
 * <p><b>Closing:</b> when the server or its loop closes, no further request is taken; requests in progress are answered, the last with {@code Connection:
 * close}.
 */
public final class HttpServer implements AutoCloseable {
    private final HttpServerOptions options;
    private final Service<? super HttpRequest, HttpResponse> service;
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final Map<Loop, LoopSide> sides = new ConcurrentHashMap<>(2);
    private volatile @Nullable Loop home;
    private volatile boolean closed;
    private volatile @Nullable Listener listener;

    private HttpServer(HttpServerOptions options, Service<? super HttpRequest, HttpResponse> service) {
        this.options = Objects.requireNonNull(options, "options");
        this.service = Objects.requireNonNull(service, "handler");
    }

    // ---- making

    /** {@link #listen(Serving, SocketAddress, HttpServerOptions, Service)} with the default options. */
    public static Future<HttpServer> listen(
            Serving on, SocketAddress address, Service<? super HttpRequest, HttpResponse> handler) {
        return listen(on, address, HttpServerOptions.defaults(), handler);
    }

    /**
     * Serves at an address, on a loop or the loops of a group.
     *
     * @param handler answers each request. It is called for up to {@link HttpServerOptions#pipelined} requests of a connection before the first is
     *     answered
     * @return done once connections can come in
     */
    public static Future<HttpServer> listen(
            Serving on,
            SocketAddress address,
            HttpServerOptions options,
            Service<? super HttpRequest, HttpResponse> handler) {
        return new HttpServer(options, handler).listen(on, address);
    }

    /** {@link #tasks(Serving, SocketAddress, HttpServerOptions, ThrowingFunction)} with the default options. */
    public static Future<HttpServer> tasks(
            Serving on, SocketAddress address, ThrowingFunction<? super HttpRequest, HttpResponse> handler) {
        return tasks(on, address, HttpServerOptions.defaults(), handler);
    }

    /** Likewise, with a {@link rill.Task} for each request: the handler is sequential code, which may await. */
    public static Future<HttpServer> tasks(
            Serving on,
            SocketAddress address,
            HttpServerOptions options,
            ThrowingFunction<? super HttpRequest, HttpResponse> handler) {
        Objects.requireNonNull(handler, "handler");
        return listen(
                on,
                address,
                options,
                request -> Objects.requireNonNull(Loop.current())
                        .task(request.method() + " " + request.target(), () -> handler.apply(request)));
    }

    private Future<HttpServer> listen(Serving on, SocketAddress address) {
        Pipeline<RequestEvent, ResponseEvent> pipeline =
                HttpWire.answeringServer(options.limits(), options.headDeadline());
        for (ByteLayer layer : options.layers()) {
            pipeline = pipeline.over(layer);
        }
        return on.listen(address, pipeline, options.listen(), this::opened).map(open -> {
            home = Loop.current();
            listener = open;
            return this;
        });
    }

    private void opened(Connection<RequestEvent, ResponseEvent> connection) {
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

    /** The address, with the port that the system chose if it was 0. */
    public SocketAddress address() {
        return listener().address();
    }

    /** How many connections are open; a snapshot. */
    public int connections() {
        return connections.size();
    }

    /** Whether it listens. */
    public boolean isOpen() {
        return listener().isOpen();
    }

    /**
     * Stops listening, and ends each connection once the requests that it has taken are answered. Begins all of this and does not wait: {@link #finish} tells
     * when it is over.
     */
    @Override
    public void close() {
        closed = true;
        listener().close();
        connections.forEach(ServerConnection::finish);
    }

    /**
     * {@link #close() Closes}, and tells when the last connection has ended. That may take as long as a handler takes: {@link Future#timeout} and
     * {@link Loop#close(java.time.Duration)} bound it.
     */
    public Future<@Nullable Void> finish() {
        close();
        var open = connections.stream().map(ServerConnection::closed).toList();
        return open.isEmpty()
                ? Objects.requireNonNull(home).done(null)
                : Future.all(open).map(all -> null);
    }

    @Override
    public String toString() {
        return "HTTP server at " + listener().address();
    }
}
