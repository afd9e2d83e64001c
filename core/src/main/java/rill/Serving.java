package rill;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * The loops on which servers, connections and pools run: a {@link Loop}, or the loops of a {@link LoopGroup}, which share the connections.
 *
 * <p><b>Threading:</b> any thread. The handlers, Tasks and {@link Service}s passed to a server run on the loop of the connection. With a LoopGroup
 * they may run for several connections on several threads at once.
 *
 * <p><b>Errors:</b> the Futures fail with an {@link IOException} that names the address, or with a {@link CancelledException} if the loop is closed.
 */
public sealed interface Serving extends AutoCloseable permits Loop, LoopGroup {
    // ---- connections

    /**
     * Listens, and passes each connection to {@code onConnection} once every layer of its pipeline is ready: with TLS, after the handshake. (A layer
     * that is still not ready when the peer has ended its stream is waited for no longer.) A connection that fails before that is reported. An
     * exception thrown by {@code onConnection} fails the connection. No message is decoded until {@code receive} or {@code onMessage} is called, by
     * {@code onConnection} or later.
     *
     * @return done once connections can be accepted
     */
    default <R, W> Future<Listener> listen(
            SocketAddress address, Pipeline<R, W> pipeline, Consumer<? super Connection<R, W>> onConnection) {
        return listen(address, pipeline, ListenOptions.defaults(), onConnection);
    }

    /** {@link #listen(SocketAddress, Pipeline, Consumer)} with options. */
    default <R, W> Future<Listener> listen(
            SocketAddress address,
            Pipeline<R, W> pipeline,
            ListenOptions options,
            Consumer<? super Connection<R, W>> onConnection) {
        requireNonNull(address, pipeline, "pipeline", options);
        Objects.requireNonNull(onConnection, "onConnection");
        return open(address, options, link -> openWhenReady(link, pipeline, onConnection::accept));
    }

    /**
     * Listens, and runs {@code body} in a {@link Task} for each connection whose layers are ready. When the body returns, the connection is closed
     * gracefully; when it throws, the connection fails with that exception. An exception thrown after the connection has ended is reported, unless
     * {@link Connection#onFailure} received the same one.
     *
     * <p>If the peer goes away, the Task is not cancelled: its next {@code receive} returns null or fails. If the loop closes, a pending
     * {@code receive} returns null.
     *
     * @return done once connections can be accepted
     */
    default <R, W> Future<Listener> listenWithTask(
            SocketAddress address, Pipeline<R, W> pipeline, ThrowingConsumer<? super Connection<R, W>> body) {
        return listenWithTask(address, pipeline, ListenOptions.defaults(), body);
    }

    /** {@link #listenWithTask(SocketAddress, Pipeline, ThrowingConsumer)} with options. */
    default <R, W> Future<Listener> listenWithTask(
            SocketAddress address,
            Pipeline<R, W> pipeline,
            ListenOptions options,
            ThrowingConsumer<? super Connection<R, W>> body) {
        requireNonNull(address, pipeline, "pipeline", options);
        Objects.requireNonNull(body, "body");
        return open(
                address, options, link -> openWhenReady(link, pipeline, connection -> runTask(link, connection, body)));
    }

    private static <R, W> void runTask(
            Link link, Connection<R, W> connection, ThrowingConsumer<? super Connection<R, W>> body) {
        link.loop().task("for a " + link, () -> body.accept(connection)).onDone((nothing, failure) -> {
            if (failure == null || failure instanceof CancellationException) {
                connection.close();
            } else {
                link.audience().deserted(failure);
            }
        });
    }

    // ---- services

    /**
     * The short form of a server: answers each request of a connection, in order, with the result of {@code service}.
     *
     * <p>The service is called for up to {@link ListenOptions#requestsInFlight} requests of a connection before the first is answered. If it throws,
     * or its Future fails or completes with null, that connection fails: earlier answers still leave, later ones are cancelled, and a
     * {@link Report.ConnectionFailed} is reported.
     *
     * @return done once connections can be accepted
     */
    default <Q, A> Future<Listener> serve(
            SocketAddress address, Pipeline<Q, A> pipeline, Service<? super Q, A> service) {
        return serve(address, pipeline, ListenOptions.defaults(), service);
    }

    /** {@link #serve(SocketAddress, Pipeline, Service)} with options. */
    default <Q, A> Future<Listener> serve(
            SocketAddress address, Pipeline<Q, A> pipeline, ListenOptions options, Service<? super Q, A> service) {
        requireNonNull(address, pipeline, "pipeline", options);
        Objects.requireNonNull(service, "service");
        return open(address, options, link -> Responder.open(link, pipeline, options, service));
    }

