package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.Environment;
import rill.spi.PowerLoss;
import rill.spi.Selector;
import rill.spi.Transport;

/**
 * An event loop: sockets, timers and scheduled work, one thing at a time.
 *
 * <p>One tick handles I/O that is ready, then timers that are due, then the Handles that are present; then it flushes what was
 * written. One thread at a time drives a loop, and it does not matter which. {@link #run} drives until its body is done. {@link #start} lets a
 * thread of the loop's own drive. {@link #tick} does one step. {@link Future#await} on a thread outside drives if nobody else does.
 *
 * <p>This class is the one public face of parts that each have a file of their own, and is long for that reason only.
 *
 * <p><b>Threading:</b> all public methods may be called from any thread, unless they say otherwise. Callbacks run on the loop.
 *
 * <p><b>Errors:</b> whatever a Handle or a callback throws is reported, and the loop goes on.
 *
 * <p><b>After {@link #close}:</b>
 *
 * <ul>
 *   <li>Methods that give a Future (here, on a {@link Future}, a {@link Connection}, a {@link Client} or a {@link LoopGroup}) give one that has
 *       failed: with a {@link CancelledException} that names the loop, or, on connections and clients, with an {@link IOException}. Work that
 *       other threads had handed to the loop fails likewise. A Future that was done before keeps its value; so do {@link #done} and
 *       {@link #failed}.
 *   <li>Methods that schedule a Handle, or drive, throw {@link IllegalStateException}; {@link #execute} throws {@link
 *       RejectedExecutionException}, as every {@link Executor} does.
 *   <li>Methods that cancel, close, stop or pause do nothing. Methods that ask answer.
 * </ul>
 */
@SuppressWarnings("ClassCanBeStatic")
public final class Loop extends Serving implements Drivable, Executor {
    /** How long {@link #close()} waits for what is in flight. */
    public static final Duration DEFAULT_CLOSE_DEADLINE = Duration.ofSeconds(5);

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final AtomicBoolean ENGINE_NOTED = new AtomicBoolean();
    private static final long LONGEST_DELAY = Long.MAX_VALUE / 2;

    private final String name;
    private final Transport transport;
    private final Environment environment;
    private final Reporter reporter;
    private final @Nullable TaskEngine wantedEngine; // null for the best
    private final @Nullable Origins origins;

    private final Buffers buffers;
    private final Selector selector;
    private final Inbox inbox;
    private final Tick tick;
    private final FailureWatch failures;
    private final CrossLoopFutures crossLoopFutures = new CrossLoopFutures(this);
    private final Links links = new Links(this);
    private final Activity activity;
    private final Driving driving = new Driving(this);
    private final OnLoop onLoop = new OnLoop(this, null);
    private final Closing closing = new Closing(this);
    private final Tasks tasks = new Tasks(closing);
    private final Future<@Nullable Void> accepted;
    private final @Nullable ClassLoader contextClassLoader =
            Thread.currentThread().getContextClassLoader();

    private @Nullable Thread runner; // the thread that runs callbacks now; told apart without a look into its locals
    private volatile boolean stopWanted;
    private volatile boolean closed;
    private volatile boolean ended; // closed, and everything was given back
    private @Nullable PowerLoss lostBy; // after which nothing runs, and nobody is told

    // ---- making

    /**
     * A loop on the best transport that is available here.
     *
     * @throws IOException if the system refuses its descriptors
     * @throws IllegalStateException if there is no transport, or not the one that the system property {@code rill.transport}
     *     names; the message lists what there is
     */
    public static Loop open() throws IOException {
        return open(LoopOptions.defaults());
    }

    /** A loop on this transport. */
    public static Loop open(Transport transport) throws IOException {
        return open(LoopOptions.defaults().transport(transport));
    }

