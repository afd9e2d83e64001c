package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.spi.Driver;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.spi.simulation.DefaultTransport;

/**
 * An event loop: sockets, timers and scheduled work, one thing at a time.
 *
 * <p>One tick handles I/O that is ready, then timers that are due, then the Handles that are present; then it flushes what was written. One thread at
 * a time drives a loop, and it does not matter which. {@link #run} drives until its body is done. {@link #start} lets the loop's own thread drive.
 * {@link #tick()} does one step. {@link Future#await} on a thread outside drives if nobody else does.
 *
 * <p><b>Threading:</b> all public methods may be called from any thread, unless they say otherwise. Callbacks run on the loop.
 *
 * <p><b>Errors:</b> whatever a Handle or a callback throws is reported, and the loop continues.
 *
 * <p><b>After {@link #close}:</b>
 *
 * <ul>
 *   <li>Methods that return a Future (here, on a {@link Future}, a {@link Connection}, a {@link Client} or a {@link LoopGroup}) return one that has
 *       failed: with a {@link CancelledException} that names the loop, or, on connections and clients, with an {@link IOException}. Work that other
 *       threads had handed to the loop fails likewise. A Future that was done before keeps its value; so do {@link #done} and {@link #failed}.
 *   <li>Methods that schedule a Handle, or drive, throw {@link IllegalStateException}; {@link #execute} throws {@link RejectedExecutionException}, as
 *       every {@link Executor} does.
 *   <li>Methods that cancel, close, stop or pause are no-ops. Methods that query still answer.
 * </ul>
 */
public final class Loop extends BareLoop implements Serving {
    /** How long {@link #close()} waits for work in flight: five seconds. */
    public static final Duration DEFAULT_CLOSE_DEADLINE = Duration.ofSeconds(5);

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Transport transport;
    private final Environment environment;
    private final Buffers buffers;
    private final Selector selector;
    private final Links links = new Links(this);
    private final Observing observing;
    private final ShutdownHook hook = new ShutdownHook();
    private final Future<@Nullable Void> accepted = Promise.done(this, null);

    // ---- making

    /**
     * Opens a loop on the best transport that is available here.
     *
     * @throws IOException if the system refuses its descriptors
     * @throws IllegalStateException if there is no transport, or not the one named by the system property {@code rill.transport}; the message lists
     *     those available
     */
    public static Loop open() throws IOException {
        return open(LoopOptions.defaults());
    }

    /** Opens a loop on this transport. */
    public static Loop open(Transport transport) throws IOException {
        return open(LoopOptions.defaults().transport(transport));
    }

    /** Opens a loop with these options. */
    public static Loop open(LoopOptions options) throws IOException {
        Transport wanted = options.transport() == null ? DefaultTransport.present() : options.transport();
        var choice = wanted == null ? Transports.best() : new Transports.Choice(wanted, null);
        Transport chosen = choice.transport();
        String obstacle = chosen.unavailable();
        if (obstacle != null) {
            throw new IllegalStateException("transport " + chosen.name() + " is unavailable: " + obstacle);
        }
        requireOneTime(chosen);
        var loop = new Loop(chosen, options);
        LoggingReporter.ready();
        if (loop.driver() != null) {
            loop.driver().opened(loop);
        }
        if (choice.remark() != null) {
            loop.report(new Report.Note(
                    loop.name(), choice.remark().text(), choice.remark().routine()));
        }
        return loop;
    }

    /** Within a loop that has a Driver, or where such loops are opened, as in a simulation, real sockets would run on a different time. */
    private static void requireOneTime(Transport chosen) {
        Loop here = current();
        Transport usual = DefaultTransport.present();
        Driver driver = here != null
                ? here.driver()
                : usual != null ? usual.environment().driver() : null;
        if (driver != null && chosen.environment().driver() == null) {
            throw new IllegalStateException(
                    "opening a loop on transport " + chosen.name() + " within "
                            + (here != null ? here.name() : usual) + ", whose time is that of " + driver
                            + "; open it on a transport of the same, in a simulation by host.loop(name) or Loop.open(host.transport())");
        }
    }

    private Loop(Transport transport, LoopOptions options) throws IOException {
        Environment surroundings = transport.environment();
        super(
                options.name() == null ? "loop-" + COUNT.incrementAndGet() : options.name(),
                surroundings.clock(),
                surroundings.driver(),
                options.reporter(),
                options.pace(),
                options.taskEngine(),
                options.tracing());
        this.transport = transport;
        this.environment = surroundings;
        this.buffers = new Buffers(this, surroundings.memory(), options.bufferMemory());
        this.observing = new Observing(this, options.observer());
        this.selector = transport.open(buffers::receiveBuffer);
        this.selector.tellInto(counters());
        begin();
    }

    // ---- driving

    /**
     * Lets a new platform thread, named like the loop, drive until {@link #stop} or {@link #close}. It is not a daemon: it keeps the JVM alive. Like
     * every thread that Rill starts to drive a loop, it has the context class loader of the thread that opened the loop, and inherits no
     * thread-locals.
     *
     * @return this
     * @throws IllegalStateException if the loop is already being driven, or if its environment has a {@link Driver}
     */
    public Loop start() {
        driving().start();
        return this;
    }

    @Override
    public void closeOnShutdown(Duration deadline) {
        Objects.requireNonNull(deadline, "deadline");
        if (environment.driver() == null) {
            hook.set(this, deadline);
        }
    }