    /**
     * {@link #serve(SocketAddress, Pipeline, Service) serve} with a separate service for each connection, for services that keep state or need to
     * know the peer.
     *
     * <pre>
     * loop.serveEach(address, pipeline, peer -&gt; {
     *     var session = new ShopSession(peer.remoteAddress());
     *     peer.closed().onDone((nothing, failure) -&gt; session.end());
     *     return session::answer;
     * });
     * </pre>
     *
     * @param services makes the service of a connection, on its loop, once its layers are ready and before its first request is decoded. An exception
     *     that it throws fails the connection
     */
    default <Q, A> Future<Listener> serveEach(
            SocketAddress address,
            Pipeline<Q, A> pipeline,
            ThrowingFunction<? super Peer, ? extends Service<? super Q, A>> services) {
        return serveEach(address, pipeline, ListenOptions.defaults(), services);
    }

    /** {@link #serveEach(SocketAddress, Pipeline, ThrowingFunction)} with options. */
    default <Q, A> Future<Listener> serveEach(
            SocketAddress address,
            Pipeline<Q, A> pipeline,
            ListenOptions options,
            ThrowingFunction<? super Peer, ? extends Service<? super Q, A>> services) {
        requireNonNull(address, pipeline, "pipeline", options);
        Objects.requireNonNull(services, "services");
        return open(
                address,
                options,
                link -> openWhenReady(
                        link, pipeline, connection -> Responder.receive(link, options, made(services, link))));
    }

    private static <S> S made(ThrowingFunction<? super Peer, ? extends S> services, Link link) throws Exception {
        return Objects.requireNonNull(services.apply(new Peer(link)), "a service");
    }

    /**
     * Opens the first pipeline of an accepted connection, and passes the connection on once every layer is ready. If it fails before that, nobody has
     * the connection yet, so the failure is reported.
     */
    private static <R, W> void openWhenReady(
            Link link, Pipeline<R, W> first, ThrowingConsumer<? super Connection<R, W>> then) {
        Connection<R, W> opened = link.open(first);
        Audience audience = link.audience();
        audience.awaitReady(failure -> {
            if (failure != null) {
                link.loop().connectionFailed(link, failure);
            } else if (link.receives()) {
                handOver(link, opened, then);
            }
        });
        audience.tellIfReady();
    }

    private static <T> void handOver(Link link, T opened, ThrowingConsumer<? super T> then) {
        try {
            then.accept(opened);
        } catch (Throwable t) {
            link.failed(t, true);
        }
    }

    private static void requireNonNull(SocketAddress address, Object protocol, String name, Object options) {
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(protocol, name);
        Objects.requireNonNull(options, "options");
    }

    /** Listens, and calls {@code onLink} with each connection, on its loop. */
    private Future<Listener> open(SocketAddress address, ListenOptions options, ThrowingConsumer<Link> onLink) {
        return switch (this) {
            case Loop loop -> Listener.open(loop, address, options, Spread.onto(loop), onLink);
            case LoopGroup group -> group.open(address, options, onLink);
        };
    }

    // ---- connecting

    /**
     * Opens a connection that uses {@code pipeline}: on the loop; or on the current loop if it is one of the group's, so that the caller can use the
     * connection, and otherwise on that loop of the group which has the fewest.
     *
     * @param address the peer's address. An unresolved name in it is looked up by the {@link Resolver}, and its addresses are raced as RFC 8305 says:
     *     IPv6 and IPv4 by turns, the next one after 250 ms, or at once when one has failed; the first to answer is taken, and the others are given
     *     up
     * @return done once it is connected and every layer is ready, which means that it holds back no writes (TLS does in its handshake). Fails with an
     *     {@link IOException} that names the address and what was tried, or with the failure of a layer. A connection that is made when nobody waits
     *     for it any more is closed
     */
    <R, W> Future<Connection<R, W>> connect(SocketAddress address, Pipeline<R, W> pipeline, ConnectOptions options);

    /** {@link #connect(SocketAddress, Pipeline, ConnectOptions)} with the default options. */
    default <R, W> Future<Connection<R, W>> connect(SocketAddress address, Pipeline<R, W> pipeline) {
        return connect(address, pipeline, ConnectOptions.defaults());
    }

    /** {@link #connect(SocketAddress, Pipeline)} to a port of a host, whose name the {@link Resolver} looks up. */
    default <R, W> Future<Connection<R, W>> connect(String host, int port, Pipeline<R, W> pipeline) {
        return connect(InetSocketAddress.createUnresolved(host, port), pipeline);
    }

    /** {@link #connect(String, int, Pipeline)} with options. */
    default <R, W> Future<Connection<R, W>> connect(
            String host, int port, Pipeline<R, W> pipeline, ConnectOptions options) {
        return connect(InetSocketAddress.createUnresolved(host, port), pipeline, options);
    }