    /** A loop made as told. */
    public static Loop open(LoopOptions options) throws IOException {
        Transport wanted = options.transport();
        var choice = wanted == null ? Transports.best() : new Transports.Choice(wanted, null);
        Transport chosen = choice.transport();
        Optional<String> obstacle = chosen.unavailable();
        if (obstacle.isPresent()) {
            throw new IllegalStateException("transport " + chosen.name() + " is unavailable: " + obstacle.get());
        }
        requireOneTime(chosen);
        var loop = new Loop(chosen, options);
        LoggingReporter.ready();
        if (loop.environment.driver() != null) {
            loop.environment.driver().opened(loop);
        }
        if (choice.remark() != null) {
            loop.report(new Report.Note(
                    loop.name, choice.remark().text(), choice.remark().routine()));
        }
        return loop;
    }

    /** Within a loop that has a Driver, as in a simulation, real sockets would live in another time. */
    private static void requireOneTime(Transport chosen) {
        Loop here = current();
        if (here != null
                && here.environment.driver() != null
                && chosen.environment().driver() == null) {
            throw new IllegalStateException("opening a loop on transport " + chosen.name() + " within " + here.name()
                    + ", whose time is that of " + here.environment.driver()
                    + "; open it on a transport of the same, such as " + here.name() + "'s own");
        }
    }

    private Loop(Transport transport, LoopOptions options) throws IOException {
        this.transport = transport;
        this.environment = transport.environment();
        this.failures = new FailureWatch(this, environment.driver() != null);
        this.buffers = new Buffers(this, environment.memory(), options.bufferMemory());
        this.name = options.name() == null ? "loop-" + COUNT.incrementAndGet() : options.name();
        this.reporter = options.reporter();
        this.wantedEngine = requireAvailable(options.taskEngine());
        this.origins = options.tracing() ? new Origins() : null;
        this.activity = new Activity(this, TimeUnit.NANOSECONDS.convert(options.slowHandle()));
        this.selector = transport.open(buffers::receiveBuffer);
        this.inbox = new Inbox(selector);
        this.tick = new Tick(this, selector, inbox, options);
        this.accepted = Promise.done(this, null);
        Watchdog.watch(activity);
    }

    private static @Nullable TaskEngine requireAvailable(@Nullable TaskEngine wanted) {
        String unavailable = wanted == null ? null : wanted.unavailable();
        if (unavailable != null) {
            throw new IllegalStateException("Task engine " + wanted + " is unavailable: " + unavailable);
        }
        return wanted;
    }

    /** With the first Task of the process: a process without Tasks does not pay for finding out. */
    void noteEngine() {
        if (!ENGINE_NOTED.get() && ENGINE_NOTED.compareAndSet(false, true)) {
            String better = TaskEngine.MOUNTED.unavailable();
            report(new Report.Note(
                    name,
                    "Tasks run " + taskEngine() + (better == null ? "" : "; for the faster MOUNTED: " + better),
                    wantedEngine != null || better == null));
        }
    }

    // ---- driving

    /**
     * Runs {@code body} as a Task, and the loop until that is done.
     *
     * @return the body's result
     * @throws IOException the body's failure, as {@link Future#await} throws it
     * @throws IllegalStateException if somebody drives the loop already, if this is called inside a callback or a Task, or if
     *     {@link #stop()} ended the driving before the body was done (the Task then goes on when the loop is next driven)
     * @throws java.io.InterruptedIOException if this is a virtual thread and it is interrupted: then the driving stops. An interrupt of a
     *     platform thread is reported and has no other effect
     */
    public <T extends @Nullable Object> T run(Callable<? extends T> body) throws IOException {
        if (Thread.currentThread().isVirtual()) {
            return runOnPlatformThread(body);
        }
        requireOpen("run");
        driving.acquire("run");
        Driver external = environment.driver();
        Task<T> root;
        try {
            stopWanted = false;
            root = task("main", body);
            if (external == null) {
                Compensated.run(() -> drive(() -> root.isDone() || stopWanted, false));
            }
        } finally {
            driving.release();
        }
        if (external != null) {
            external.drive(this, () -> root.isDone() || stopWanted || closed);
        }
        if (!root.isDone()) {
            throw new IllegalStateException(
                    name + " was " + (closed ? "closed" : "stopped") + " before the body of run was done");
        }
        return root.outcomeOrThrow();
    }