    @Override
    public void join() throws InterruptedIOException {
        driving().awaitEnd();
    }

    // ---- work that blocks

    /**
     * Calls {@code work} on a thread for blocking work, from the loop's {@link Environment#blocking}, and returns its result: for files, databases,
     * and anything else that makes a thread wait or compute for long. In a simulation it is called as the simulation decides, on the loop's host.
     *
     * <p><b>Threading:</b> {@code work} must not touch anything that belongs to the loop. <b>Errors:</b> whatever it throws is the failure of the
     * Future. Cancelling the Future does not stop the work: its result is then dropped, unless {@link #blocking(Callable, Consumer)} says who takes
     * it.
     */
    public <T extends @Nullable Object> Future<T> blocking(Callable<? extends T> work) {
        return elsewhere(work, new Promise<>(this, Promise.Kind.BLOCKING), result -> {});
    }

    /**
     * {@link #blocking(Callable)} for a result that must not get lost, such as an open file: if nobody sees it, because every interest in it was
     * given up before, it is passed to {@code unseen}. This happens on the loop, or, after the loop has closed, on any thread.
     */
    public <T extends @Nullable Object> Future<T> blocking(Callable<? extends T> work, Consumer<? super T> unseen) {
        return elsewhere(work, promise(unseen), unseen);
    }

    /** {@link #blocking(Callable)} for work without a result: done when the work is over. */
    public Future<@Nullable Void> blocking(ThrowingRunnable work) {
        return blocking(WithoutResult.of(work));
    }

    private <T extends @Nullable Object> Future<T> elsewhere(
            Callable<? extends T> work, Promise<T> promise, Consumer<? super T> unseen) {
        Objects.requireNonNull(work, "work");
        if (isClosed()) {
            promise.fail(cancelledByClose("blocking"));
            return promise;
        }
        try {
            environment.blocking().execute(() -> {
                try {
                    T result = work.call();
                    if (!promise.complete(result)) { // it was cancelled meanwhile
                        enqueue(new Unwanted<>(this, result, unseen));
                    }
                } catch (Throwable t) {
                    promise.fail(t);
                }
            });
        } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread is available
            promise.fail(e);
        }
        return promise;
    }

    // ---- connecting

    @Override
    public <R, W> Future<Connection<R, W>> connect(
            SocketAddress address, Pipeline<R, W> pipeline, ConnectOptions options) {
        Objects.requireNonNull(pipeline, "pipeline");
        return new Dialer<Connection<R, W>>(this, address, options, 0, link -> link.open(pipeline), null).start();
    }

    @Override
    public <Q, A> Future<Client<Q, A>> connect(
            SocketAddress address, ClientProtocol<Q, A> protocol, ConnectOptions options) {
        Objects.requireNonNull(protocol, "protocol");
        return new Dialer<Client<Q, A>>(this, address, options, 0, protocol::open, protocol.upkeep.first()).start();
    }

    /**
     * Opens a pool, which connects by itself, and again after failures. It is returned at once: it can be called before it is connected.
     *
     * @param address the peer's address. A name in it is looked up for each connection, and each connection begins with the next of its addresses
     * @throws IllegalArgumentException if the options contradict each other or the protocol
     */
    @Override
    public <Q, A> Pool<Q, A> pool(SocketAddress address, ClientProtocol<Q, A> protocol, PoolOptions options) {
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(options, "options");
        return Pool.open(this, () -> closing().connectsNoMore() ? null : this, false, address, protocol, options);
    }

    // ---- asking

    /** The loop whose callback or Task the current thread is running, or null on a thread outside. */
    public static @Nullable Loop current() {
        OnLoop current = OnLoop.current();
        return current == null ? null : (Loop) current.loop(); // as every BareLoop is
    }

    /** The transport of this loop. */
    public Transport transport() {
        return transport;
    }

    /** The number of open connections; a snapshot. */
    @Override
    public int connections() {
        return links.count();
    }

    /**
     * What the loop has done and how it is, as a snapshot. Costs the loop nothing beyond counting; may be called at any time, as often as you like,
     * and also once the loop is closed.
     */
    public LoopMetrics metrics() {
        return counters().snapshot(ticking().pendingTimers(), buffers.taken(), buffers.kept());
    }

    /** The source of randomness: secure in production, seeded in a simulation. On the loop, or while nobody drives it; not checked. */
    public RandomGenerator random() {
        return environment.random();
    }

    // ---- for the other parts of Rill

    /** Reports why {@code connection} failed. */
    void connectionFailed(Link connection, Throwable cause) {
        try {
            report(new Report.ConnectionFailed(name(), connection.toString(), cause));
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.lost();
        }
    }

    Buffers buffers() {
        return buffers;
    }

    Observing observing() {
        return observing;
    }

    ByteBuf chunk(int atLeast) {
        return buffers.chunk(atLeast);
    }

    Environment environment() {
        return environment;
    }

    @Override
    Selector selector() {
        return selector;
    }

    @Override
    boolean keepsDriver() {
        return transport.keepsDriver();
    }

    Links links() {
        return links;
    }

    @Override
    Residents residents() {
        return links;
    }

    @Override
    void release() {
        hook.remove();
        links.forget();
        runReporting("closing the buffers", buffers::close);
    }

    /** The constant Future of writes that were accepted. */
    Future<@Nullable Void> accepted() {
        return accepted;
    }

    @Override
    public String toString() {
        return name() + " on " + transport.name() + (isClosed() ? ", closed" : "");
    }
}