    /**
     * Connects a client, whose {@code call} returns the answer to a request. A client is a single connection, and ends with it; a {@link #pool}
     * reconnects.
     *
     * @return as for {@link #connect(SocketAddress, Pipeline, ConnectOptions)}, and done after the protocol's {@link ClientProtocol#first first} step
     */
    <Q, A> Future<Client<Q, A>> connect(SocketAddress address, ClientProtocol<Q, A> protocol, ConnectOptions options);

    /** {@link #connect(SocketAddress, ClientProtocol, ConnectOptions)} with the default options. */
    default <Q, A> Future<Client<Q, A>> connect(SocketAddress address, ClientProtocol<Q, A> protocol) {
        return connect(address, protocol, ConnectOptions.defaults());
    }

    /** {@link #connect(SocketAddress, ClientProtocol)} to a port of a host, whose name the {@link Resolver} looks up. */
    default <Q, A> Future<Client<Q, A>> connect(String host, int port, ClientProtocol<Q, A> protocol) {
        return connect(InetSocketAddress.createUnresolved(host, port), protocol);
    }

    /** {@link #connect(String, int, ClientProtocol)} with options. */
    default <Q, A> Future<Client<Q, A>> connect(
            String host, int port, ClientProtocol<Q, A> protocol, ConnectOptions options) {
        return connect(InetSocketAddress.createUnresolved(host, port), protocol, options);
    }

    // ---- pools

    /**
     * Opens a pool of connections to this address: on the loop, or spread over the loops of the group.
     *
     * @throws IllegalArgumentException if the options contradict each other or the protocol
     */
    <Q, A> Pool<Q, A> pool(SocketAddress address, ClientProtocol<Q, A> protocol, PoolOptions options);

    /** {@link #pool(SocketAddress, ClientProtocol, PoolOptions)} with one connection. */
    default <Q, A> Pool<Q, A> pool(SocketAddress address, ClientProtocol<Q, A> protocol) {
        return pool(address, protocol, PoolOptions.defaults());
    }

    /** {@link #pool(SocketAddress, ClientProtocol, PoolOptions)} to a port of a host, whose name the {@link Resolver} looks up. */
    default <Q, A> Pool<Q, A> pool(String host, int port, ClientProtocol<Q, A> protocol, PoolOptions options) {
        return pool(InetSocketAddress.createUnresolved(host, port), protocol, options);
    }

    /** {@link #pool(String, int, ClientProtocol, PoolOptions)} with one connection. */
    default <Q, A> Pool<Q, A> pool(String host, int port, ClientProtocol<Q, A> protocol) {
        return pool(host, port, protocol, PoolOptions.defaults());
    }

    // ---- closing

    /** {@link #close(Duration)} with {@link Loop#DEFAULT_CLOSE_DEADLINE}. */
    @Override
    default void close() {
        close(Loop.DEFAULT_CLOSE_DEADLINE);
    }

    /**
     * Closes the loop, or all loops of the group in parallel, and waits for that: see {@link Loop#close(Duration)}. No loop of a group gives up its
     * outgoing connections before the accepted ones of all of them are done, since a request in progress may need a {@link Pool} of another loop.
     */
    void close(Duration deadline);

    /**
     * Closes the loop or the group with this deadline when the JVM shuts down: at SIGTERM or SIGINT, at {@link System#exit}, or after the last thread
     * has ended. The JVM waits for closing to complete and for its reports to be written; they go to standard error if the log has already shut down,
     * as that of java.util.logging does. If the loop or the group is closed earlier, nothing remains to be done. Another call replaces the deadline.
     *
     * <p><b>Threading:</b> any. A loop whose own thread calls {@code System.exit} can't close gracefully; the JVM does not wait for it much longer
     * than the deadline. <b>Not guaranteed:</b> anything at SIGKILL. If a {@link rill.spi.Driver} drives the loop, as in a simulation, this is a
     * no-op: there, it is not the JVM that shuts down.
     */
    void closeOnShutdown(Duration deadline);

    /**
     * Returns once the loop, or every loop of the group, is closed; a loop that nobody drives is driven meanwhile. For the end of a {@code main}
     * method:
     *
     * <pre>
     * try (LoopGroup loops = LoopGroup.open()) { // closed as well if listening fails
     *     loops.closeOnShutdown(Duration.ofSeconds(10));
     *     loops.serve(address, pipeline, service).await();
     *     loops.join();
     * }
     * </pre>
     *
     * @throws InterruptedIOException if this thread is interrupted
     * @throws IllegalStateException within a callback or a Task of a loop, or where only another thread may drive the loop and does not
     */
    void join() throws InterruptedIOException;
}
