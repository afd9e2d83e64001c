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
 * Sends requests, on connections that it keeps: as many for each origin as are needed at a time, up to a bound.
 *
 * <pre>{@code
 * var client = HttpClient.on(loop);
 * String page = client.get("http://example.org/").await().text().await();
 * }</pre>
 *
 * <p>A response is there when its head is. Its body has to be read to the end, or {@link ClientResponse#discard discarded}: until then it takes up a
 * connection. Of idle connections the one used last is taken first. All of them are read all the time, so that one that a server closes is gone at once.
 *
 * <p>If a connection that was used before fails before a byte of the response has come, which happens when a server has just closed it, the request is
 * tried once more, on a new connection: if it does no harm to carry it out twice (GET, HEAD, PUT, DELETE, OPTIONS, TRACE), and its body can be sent again.
 * {@link HttpClientOptions#retries} says how often other failures are tried again.
 *
 * <p><b>Threading:</b> any thread.
 *
 * <p><b>Errors:</b> a request that has no response fails with a {@link CallFailedException}, which says whether it can have reached the server. What
 * a response says, 404 or 500, is no failure.
 */
public final class HttpClient implements AutoCloseable {
    private final Loop loop;
    private final HttpClientOptions options;
    private final Map<Origin, OriginPool> pools = new HashMap<>(); // on the loop
    private final Retries retries;
    private final Set<Following> pausing = new HashSet<>(); // between two tries; on the loop
    private boolean closed; // on the loop

    private HttpClient(Loop loop, HttpClientOptions options) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.options = Objects.requireNonNull(options, "options");
        this.retries = new Retries(loop, options.is);
    }

    /** A client on this loop, with the usual options. */
    public static HttpClient on(Loop loop) {
        return on(loop, HttpClientOptions.defaults());
    }

    /** A client on this loop. */
    public static HttpClient on(Loop loop, HttpClientOptions options) {
        return new HttpClient(loop, options);
    }

    /** {@link #get(URI)}. */
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

    /** {@link #post(URI, HttpBody)}. */
    public Future<ClientResponse> post(String uri, HttpBody body) {
        return post(URI.create(uri), body);
    }

    /**
     * Sends a request.
     *
     * @return the response, once its head has come. Cancelling it, or not taking what came too late, frees its connection
     */
    public Future<ClientResponse> send(ClientRequest request) {
        Objects.requireNonNull(request, "request");
        var following = new Following(this, request, options.is.redirects);
        onLoop(following.promise(), following::begin);
        return following.promise();
    }

    /** What a Future that was handed out is for, be the loop closed or not; there is no other Future in between that could hold what nobody takes. */
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

    /** From now on, or no more, it waits for its next try. */
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

    HttpClientOptions options() {
        return options;
    }

    /** The connections that a request is for; null if there are to be none any more. */
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

    /** Nothing is left of it; of the same origin there may be another since. */
    void forget(Origin origin, OriginPool pool) {
        pools.remove(origin, pool);
    }

    // ---- ending

    /**
     * Closes all connections; requests without a response, and bodies of responses that have not come whole, fail. Does not wait.
     */
    @Override
    public void close() {
        if (Loop.current() == loop) {
            closeNow();
        } else if (!loop.closed()) {
            loop.submit(this::closeNow).onDone((nothing, loopClosed) -> {});
        }
    }

    private void closeNow() {
        closed = true;
        Map.copyOf(pools).values().forEach(OriginPool::close);
        List.copyOf(pausing).forEach(Following::pauseNoMore);
    }

    /** How many connections there are to the origin of this URI, used or idle. On the loop. */
    int connections(URI uri) {
        OriginPool pool = pools.get(Origin.of(uri));
        return pool == null ? 0 : pool.count();
    }

    /** How many origins it knows. On the loop. */
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