    /** {@link #run(Callable)} for a body without a result. */
    public void run(ThrowingRunnable body) throws IOException {
        run(withoutResult(body));
    }

    /** A virtual thread can't carry Tasks. */
    private <T extends @Nullable Object> T runOnPlatformThread(Callable<? extends T> body) throws IOException {
        if (OnLoop.current() != null) {
            throw new IllegalStateException("run of " + name + " inside a Task; await instead");
        }
        var result = new java.util.concurrent.FutureTask<T>(() -> run(body));
        Threads.driver(this, name + "-driver", true, result).start();
        try {
            return result.get();
        } catch (InterruptedException e) {
            stop();
            throw new java.io.InterruptedIOException("interrupted while " + name + " was running");
        } catch (java.util.concurrent.ExecutionException e) {
            throw Failures.asThrown(Objects.requireNonNull(e.getCause()));
        }
    }

    /**
     * Lets a new platform thread, named like the loop, drive until {@link #stop} or {@link #close}. It is not a daemon: it keeps
     * the JVM alive. Like every thread that Rill starts to drive a loop, it has the context class loader of the thread that opened the loop,
     * and inherits no thread-locals.
     *
     * @return this
     * @throws IllegalStateException if somebody drives the loop already, or if its environment has a {@link Driver}
     */
    public Loop start() {
        requireOpen("start");
        if (environment.driver() != null) {
            throw new IllegalStateException("start: " + name + " is driven by " + environment.driver()
                    + ", not by a thread of its own; await, or let that run");
        }
        Thread thread = Threads.driver(this, name, false, () -> {
            try {
                driveUnattended(() -> stopWanted);
            } finally {
                driving.release();
            }
        });
        driving.acquireFor(thread, "start");
        stopWanted = false;
        try {
            thread.start();
        } catch (Throwable t) {
            driving.release();
            throw t;
        }
        return this;
    }

    /**
     * Makes the thread that drives by {@link #run} or {@link #start} stop after its present tick. The loop stays open and can
     * be driven again.
     */
    public void stop() {
        stopWanted = true;
        wakeup();
    }

