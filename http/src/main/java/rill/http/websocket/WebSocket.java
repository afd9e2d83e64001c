package rill.http.websocket;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Objects;
import java.util.function.Consumer;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.wire.RequestHead;

/**
 * Where WebSockets begin.
 *
 * <pre>{@code
 * var socket = WebSocket.connect(loop, URI.create("wss://example.org/chat")).await();
 * socket.write(WebSocketMessage.text("hello"));
 * WebSocketMessage answer = socket.receive().await();
 *
 * loop.listen(address, WebSocket.server(), connection -> connection.onMessage(connection::write));
 *
 * HttpServer.listen(loop, address, request -> Future.of(
 *         WebSocket.isAskedFor(request) ? WebSocket.answer(request, this::chat) : HttpResponse.text("a page")));
 * }</pre>
 *
 * <p>A {@link Connection} of a WebSocket is one as any other. It is handed over when the handshake is done: {@code connection.info(WebSocketInfo.class)}
 * tells what came of it. {@link Connection#close} says {@link WebSocketMessage.Close} first, and waits for the peer to end its stream: with 1001 if the loop closes, or the
 * listener or HTTP server that the connection came in by is closed, and with 1000 otherwise; to give another code, write a Close. When the peer closes, its Close is the last message, and was answered. If the peer has merely ended its stream, between messages,
 * there is none.
 *
 * <p><b>Errors:</b> whatever breaks the protocol fails the connection with a {@link rill.ProtocolException}, and the peer is told by a Close with the code
 * that the standard has for it.
 *
 * <p><b>Not guaranteed:</b> that pings are answered while nobody receives. With the pull form, ask for the next message before you need it.
 *
 * <p><b>Source:</b> RFC 6455, RFC 7692.
 */
public final class WebSocket {
    private static final int PORT = 80;
    private static final int TLS_PORT = 443;

    private WebSocket() {}

    // ---- clients

    /** {@link #connect(Loop, URI, WebSocketOptions)} with the usual options. */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(Loop loop, URI uri) {
        return connect(loop, uri, WebSocketOptions.defaults());
    }

    /**
     * Opens a WebSocket.
     *
     * @param uri {@code ws:} or {@code wss:}
     * @return done when the server has agreed. Fails as {@link Loop#connect} does; if the server does not agree, with a {@link
     *     WebSocketRefusedException}. The time limit of {@link WebSocketOptions#connect} holds for all of it
     * @throws IllegalArgumentException if the URI is none of a WebSocket
     */
    public static Future<Connection<WebSocketMessage, WebSocketMessage>> connect(
            Loop loop, URI uri, WebSocketOptions options) {
        Objects.requireNonNull(options, "options");
        boolean secure = "wss".equalsIgnoreCase(uri.getScheme());
        if ((!secure && !"ws".equalsIgnoreCase(uri.getScheme()))
                || uri.getHost() == null
                || uri.getRawFragment() != null
                || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a WebSocket's URI is ws://host/path or wss://host/path, without a user and a fragment, not "
                            + uri);
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : secure ? TLS_PORT : PORT;
        String host = uri.getHost().startsWith("[")
                ? uri.getHost().substring(1, uri.getHost().length() - 1)
                : uri.getHost();
        Pipeline<WebSocketMessage, WebSocketMessage> plain = Pipeline.of(new Handshake.Client(uri, options));
        return loop.connect(
                InetSocketAddress.createUnresolved(host, port),
                secure ? plain.over(options.tls()) : plain,
                options.connect());
    }

    // ---- servers

    /** {@link #server(WebSocketOptions)} with the usual options. */
    public static Pipeline<WebSocketMessage, WebSocketMessage> server() {
        return server(WebSocketOptions.defaults());
    }

    /**
     * What a server speaks that does nothing else, whatever the path. Requests that ask for something else are refused with 426, bad ones with 400,
     * pages of other origins with 403; such a connection is never handed over, and its failure is reported.
     */
    public static Pipeline<WebSocketMessage, WebSocketMessage> server(WebSocketOptions options) {
        return Pipeline.of(new Handshake.Server(Objects.requireNonNull(options, "options")));
    }

    /** Whether a request asks for a WebSocket. */
    public static boolean isAskedFor(HttpRequest request) {
        return request.fields().hasToken("upgrade", "websocket")
                && request.fields().hasToken("connection", "upgrade");
    }

    /** {@link #answer(HttpRequest, WebSocketOptions, Consumer)} with the usual options. */
    public static HttpResponse answer(
            HttpRequest request, Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> onConnection) {
        return answer(request, WebSocketOptions.defaults(), onConnection);
    }

    /**
     * A server's answer to a request for a WebSocket: the connection that it came by becomes one, and is handed to {@code onConnection}. A request that is not as it has
     * to be is answered with 400, 403 or 426.
     */
    public static HttpResponse answer(
            HttpRequest request,
            WebSocketOptions options,
            Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> onConnection) {
        Objects.requireNonNull(onConnection, "onConnection");
        try {
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
