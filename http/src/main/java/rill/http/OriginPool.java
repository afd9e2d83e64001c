package rill.http;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;

/**
 * The connections to one origin, and the requests that wait for one. On the loop.
 *
 * <pre>
 *  dialing ──▶ ready ──▶ used ──▶ idle (the one used last is taken first) ──▶ used
 *                ▲        │ if a request waits
 *                └────────┘
 *  each of them ── FIN, failure, kept for long enough ──▶ gone
 * </pre>
 *
 * <p>A request takes an idle connection. Otherwise one is dialed, if the limit allows it, and the request takes the first connection to become
 * available. If dialing fails, the request that has waited longest fails with it.
 */
final class OriginPool {
    private final HttpClient client;
    private final Loop loop;
    private final Origin origin;
    private final @Nullable HttpProxy proxy; // null if requests are sent to the origin directly, or through a tunnel
    private final HttpFields fields; // of each request
    private final HttpFields fieldsWithCoding;
    private final ConnectOptions connect;
    private final Pipeline<ResponseEvent, RequestEvent> pipeline;
    private final ArrayDeque<ClientConnection> idle = new ArrayDeque<>();
    private final List<ClientConnection> used = new ArrayList<>();
    private final List<ClientConnection> ready = new ArrayList<>(1); // for waiting requests, once input is decoded
    private final List<Future<Connection<ResponseEvent, RequestEvent>>> dialing = new ArrayList<>();
    private final ArrayDeque<ClientExchange> waiting = new ArrayDeque<>();
    private boolean closed;

    OriginPool(HttpClient client, Origin origin) {
        this.client = client;
        this.loop = client.loop();
        this.origin = origin;
        HttpClientOptions options = client.options();
        HttpProxy through = options.proxy();
        boolean proxied = through != null && through.isFor(origin.host());
        this.proxy = proxied && !origin.secure() ? through : null;
        ConnectOptions direct = options.connect();
        this.connect = through != null && proxied && origin.secure() ? direct.proxy(through.tunnels()) : direct;
        this.fields = HttpFields.of("Host", origin.authority());
        this.fieldsWithCoding = fields.add("Accept-Encoding", "gzip, deflate");
        Pipeline<ResponseEvent, RequestEvent> plain =
                HttpWire.client(options.limits()).over(Heard.LAYER);
        this.pipeline = origin.secure() ? plain.over(options.tls()) : plain;
    }

    HttpFields fields(boolean withCoding) {
        return withCoding ? fieldsWithCoding : fields;
    }

    /** The target on the wire: for a proxy, the whole URI. */
    String target(ClientRequest request) {
        String target = request.target();
        if (proxy == null || !(target.startsWith("/") || target.equals("*"))) {
            return target;
        }
        return target.equals("*") ? origin.toString() : origin + target;
    }

    /** The fields of a request, with the credentials for the proxy. */
    HttpFields toProxy(HttpFields all) {
        String authorization = proxy == null ? null : proxy.authorization();
        return authorization == null || all.contains("proxy-authorization")
                ? all
                : all.add("Proxy-Authorization", authorization);
    }

    int count() {
        return idle.size() + used.size() + ready.size() + dialing.size();
    }

    // ---- requests

    /** Assigns a connection, now or later. */
    void place(ClientExchange exchange) {
        for (ClientConnection each = idle.pollFirst(); each != null; each = idle.pollFirst()) {
            if (each.isOpen()) {
                use(each, exchange);
                return;
            }
        }
        waitFor(exchange, false);
    }

    /** Assigns a new connection, before the other waiting requests. */
    void placeOnNew(ClientExchange exchange) {
        waitFor(exchange, true);
    }

    private void waitFor(ClientExchange exchange, boolean first) {
        if (closed) {
            exchange.fail(Fate.NEVER_SENT, "the client was closed", null);
            return;
        }
        int beyond = waiting.size() - spare();
        if (!first && beyond >= client.options().waiting()) {
            exchange.fail(Fate.NEVER_SENT, beyond + " requests wait for a connection already", null);
            return;
        }
        if (first) {
            waiting.addFirst(exchange);
        } else {
            waiting.addLast(exchange);
        }
        exchange.waits();
        dialIfNeeded();
    }

    /** The number of connections that may exist beyond the used ones: requests that wait only for these to be dialed do not count as waiting. */
    private int spare() {
        return client.options().connections() - used.size();
    }