    /**
     * One tick that never blocks: the way to drive several loops on one thread.
     *
     * @return whether Handles are waiting for the next tick
     * @throws IllegalStateException if somebody drives the loop already, inside a callback or a Task of any loop, or on a
     *     virtual thread, which can't carry Tasks
     */
    @Override
    public boolean tick() {
        requireOpen("tick");
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "tick of " + name + " on a virtual thread, which can't carry Tasks; use a platform thread");
        }
        driving.acquire("tick");
        try {
            enter();
            step(() -> true);
            return tick.hasWork();
        } finally {
            exit();
            driving.release();
        }
    }

    /**
     * When the next timer is due, as a reading of {@link #nanoTime()}. If the loop has nothing to do, it needs no tick until then, unless I/O or
     * other threads give it work. For use between two ticks, if you drive by {@link #tick}.
     *
     * @return empty if there is no timer
     */
    @Override
    public OptionalLong nextTimer() {
        return tick.nextTimer();
    }

    /** By a thread that has acquired the driving. */
    void drive(BooleanSupplier done, boolean interruptible) {
        enter();
        try {
            while (!closed && !done.getAsBoolean()) {
                if (Thread.currentThread().isInterrupted()) {
                    if (interruptible) {
                        return;
                    }
                    Thread.interrupted(); // it would make every select return at once
                    report(new Report.Interrupted(name));
                }
                step(done);
            }
        } finally {
            exit();
        }
    }

    private void enter() {
        onLoop.enter();
        runner = Thread.currentThread();
    }

    private void exit() {
        runner = null;
        OnLoop.exit();
    }

    /**
     * Whether the current thread runs a callback or a Task of this loop. A thread sees its own writes of {@code runner}, and those
     * of others never name it; a Task's thread has to look further.
     */
    boolean isCurrent() {
        return runner == Thread.currentThread() || current() == this;
    }

    /** For what is confined to the loop: nobody else may be driving it. */
    void requireConfined(String what, Object subject) {
        if (!isCurrent() && driving.driven()) {
            throw new IllegalStateException(what + " of " + subject + " on " + Threads.describe(Thread.currentThread())
                    + ", while " + driving.describe() + " drives " + name
                    + "; use it in a callback or a Task of that loop");
        }
    }

    /** One tick; a broken selector ends the loop. */
    private void step(BooleanSupplier done) {
        try {
            tick.step(done);
        } catch (PowerLoss e) {
            lostBy = e;
            closing.lost(e);
        } catch (IOException e) {
            closing.broken(e);
            throw new UncheckedIOException(name + ": the selector is broken; the loop is closed", e);
        } catch (RuntimeException | Error e) {
            closing.broken(e);
            throw new IllegalStateException(name + ": the transport made a mistake; the loop is closed", e);
        }
    }

    /** Like {@link #drive}, on a thread whose exceptions nobody would see. */
    void driveUnattended(BooleanSupplier done) {
        try {
            drive(done, false);
        } catch (Throwable t) {
            threw("the selector", null, t);
        }
    }

    void awaitOutside(Future<?> future) throws IOException {
        driving.await(future);
    }

    void requireNotClosed(Future<?> awaited) {
        if (closed && !awaited.isDone()) {
            throw neverDone(awaited);
        }
    }

    /** Why something of this loop fails that needed it. */
    CancelledException cancelledByClose(String what) {
        return new CancelledException(what + ": " + name + howItEnded());
    }

    CancelledException neverDone(Future<?> awaited) {
        return new CancelledException(name + howItEnded() + ": " + awaited.describe() + " will never be done");
    }

    private String howItEnded() {
        PowerLoss loss = lostBy;
        return loss == null ? " is closed" : " is gone, since " + loss.getMessage();
    }

    // ---- scheduling

    /**
     * Runs {@code action} in the next tick's run phase, or in the present one's if that is still to come: the cheapest way to give
     * a loop something to do, above all from other threads. What may have to be cancelled, or needs a name in reports, is
     * {@link #schedule(String, Runnable) scheduled}; what has a result is {@link #submit submitted}; what awaits is a
     * {@link #task Task}. What one thread gives a loop in these ways begins in that order.
     *
     * @throws RejectedExecutionException if the loop is closed
     */
    @Override
    public void execute(Runnable action) {
        if (!offer(new Job(Objects.requireNonNull(action, "action")))) {
            throw new RejectedExecutionException("execute: " + name + " is closed");
        }
    }

    /**
     * Runs {@code action} in a Handle of the next tick's run phase, or of the present one's if that is still to come. Where neither
     * the name nor cancelling matters, {@link #execute} is cheaper.
     */
    public Handle schedule(String handleName, Runnable action) {
        requireOpen("schedule");
        var handle = new Handle(this, handleName, action);
        enqueue(handle);
        return handle;
    }

    /** {@link #schedule(String, Runnable)} without a name of its own. */
    public Handle schedule(Runnable action) {
        return schedule(nameOf(action), action);
    }

    /**
     * Runs {@code action} in a Handle once {@code delay} has passed, never earlier; at once if it is zero or negative. Timers
     * with the same deadline run in the order in which they were scheduled.
     */
    public Handle schedule(Duration delay, String handleName, Runnable action) {
        return schedule(delay, handleName, null, action);
    }

    /** Named {@code what} and {@code subject}. */
    Handle schedule(Duration delay, String what, @Nullable Object subject, Runnable action) {
        requireOpen("schedule");
        return timer(delay, what, subject, action);
    }

    /** Likewise; if the loop is closed, the Handle is discarded. */
    Handle timer(Duration delay, String what, @Nullable Object subject, Runnable action) {
        var handle = new Handle(this, what, subject, action);
        if (delay.isNegative() || delay.isZero()) {
            enqueue(handle);
            return handle;
        }
        long deadline = environment.clock().nanoTime() + nanos(delay);
        if (isCurrent()) {
            tick.add(handle, deadline);
        } else {
            enqueue(new NewTimer(handle, deadline));
        }
        return handle;
    }

    /** A timer on its way to the loop. */
    private final class NewTimer extends Node {
        private final Handle timer;
        private final long deadline;

        NewTimer(Handle timer, long deadline) {
            this.timer = timer;
            this.deadline = deadline;
        }

        @Override
        void execute() {
            if (!timer.cancelled()) {
                tick.add(timer, deadline);
            }
        }

        @Override
        void discard() {
            timer.discard();
        }

        @Override
        String label() {
            return "timer " + timer.name();
        }
    }

    /** {@link #schedule(Duration, String, Runnable)} without a name of its own. */
    public Handle schedule(Duration delay, Runnable action) {
        return schedule(delay, nameOf(action), action);
    }

    /** A lambda's class has an address in its name, which differs from run to run and tells nobody anything. */
    private static final ClassValue<String> NAMES = new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
            String full = type.getName();
            return type.isHidden() ? full.substring(0, full.indexOf('/')) : full;
        }
    };

    static String nameOf(Object action) {
        Object named = action instanceof WithoutResult(ThrowingRunnable body) ? body : action;
        return NAMES.get(named.getClass());
    }

    /** What a deadline can be ahead, or past; 146 years if it is more. */
    static long nanos(Duration delay) {
        long nanos = TimeUnit.NANOSECONDS.convert(delay); // which saturates, and allocates nothing
        return Math.clamp(nanos, -LONGEST_DELAY, LONGEST_DELAY);
    }

    /** Calls {@code work} in a Handle, as a callback (it must not await), and gives its result. */
    public <T extends @Nullable Object> Future<T> submit(Callable<? extends T> work) {
        Promise<T> promise = promise();
        enqueue(new Submission<>(this, Objects.requireNonNull(work, "work"), promise));
        return promise;
    }

    /** {@link #submit(Callable)} for work without a result: done when that is over. */
    public Future<@Nullable Void> submit(ThrowingRunnable work) {
        return submit(withoutResult(work));
    }

    /** Work without a result as work with one, which reports name alike. */
    private record WithoutResult(ThrowingRunnable body) implements Callable<@Nullable Void> {
        @Override
        public @Nullable Void call() throws Exception {
            body.run();
            return null;
        }
    }

    private static Callable<@Nullable Void> withoutResult(ThrowingRunnable body) {
        return new WithoutResult(Objects.requireNonNull(body, "body"));
    }

    /** Starts a Task; its body begins in a Handle. */
    public <T extends @Nullable Object> Task<T> task(String taskName, Callable<? extends T> body) {
        var task = new Task<T>(this, taskName, body);
        task.start();
        return task;
    }

    /** {@link #task(String, Callable)} without a name of its own. */
    public <T extends @Nullable Object> Task<T> task(Callable<? extends T> body) {
        return task(nameOf(body), body);
    }

    /** {@link #task(String, Callable)} for a body without a result. */
    public Task<@Nullable Void> task(String taskName, ThrowingRunnable body) {
        return task(taskName, withoutResult(body));
    }

    /** {@link #task(String, ThrowingRunnable)} without a name of its own. */
    public Task<@Nullable Void> task(ThrowingRunnable body) {
        return task(nameOf(body), withoutResult(body));
    }

    /** A Future that is done once {@code delay} has passed, never earlier. Cancelling it cancels the timer behind it. */
    public Future<@Nullable Void> delay(Duration delay) {
        Promise<@Nullable Void> promise = promise();
        Handle timer = timer(delay, "delay", null, new Delay(promise));
        return promise.onCancel(timer::cancel);
    }

    /** The end of a delay. */
    private record Delay(Promise<@Nullable Void> promise) implements Runnable, Handle.Discardable {
        @Override
        public void run() {
            promise.complete(null);
        }

        @Override
        public void discarded() {
            promise.fail(promise.loop.cancelledByClose("delay"));
        }
    }

    /** A Future of this loop that is done already. */
    public <T extends @Nullable Object> Future<T> done(T value) {
        return Promise.done(this, value);
    }

    /** A Future of this loop that has failed already. */
    public <T extends @Nullable Object> Future<T> failed(Throwable cause) {
        Promise<T> promise = promise();
        promise.fail(cause);
        return promise;
    }

    /** A Future of this loop that you complete. */
    public <T extends @Nullable Object> Promise<T> promise() {
        return new Promise<>(this);
    }

    // ---- connecting and listening

    /**
     * Connects, and speaks as {@code pipeline} says.
     *
     * @param address where to; a name in it that is not resolved yet is looked up by the {@link Resolver}, and each of its
     *     addresses is tried in order
     * @return done once it is connected and every layer is ready, which means that it holds back no writes (TLS does in its handshake). Fails
     *     with an {@link IOException} that names the address and what was tried, or with what a layer has failed with. A connection that
     *     comes when nobody waits for it any more is closed
     */
    public <R, W> Future<Connection<R, W>> connect(SocketAddress address, Pipeline<R, W> pipeline) {
        return connect(address, pipeline, ConnectOptions.defaults());
    }

    /** {@link #connect(SocketAddress, Pipeline)} with options. */
    public <R, W> Future<Connection<R, W>> connect(
            SocketAddress address, Pipeline<R, W> pipeline, ConnectOptions options) {
        requireNonNull(address, pipeline, "pipeline", options);
        return new Dialer<>(this, address, options, link -> link.open(pipeline)).start();
    }

    /** {@link #connect(SocketAddress, Pipeline)} to a port of a host, whose name the {@link Resolver} looks up. */
    public <R, W> Future<Connection<R, W>> connect(String host, int port, Pipeline<R, W> pipeline) {
        return connect(InetSocketAddress.createUnresolved(host, port), pipeline);
    }

    /** {@link #connect(String, int, Pipeline)} with options. */
    public <R, W> Future<Connection<R, W>> connect(
            String host, int port, Pipeline<R, W> pipeline, ConnectOptions options) {
        return connect(InetSocketAddress.createUnresolved(host, port), pipeline, options);
    }

    /** Connects a client, whose {@code call} gives the answer to a request. */
    public <Q, A> Future<Client<Q, A>> connect(SocketAddress address, ClientProtocol<Q, A> protocol) {
        return connect(address, protocol, ConnectOptions.defaults());
    }

    /** {@link #connect(SocketAddress, ClientProtocol)} with options. */
    public <Q, A> Future<Client<Q, A>> connect(
            SocketAddress address, ClientProtocol<Q, A> protocol, ConnectOptions options) {
        requireNonNull(address, protocol, "protocol", options);
        return new Dialer<>(this, address, options, link -> protocol.open(link)).start();
    }

    /** {@link #connect(SocketAddress, ClientProtocol)} to a port of a host, whose name the {@link Resolver} looks up. */
    public <Q, A> Future<Client<Q, A>> connect(String host, int port, ClientProtocol<Q, A> protocol) {
        return connect(InetSocketAddress.createUnresolved(host, port), protocol);
    }

    /** {@link #connect(String, int, ClientProtocol)} with options. */
    public <Q, A> Future<Client<Q, A>> connect(
            String host, int port, ClientProtocol<Q, A> protocol, ConnectOptions options) {
        return connect(InetSocketAddress.createUnresolved(host, port), protocol, options);
    }

    // ---- servers: see Serving

    @Override
    Future<Listener> open(SocketAddress address, ListenOptions options, ThrowingConsumer<Link> onLink) {
        return Listener.open(this, address, options, Spread.onto(this), onLink);
    }

    // ---- asking

    /** The loop that the current thread runs a callback or a Task of, or null on a thread outside. */
    public static @Nullable Loop current() {
        OnLoop current = OnLoop.current();
        return current == null ? null : current.loop();
    }

    static Loop required(String what) {
        Loop loop = current();
        if (loop == null) {
            throw new IllegalStateException(what + " needs a current loop; this thread runs none");
        }
        return loop;
    }

    /** The name in reports. */
    @Override
    public String name() {
        return name;
    }

    /** The transport. */
    public Transport transport() {
        return transport;
    }

    /** How Tasks run here. */
    public TaskEngine taskEngine() {
        return wantedEngine == null ? TaskEngine.best() : wantedEngine;
    }

    /** How many connections are open; a snapshot. */
    @Override
    public int connections() {
        return links.count();
    }

    /**
     * What is alive on it, in words: its Tasks, with what each awaits, and its connections. For use between two ticks, if you drive by
     * {@link #tick}.
     */
    @Override
    public List<String> alive() {
        var alive = new ArrayList<String>();
        tasks.forEach(task -> alive.add(task.situation()));
        links.nameTo(alive);
        return alive;
    }

    /** The source of randomness: secure in production, seeded in a simulation. On the loop only. */
    public RandomGenerator random() {
        return environment.random();
    }

    /** A reading of the loop's clock; only differences mean something. */
    @Override
    public long nanoTime() {
        return environment.clock().nanoTime();
    }

    /** Whether {@link #close} is over. */
    @Override
    public boolean closed() {
        return closed;
    }

    // ---- closing

    /**
     * Closes the loop: stops accepting, finishes what is in flight, cancels every Task and waits for it, and closes everything. What is still
     * alive at the deadline is aborted, and named in a {@link Report.Survivors}. Waits until that is over, and drives the loop if nobody
     * does. Calling it again does nothing.
     *
     * <p>First the connections that were accepted finish. A server by {@link #serve} answers the requests that it has begun. The receiver of a
     * connection by {@link #listen} sees the end of the peer's stream, and closes the connection when it has finished what it has received
     * ({@link Connection#onFinish} is for work that nobody else knows of). Until then connections to others can be made and used. Then those
     * finish: a {@link Client} gets the answers of its calls, a Connection is closed.
     *
     * @throws IllegalStateException inside a callback or a Task, which the closing would wait for; use {@link #stop} there
     */
    @Override
    public void close(Duration deadline) {
        closing.close(deadline);
    }

    private void requireOpen(String what) {
        if (closed) {
            throw new IllegalStateException(what + ": " + name + howItEnded());
        }
    }

    // ---- for the other parts of Rill

    /** From any thread: appends to the Handle queue. Discarded if the loop is closed. */
    void enqueue(Node node) {
        if (!offer(node)) {
            discard(node);
        }
    }

    /** Within a Handle that tells dependents: one of them has settled, and its own are told in the same Handle. */
    void chain(Future<?> settled) {
        if (closed) {
            settled.discard();
        } else {
            tick.chain(settled);
        }
    }

    /** False if the loop is closed. */
    private boolean offer(Node node) {
        if (closed) {
            return false;
        }
        if (isCurrent()) {
            tick.add(node);
            return true;
        }
        Driver driver = environment.driver();
        if (driver != null) {
            driver.handingOver(this);
        }
        return inbox.put(node);
    }

    void runReporting(String what, Runnable action) {
        runReporting(what, null, action);
    }

    /** Named {@code what} and {@code subject}. */
    void runReporting(String what, @Nullable Object subject, Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            threw(what, subject, t);
        }
    }

    /**
     * Reports what {@code what} and {@code subject} threw. Never throws, like everything here that reports: who calls this has caught
     * something, perhaps for want of memory, and the name alone may fail as well.
     */
    void threw(String what, @Nullable Object subject, Throwable thrown) {
        try {
            report(new Report.Thrown(name, subject == null ? what : what + subject, thrown));
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.lost();
        }
    }

    /** Reports what {@code node} threw. */
    void threw(Node node, Throwable thrown) {
        try {
            report(new Report.Thrown(name, node.label(), thrown));
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.lost();
        }
    }

    /** Reports why {@code connection} failed. */
    void connectionFailed(Link connection, Throwable cause) {
        try {
            report(new Report.ConnectionFailed(name, connection.toString(), cause));
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.lost();
        }
    }

    void report(Report report) {
        if (lostBy != null) {
            return;
        }
        try {
            Driver driver = environment.driver();
            Throwable cause = report.cause();
            if (driver != null && cause != null) {
                driver.failed(this, report.message(), cause);
            }
            reporter.report(report);
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.reporterThrew(t, report);
        }
    }

    void timerCancelled(Handle handle) {
        if (isCurrent()) {
            tick.timerCancelled(handle);
        } else if (!closed) {
            enqueue(new Handle(this, "cancellation of " + handle.name(), () -> tick.timerCancelled(handle)));
        }
    }

    /** Whether a loss of power has ended it: none of its Tasks may go on. */
    boolean lost() {
        return lostBy != null;
    }

    /** Ends everything; the last thing that happens on the loop. */
    void closeNow() {
        if (closed) {
            return;
        }
        closed = true;
        runReporting("closing the selector", selector::close);
        tick.discardAll();
        inbox.close(this::discard);
        links.forget();
        runReporting("closing the buffers", buffers::close);
        runReporting("telling other loops of the close", crossLoopFutures::close);
        runReporting("telling of failures", failures::close);
        Watchdog.unwatch(activity);
        ended = true;
        driving.wakeAll();
    }

    /** Whether it is closed and nothing of it is left, descriptors and memory included. */
    boolean ended() {
        return ended;
    }

    /** What {@code node} stands for will not be done. */
    void discard(Node node) {
        try {
            node.discard();
        } catch (Throwable t) {
            threw(node, t);
        }
    }

    /** From any thread: makes the driver look around. By way of the queue, so that it can't be missed on the way to sleep. */
    void wakeup() {
        enqueue(new Handle(this, "wake-up", () -> {}));
    }

    Buffers buffers() {
        return buffers;
    }

    ByteBuf chunk(int atLeast) {
        return buffers.chunk(atLeast);
    }

    /** Of whoever opened the loop: for the threads that are started to drive it. */
    @Nullable
    ClassLoader contextClassLoader() {
        return contextClassLoader;
    }

    /** Whether work could wait for a driver in vain: nobody drives, and nobody does so by profession. */
    boolean mayBeNeglected() {
        return !closed && environment.driver() == null && !driving.driven();
    }

    /** From any thread: what waits although nobody drives the loop, or null. */
    @Nullable
    String neglected() {
        if (!mayBeNeglected()) {
            return null;
        }
        Node newest = inbox.newest();
        return newest != null
                ? newest.label()
                : crossLoopFutures.isEmpty() ? null : "who awaits one of its Futures elsewhere";
    }

    Environment environment() {
        return environment;
    }

    Selector selector() {
        return selector;
    }

    Tick ticking() {
        return tick;
    }

    Tasks tasks() {
        return tasks;
    }

    Links links() {
        return links;
    }

    Driving driving() {
        return driving;
    }

    Closing closing() {
        return closing;
    }

    Activity activity() {
        return activity;
    }

    FailureWatch failures() {
        return failures;
    }

    CrossLoopFutures crossLoopFutures() {
        return crossLoopFutures;
    }

    /** Null unless in tracing mode. */
    @Nullable
    Origins origins() {
        return origins;
    }

    /** The constant that says that a write was accepted. */
    Future<@Nullable Void> accepted() {
        return accepted;
    }

    @Override
    public String toString() {
        return name + " on " + transport.name() + (closed ? ", closed" : "");
    }
}
