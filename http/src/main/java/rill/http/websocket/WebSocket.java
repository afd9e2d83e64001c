package rill.http.websocket;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.wire.RequestHead;

/**
 * Opens WebSockets, as a client or a server.
 *
 * <pre>{@code
 * var socket = WebSocket.connect(loop, "wss://example.org/chat").await();
 * socket.write(WebSocketMessage.text("hello"));
 * WebSocketMessage answer = socket.receive().await();
 *
 * loop.listen(address, WebSocket.server(), connection -> connection.onMessage(connection::write));
 *
 * HttpServer.serve(loop, address, request -> Future.of(
 *         WebSocket.isAskedFor(request) ? WebSocket.answer(request, this::chat) : HttpResponse.text("a page")));
 * }</pre>
 *
 * <p>The {@link Connection} of a WebSocket is used like any other. It is handed over when the handshake is done;
 * {@code connection.info(WebSocketInfo.class)} returns its result. {@link Connection#close} first sends a {@link WebSocketMessage.Close} and waits for
 * the peer to end its stream. The code is 1001 if the loop closes, or the listener or HTTP server that accepted the connection, and 1000 otherwise; to
 * send another code, write a Close. When the peer closes, its Close, already answered, is the last message. There is none if the peer merely ended its
 * stream between messages.
 *
 * <p><b>Errors:</b> a violation of the protocol fails the connection with a {@link rill.ProtocolException}, and the peer is sent a Close with the
 * standard's code for it.
 *
 * <p><b>Not guaranteed:</b> that pings are answered while nobody receives. With the pull form, ask for the next message before you need it.
 *
 * <p><b>Source:</b> RFC 6455, RFC 7692.
 */
public final class WebSocket {
    private static final int PORT = 80;
    private static final int TLS_PORT = 443;
    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");

    private WebSocket() {}

    // ---- clients

    /** {@link #connect(Loop, URI, WebSocketOptions)} with the default options. */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(Loop loop, URI uri) {
        return connect(loop, uri, WebSocketOptions.defaults());
    }

    /** {@link #connect(Loop, URI, WebSocketOptions)} to this text as a URI, with the default options. */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(Loop loop, String uri) {
        return connect(loop, URI.create(uri));
    }

    /** {@link #connect(Loop, URI, WebSocketOptions)} to this text as a URI. */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(
            Loop loop, String uri, WebSocketOptions options) {
        return connect(loop, URI.create(uri), options);
    }

    /**
     * Opens a WebSocket as a client.
     *
     * @param uri {@code ws:} or {@code wss:}
     * @return done when the server has agreed. Fails as {@link Loop#connect} does, and with a {@link WebSocketRefusedException} if the server does not
     *     agree. The time limit of {@link WebSocketOptions#connect} includes the handshake
     * @throws IllegalArgumentException if it is malformed, or not a WebSocket's URI
     */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(
            Loop loop, URI uri, WebSocketOptions options) {
        Objects.requireNonNull(options, "options");
        boolean secure = "wss".equalsIgnoreCase(uri.getScheme());
        Matcher named =
                NAMED.matcher(Opening.authority(uri)); // java.net.URI allows no underscore, but names of containers do
        boolean byName = uri.getHost() == null && named.matches();
        if ((!secure && !"ws".equalsIgnoreCase(uri.getScheme()))
                || (uri.getHost() == null && !byName)
                || uri.getRawFragment() != null
                || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a WebSocket's URI is ws://host/path or wss://host/path, without a user and a fragment, not "
                            + uri);
        }
        int stated = !byName ? uri.getPort() : named.group(2) == null ? -1 : Integer.parseInt(named.group(2));
        int port = stated >= 0 ? stated : secure ? TLS_PORT : PORT;
        String name = byName ? named.group(1) : uri.getHost();
        String host = name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
        Pipeline<WebSocketMessage, WebSocketMessage> plain = Pipeline.of(new Handshake.Client(uri, options));
        return loop.connect(
                InetSocketAddress.createUnresolved(host, port),
                secure ? plain.over(options.tls()) : plain,
                options.connect());
    }

    // ---- servers

    /** {@link #server(WebSocketOptions)} with the default options. */
    public static Pipeline<WebSocketMessage, WebSocketMessage> server() {
        return server(WebSocketOptions.defaults());
    }

    /**
     * Returns the pipeline of a server that speaks only WebSocket, whatever the path. Requests for anything else are refused with 426, malformed ones
     * with 400, and pages of other origins with 403; such a connection is never handed over, and its failure is reported.
     */
    public static Pipeline<WebSocketMessage, WebSocketMessage> server(WebSocketOptions options) {
        return Pipeline.of(new Handshake.Server(Objects.requireNonNull(options, "options")));
    }

    /** Returns whether a request asks for a WebSocket. One of HTTP/1.0 never does. */
    public static boolean isAskedFor(HttpRequest request) {
        return request.isUpgrade() && request.fields().hasToken("upgrade", "websocket");
    }

    /** {@link #answer(HttpRequest, WebSocketOptions, Consumer)} with the default options. */
    public static HttpResponse answer(
            HttpRequest request, Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> onConnection) {
        return answer(request, WebSocketOptions.defaults(), onConnection);
    }

    /**
     * Returns a server's answer to a request for a WebSocket: the request's connection becomes one, and is passed to {@code onConnection}. An invalid
     * request is answered with 400, 403 or 426.
     */
    public static HttpResponse answer(
            HttpRequest request,
            WebSocketOptions options,
            Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> onConnection) {
        Objects.requireNonNull(onConnection, "onConnection");
        try {
            if (!isAskedFor(request)) {
                throw Opening.notAskedFor();
            }
            WebSocketInfo info =
                    Opening.answer(RequestHead.of(request.method(), request.target(), request.fields()), options);
            var codec = new WebSocketCodec(false, info, options);
            return HttpResponse.upgrade(
                    info.response().status(),
                    info.response().fields(),
                    connection -> onConnection.accept(connection.become(codec)));
        } catch (Opening.RefusedException e) {
            return HttpResponse.of(e.status).fields(e.fields).body(HttpBody.of(e.content()));
        }
    }
}