    private void dialIfNeeded() {
        if (closed || dialing.size() + ready.size() >= waiting.size()) {
            return;
        }
        if (count() >= client.options().connections() && waiting.getFirst().wantsNew() && !idle.isEmpty()) {
            idle.getLast().close(); // makes room, and calls this method again
        } else if (count() < client.options().connections()) {
            dial();
        }
    }

    /** The request no longer wants a connection. */
    void forget(ClientExchange exchange) {
        waiting.remove(exchange);
        leaveIfEmpty();
    }

    private void use(ClientConnection connection, ClientExchange exchange) {
        used.add(connection);
        exchange.take(connection);
    }

    // ---- connections

    private void dial() {
        Future<Connection<ResponseEvent, RequestEvent>> future = connect();
        dialing.add(future);
        future.onDone((connection, failure) -> {
            dialing.remove(future);
            if (connection != null) {
                connected(connection);
            } else if (failure != null) {
                notConnected(failure);
            }
            leaveIfEmpty();
        });
    }

    private Future<Connection<ResponseEvent, RequestEvent>> connect() {
        try {
            return loop.connect(proxy == null ? origin.address() : proxy.address(), pipeline, connect);
        } catch (RuntimeException e) { // an address that can't be connected to
            return loop.failed(e);
        }
    }

    private void connected(Connection<ResponseEvent, RequestEvent> connection) {
        var fresh = new ClientConnection(this, connection);
        if (closed) {
            fresh.close();
            return;
        }
        serveSoon(fresh, () -> {
            notConnected(fresh.whyGone()); // the server has sent something, or disconnected, before a request was sent
            leaveIfEmpty();
        });
    }

    /**
     * Serves a waiting request a little later. Anything the server has already sent, perhaps in the bytes being decoded right now, is no answer to a
     * request not yet sent, and ends the connection.
     */
    private void serveSoon(ClientConnection connection, Runnable ifGone) {
        ready.add(connection);
        loop.schedule("request on an HTTP connection", () -> {
            if (ready.remove(connection)) {
                serve(connection);
            } else if (!closed) {
                ifGone.run();
            }
        });
    }

    private void notConnected(Throwable failure) {
        ClientExchange first = waiting.pollFirst();
        if (first != null) {
            String words = String.valueOf(failure.getMessage());
            first.fail(Fate.NEVER_SENT, proxy == null ? words : "the " + proxy + ": " + words, failure);
        }
        dialIfNeeded();
    }

    /** Assigns an available connection to the request that has waited longest among those that it is suitable for. */
    private void serve(ClientConnection connection) {
        ClientExchange first = waiting.peekFirst();
        if (first != null && connection.isReused() && first.wantsNew()) {
            if (dialing.isEmpty()) {
                connection.close(); // makes room for a new one
                return;
            }
            first = null;
            for (ClientExchange each : waiting) {
                if (!each.wantsNew()) {
                    first = each;
                    break;
                }
            }
        }
        if (first != null) {
            waiting.remove(first);
            use(connection, first);
        } else {
            idle.addFirst(connection);
            connection.idles();
        }
    }

    /** The exchange is over, and the connection can be reused. */
    void free(ClientConnection connection) {
        used.remove(connection);
        if (closed) {
            connection.close();
        } else if (waiting.isEmpty()) {
            serve(connection);
        } else {
            serveSoon(connection, () -> {});
        }
    }

    /** The connection can no longer be used. */
    void gone(ClientConnection connection) {
        if (!used.remove(connection) && !ready.remove(connection)) {
            idle.remove(connection);
        }
        dialIfNeeded();
        leaveIfEmpty();
    }

    // ---- the end

    /** The client takes no further requests. */
    void finishing() {
        List.copyOf(used).forEach(ClientConnection::finishing);
    }

    private void leaveIfEmpty() {
        if (count() == 0 && waiting.isEmpty()) {
            client.forget(origin, this);
        }
    }

    void close() {
        closed = true;
        for (ClientExchange each = waiting.pollFirst(); each != null; each = waiting.pollFirst()) {
            each.fail(Fate.NEVER_SENT, "the client was closed", null);
        }
        List.copyOf(dialing).forEach(Future::cancel);
        List.copyOf(idle).forEach(ClientConnection::close);
        List.copyOf(ready).forEach(ClientConnection::close);
        List.copyOf(used).forEach(ClientConnection::closeInUse);
        leaveIfEmpty();
    }

    HttpClientOptions options() {
        return client.options();
    }

    HttpClient client() {
        return client;
    }

    Loop loop() {
        return loop;
    }

    @Override
    public String toString() {
        return "connections to " + origin;
    }
}
