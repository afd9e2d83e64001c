package rill.http;

import java.net.URI;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.Loop;
import rill.Promise;

/**
 * An HTTP/1.1 client that sends requests over connections it keeps: for each origin as many as are needed at a time, up to a bound.
 *
 * <pre>{@code
 * var client = HttpClient.on(loop);
 * String page = client.get("http://example.org/").await().orThrow().text().await();
 * }</pre>
 *
 * <p>The Future of a response is done when its head has arrived. Its body has to be read to the end or {@link ClientResponse#discard discarded}; until
 * then it occupies a connection. Of the idle connections, the most recently used is taken first. All of them are read all the time, so that one closed
 * by the server is removed at once.
 *
 * <p>If a reused connection fails before a byte of the response has arrived, which happens when a server has just closed it, the request is tried once
 * more on a new connection, provided that it does no harm to carry it out twice (GET, HEAD, PUT, DELETE, OPTIONS, TRACE) and that its body can be sent
 * again. {@link HttpClientOptions#retries} says how often other failures are retried.
 *
 * <p><b>Threading:</b> any thread.
 *
 * <p><b>Errors:</b> a URI that is malformed, or that no request can be sent to, is an {@link IllegalArgumentException}, which is thrown at once: see
 * {@link ClientRequest#of(String, URI)}. A request without a response fails with a {@link CallFailedException}, which says whether it may have reached
 * the server. A response with a status such as 404 or 500 is not a failure, unless {@link ClientResponse#orThrow} makes it one.
 */
public final class HttpClient implements AutoCloseable {
    private final Loop loop;
    private final HttpClientOptions options;
    private final Map<Origin, OriginPool> pools = new HashMap<>(); // on the loop
    private final Retries retries;
    private final Set<Following> pausing = new HashSet<>(); // between two attempts; on the loop
    private final Ending ending;
    private volatile boolean open = true;
    private boolean finishing; // takes no further requests; on the loop
    private boolean closed; // on the loop
    private int calls; // and exchanges, that have not ended; on the loop
    private int connections; // that are not gone; on the loop

    private HttpClient(Loop loop, HttpClientOptions options) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.options = Objects.requireNonNull(options, "options");
        this.retries = new Retries(loop, options);
        this.ending = new Ending(loop);
    }

    /** Returns a client on this loop, with the default options. */
    public static HttpClient on(Loop loop) {
        return on(loop, HttpClientOptions.defaults());
    }

    /** Returns a client on this loop. */
    public static HttpClient on(Loop loop, HttpClientOptions options) {
        return new HttpClient(loop, options);
    }

    /** {@link #send Sends} a GET. */
    public Future<ClientResponse> get(String uri) {
        return get(URI.create(uri));
    }

    /** {@link #send Sends} a GET. */
    public Future<ClientResponse> get(URI uri) {
        return send(ClientRequest.get(uri));
    }

    /** {@link #send Sends} a POST. */
    public Future<ClientResponse> post(URI uri, HttpBody body) {
        return send(ClientRequest.post(uri, body));
    }

    /** {@link #send Sends} a POST. */
    public Future<ClientResponse> post(String uri, HttpBody body) {
        return post(URI.create(uri), body);
    }

    /**
     * Sends a request.
     *
     * @return the response, once its head has arrived. If it is cancelled, or nobody takes a response that arrived too late, its connection is freed
     */
    public Future<ClientResponse> send(ClientRequest request) {
        Objects.requireNonNull(request, "request");
        var following = new Following(this, request, options.redirects());
        onLoop(following.promise(), () -> {
            if (finishing) {
                following.refuse();
            } else {
                following.begin();
            }
        });
        return following.promise();
    }

    /**
     * Runs the work of a Future that was handed out, even if the loop closes. There is no other Future in between that could hold a result that nobody
     * takes.
     */
    void onLoop(Promise<?> promise, Runnable work) {
        if (Loop.current() == loop) {
            work.run();
            return;
        }
        var _ = loop.submit(work::run).toCompletableFuture().whenComplete((nothing, failure) -> {
            if (failure != null) {
                promise.fail(failure);
            }
        });
    }

    // ---- for the other parts, on the loop

    Loop loop() {
        return loop;
    }

    Retries retries() {
        return retries;
    }

    /** Notes that a call has begun, or ended, to wait for its next attempt. */
    void pauses(Following call, boolean does) {
        if (does) {
            pausing.add(call);
        } else {
            pausing.remove(call);
        }
    }

    boolean isClosed() {
        return closed;
    }

    boolean isFinishing() {
        return finishing;
    }

    /** A call begins, or one of its exchanges, which may end later than the call. */
    void begins() {
        calls++;
    }

    /** A call has ended, or an exchange. A client that finishes closes with the last one, once that has given its connection back. */
    void ends() {
        calls--;
        if (finishing && calls == 0) {
            loop.schedule("end of an HTTP client", this::closeIfDone);
        }
    }

    private void closeIfDone() {
        if (calls == 0) {
            closeNow();
        }
    }

    /** A connection has opened. */
    void connected() {
        connections++;
    }

    /** A connection is gone. */
    void disconnected() {
        connections--;
        tellIfOver();
    }

    private void tellIfOver() {
        if (closed && connections == 0) {
            ending.tell();
        }
    }

    HttpClientOptions options() {
        return options;
    }

    /** The connections for a request; null if the client is closed. */
    @Nullable
    OriginPool pool(ClientRequest request) {
        if (closed) {
            return null;
        }
        Origin origin = Origin.of(request.uri());
        OriginPool pool = pools.get(origin);
        if (pool == null) {
            pool = new OriginPool(this, origin);
            pools.put(origin, pool);
        }
        return pool;
    }

    /** Removes an empty pool, unless the origin has another one by now. */
    void forget(Origin origin, OriginPool pool) {
        pools.remove(origin, pool);
    }

    // ---- ending

    /**
     * Takes no more requests, waits for the responses to those already made, with their bodies, and closes. Requests that wait for a connection, or for
     * another try, still get it, within their time limits. A body of a request without an end of its own should end then: see
     * {@link HttpBody.Source#finishing}.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> finish() {
        open = false;
        end(this::finishNow);
        return closed();
    }

    /**
     * Closes all connections. Requests without a response fail, and so do bodies that have not arrived completely. Does not wait: await {@link #closed}
     * for the end; {@link #finish} waits for the responses first.
     */
    @Override
    public void close() {
        open = false;
        end(this::closeNow);
    }

    private void end(Runnable action) {
        if (Loop.current() == loop) {
            action.run();
        } else if (!loop.isClosed()) {
            loop.submit(action::run).onDone((nothing, loopClosed) -> {});
        }
    }

    private void finishNow() {
        finishing = true;
        List.copyOf(pools.values()).forEach(OriginPool::finishing);
        closeIfDone();
    }

    private void closeNow() {
        finishing = true;
        closed = true;
        Map.copyOf(pools).values().forEach(OriginPool::close);
        List.copyOf(pausing).forEach(Following::pauseNoMore);
        tellIfOver();
    }

    /**
     * Done, never failed, when the client was closed and all its connections are gone, or when its loop has ended before. The Future is the caller's
     * own.
     */
    public Future<@Nullable Void> closed() {
        return ending.future();
    }

    /** Returns whether the client takes requests: until it is closed or finishing, or its loop is closed. */
    public boolean isOpen() {
        return open && !loop.isClosed();
    }

    /** The number of connections to the origin of this URI, used or idle. On the loop. */
    int connections(URI uri) {
        OriginPool pool = pools.get(Origin.of(uri));
        return pool == null ? 0 : pool.count();
    }

    /** The number of known origins. On the loop. */
    int pools() {
        return pools.size();
    }

    static CallFailedException failed(Fate fate, ClientRequest request, String why, @Nullable Throwable cause) {
        return new CallFailedException(fate, request + ": " + why, cause);
    }

    @Override
    public String toString() {
        return "HTTP client on " + loop.name();
    }
}
