package rill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.Selector;
import rill.spi.WaitingTask;
import rill.spi.simulation.PowerLoss;

/**
 * A {@link Loop} without connections: it runs Handles, timers, Futures and Tasks. These refer to their loop as a BareLoop, so that they know nothing
 * about connections. Every BareLoop is a Loop.
 *
 * <p>Its parts have a file each: {@link Tick} defines what a tick does, {@link Driving} who drives, and {@link Closing} how the loop ends. This class
 * is longer than others because half of it is the documented API of Loop.
 */
abstract class BareLoop implements Drivable, Executor {
    private static final AtomicBoolean ENGINE_NOTED = new AtomicBoolean();
    private static final long LONGEST_DELAY = Long.MAX_VALUE / 2;

    private final String name;
    private final Clock clock;
    private final @Nullable Driver driver;
    private final Reporter reporter;
    private final @Nullable TaskEngine wantedEngine; // null for the best
    private final @Nullable Origins origins;

    private final Inbox inbox = new Inbox(() -> selector().wakeup());
    private final Counters counters;
    private final Tick tick;
    private final FailureWatch failures;
    private final CrossLoopFutures crossLoopFutures = new CrossLoopFutures(this);
    private final Activity activity;
    private final Driving driving = new Driving(this);
    private final OnLoop onLoop = new OnLoop(this, null);
    private final Closing closing = new Closing(this);
    private final Tasks tasks;
    private final @Nullable ClassLoader contextClassLoader =
            Thread.currentThread().getContextClassLoader();

    private @Nullable Thread runner; // the thread that runs callbacks now; compared without looking into its locals
    private volatile boolean closed;
    private volatile boolean ended; // closed, and all resources were released
    private @Nullable PowerLoss lostBy; // after which nothing runs, and nobody is notified

    BareLoop(
            String name,
            Clock clock,
            @Nullable Driver driver,
            Reporter reporter,
            Pace pace,
            @Nullable TaskEngine wantedEngine,
            boolean tracing) {
        this.name = name;
        this.clock = clock;
        this.driver = driver;
        this.reporter = reporter;
        this.wantedEngine = requireAvailable(wantedEngine);
        this.origins = tracing ? new Origins() : null;
        this.failures = new FailureWatch(this, driver != null);
        this.activity = new Activity(this, TimeUnit.NANOSECONDS.convert(pace.slowHandle()));
        this.counters = new Counters(clock);
        this.tasks = new Tasks(closing, counters);
        this.tick = new Tick(this, inbox, pace);
    }

    private static @Nullable TaskEngine requireAvailable(@Nullable TaskEngine wanted) {
        String unavailable = wanted == null ? null : wanted.unavailable();
        if (unavailable != null) {
            throw new IllegalStateException("Task engine " + wanted + " is unavailable: " + unavailable);
        }
        return wanted;
    }

    /** The last step of creating a loop. */
    final void begin() {
        Watchdog.watch(activity);
    }

    /** Called with the first Task of the process: a process without Tasks does not pay for finding out. */
    void noteEngine() {
        if (!ENGINE_NOTED.get() && ENGINE_NOTED.compareAndSet(false, true)) {
            String better = TaskEngine.MOUNTED.unavailable();
            report(new Report.Note(
                    name,
                    "Tasks run " + taskEngine() + (better == null ? "" : "; for the faster MOUNTED: " + better),
                    wantedEngine != null || better == null));
        }
    }

    // ---- what the Loop adds

    abstract Selector selector();

    /** Whether the first thread that drives it is its driver for good. */
    abstract boolean keepsDriver();

    /** What lives on it besides Tasks. */
    abstract Residents residents();

    /** Called when it is closed: releases what its residents held. */
    abstract void release();

    // ---- driving

    /**
     * Runs {@code body} as a Task, and drives the loop until that is done.
     *
     * @return the body's result
     * @throws IOException the body's failure, as {@link Future#await} throws it
     * @throws IllegalStateException if the loop is already being driven, if this is called inside a callback or a Task, or if {@link #stop()} ended
     *     the driving before the body was done (the Task then continues when the loop is next driven)
     * @throws java.io.InterruptedIOException if this is a virtual thread and it is interrupted: then the driving stops. An interrupt of a platform
     *     thread is reported and has no other effect
     */
    public <T extends @Nullable Object> T run(Callable<? extends T> body) throws IOException {
        return driving.run(body);
    }

    /** {@link #run(Callable)} for a body without a result. */
    public void run(ThrowingRunnable body) throws IOException {
        run(WithoutResult.of(body));
    }

    /** Makes the thread that drives by {@link #run} or {@link Loop#start} stop after its present tick. The loop stays open and can be driven again. */
    public void stop() {
        driving.stop();
    }

    /**
     * Does one tick, which never blocks: the way to drive several loops on one thread.
     *
     * @return whether Handles are waiting for the next tick
     * @throws IllegalStateException if the loop is already being driven, inside a callback or a Task of any loop, or on a virtual thread, which can't
     *     carry Tasks
     */
    @Override
    public boolean tick() {
        return driving.tick();
    }

    /**
     * When the next timer is due, as a reading of {@link #nanoTime()}. If the loop has nothing to do, it needs no tick until then, unless I/O or
     * other threads give it work. For use between two ticks, if you drive by {@link #tick()}.
     *
     * @return empty if there is no timer
     */
    @Override
    public OptionalLong nextTimer() {
        return tick.nextTimer();
    }

    /** The current thread runs the callbacks of this loop from now on. */
    final void enter() {
        onLoop.enter();
        runner = Thread.currentThread();
    }

    final void exit() {
        runner = null;
        OnLoop.exit();
    }

    /**
     * Whether the current thread runs a callback or a Task of this loop. A thread sees its own writes of {@code runner}, and those of others never
     * name it; for a Task's thread, a further check is needed.
     */
    boolean isCurrent() {
        return runner == Thread.currentThread() || isOf(OnLoop.current());
    }

    private boolean isOf(@Nullable OnLoop current) {
        return current != null && current.loop() == this;
    }

    /** Checks access to what is confined to the loop: no other thread may be driving it. */
    void requireConfined(String what, Object subject) {
        if (!isCurrent() && driving.driven()) {
            throw new IllegalStateException(what + " of " + subject + " on " + Threads.describe(Thread.currentThread())
                    + ", while " + driving.describe() + " drives " + name
                    + "; use it in a callback or a Task of that loop");
        }
    }

    /** Does one tick; a broken selector ends the loop. */
    final void step(BooleanSupplier done) {
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

    void awaitOutside(Future<?> future) throws IOException {
        driving.await(future);
    }

    void requireNotClosed(Future<?> awaited) {
        if (closed && !awaited.isDone()) {
            throw neverDone(awaited);
        }
    }

    /** The failure of an operation that needed this loop. */
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
     * Runs {@code action} in the next tick's run phase, or in the present one's if that is still to come: the cheapest way to give a loop work, above
     * all from other threads. Use {@link #schedule(String, Runnable) schedule} for work that may have to be cancelled, or needs a name in reports;
     * {@link #submit submit} for work with a result; a {@link #task Task} for work that awaits. What one thread passes to a loop in these ways begins
     * in that order.
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
     * Runs {@code action} in a Handle of the next tick's run phase, or of the present one's if that is still to come. If neither the name nor
     * cancelling matters, {@link #execute} is cheaper.
     */
    public Handle schedule(String handleName, Runnable action) {
        requireOpen("schedule");
        var handle = new Handle(this, handleName, action);
        enqueue(handle);
        return handle;
    }

    /** {@link #schedule(String, Runnable)} without a name. */
    public Handle schedule(Runnable action) {
        return schedule(ActionNames.of(action), action);
    }

    /**
     * Runs {@code action} in a Handle once {@code delay} has passed, never earlier; at once if it is zero or negative. Timers with the same deadline
     * run in the order in which they were scheduled.
     */
    public Handle schedule(Duration delay, String handleName, Runnable action) {
        return schedule(delay, handleName, null, action);
    }

    /** The Handle is named {@code what} followed by {@code subject}. */
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
        long deadline = clock.nanoTime() + nanos(delay);
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
            if (!timer.isCancelled()) {
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

    /** {@link #schedule(Duration, String, Runnable)} without a name. */
    public Handle schedule(Duration delay, Runnable action) {
        return schedule(delay, ActionNames.of(action), action);
    }

    /** The delay in nanoseconds, which a deadline may be ahead or past; limited to 146 years. */
    static long nanos(Duration delay) {
        long nanos = TimeUnit.NANOSECONDS.convert(delay); // which saturates, and allocates nothing
        return Math.clamp(nanos, -LONGEST_DELAY, LONGEST_DELAY);
    }

    /** Calls {@code work} in a Handle, as a callback (it must not await), and returns a Future of its result. */
    public <T extends @Nullable Object> Future<T> submit(Callable<? extends T> work) {
        var promise = new Promise<T>(this, Promise.Kind.WORK);
        enqueue(new Submission<>(this, Objects.requireNonNull(work, "work"), promise));
        return promise;
    }

    /** {@link #submit(Callable)} for work without a result: done when the work is over. */
    public Future<@Nullable Void> submit(ThrowingRunnable work) {
        return submit(WithoutResult.of(work));
    }

    /** Starts a Task; its body begins in a Handle. */
    public <T extends @Nullable Object> Task<T> task(String taskName, Callable<? extends T> body) {
        var task = new Task<T>(this, taskName, body);
        task.start();
        return task;
    }

    /** {@link #task(String, Callable)} without a name. */
    public <T extends @Nullable Object> Task<T> task(Callable<? extends T> body) {
        return task(ActionNames.of(body), body);
    }

    /** {@link #task(String, Callable)} for a body without a result. */
    public Task<@Nullable Void> task(String taskName, ThrowingRunnable body) {
        return task(taskName, WithoutResult.of(body));
    }

    /** {@link #task(String, ThrowingRunnable)} without a name. */
    public Task<@Nullable Void> task(ThrowingRunnable body) {
        return task(ActionNames.of(body), WithoutResult.of(body));
    }

    /** Returns a Future that is done once {@code delay} has passed, never earlier. Cancelling it cancels its timer. */
    public Future<@Nullable Void> delay(Duration delay) {
        Promise<@Nullable Void> promise = promise();
        Handle timer = timer(delay, "delay", null, new Delay(promise));
        return promise.onCancel(new DelayCancellation(timer));
    }

    /** Stops a delay. */
    record DelayCancellation(Handle timer) implements Runnable {
        @Override
        public void run() {
            timer.cancel();
        }
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

    /** Returns a Future of this loop that is already done. */
    public <T extends @Nullable Object> Future<T> done(T value) {
        return Promise.done(this, value);
    }

    /** Returns a Future of this loop that has already failed. */
    public <T extends @Nullable Object> Future<T> failed(Throwable cause) {
        Promise<T> promise = promise();
        promise.fail(cause);
        return promise;
    }

    /** Returns a Future of this loop that follows a stage. Cancelling it cancels the stage if that is a {@link java.util.concurrent.Future}. */
    public <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return CompletionStages.from(this, stage);
    }

    /** Returns a Future of this loop for you to complete. */
    public <T extends @Nullable Object> Promise<T> promise() {
        return new Promise<>(this);
    }

    /**
     * Returns a Future of this loop for you to complete with something that must not get lost, such as a buffer or a connection. If nobody sees the
     * value, because every interest in it was given up before, it is passed back to {@code unseen}: on the loop, or, after that has closed, on any
     * thread.
     */
    public <T extends @Nullable Object> Promise<T> promise(Consumer<? super T> unseen) {
        return new Offer<>(this, Objects.requireNonNull(unseen, "unseen"));
    }

    /**
     * {@link #promise(Consumer)} for work that can be stopped.
     *
     * @param stop runs if the Future is cancelled before it is done: on the loop, in a Handle, at most once
     */
    public <T extends @Nullable Object> Promise<T> promise(Consumer<? super T> unseen, Runnable stop) {
        return new Offer<>(
                this, new Taker<T>(Objects.requireNonNull(unseen, "unseen"), Objects.requireNonNull(stop, "stop")));
    }

    private record Taker<T extends @Nullable Object>(Consumer<? super T> unseen, Runnable stop)
            implements Consumer<T>, Runnable {
        @Override
        public void accept(T value) {
            unseen.accept(value);
        }

        @Override
        public void run() {
            stop.run();
        }
    }

    // ---- asking

    /** The loop whose callback or Task the current thread is running. */
    static BareLoop required(String what) {
        OnLoop current = OnLoop.current();
        if (current == null) {
            throw new IllegalStateException(what + " needs a current loop; this thread runs none");
        }
        return current.loop();
    }

    /** The name in reports. */
    @Override
    public String name() {
        return name;
    }

    /** How Tasks run here. */
    public TaskEngine taskEngine() {
        return wantedEngine == null ? TaskEngine.best() : wantedEngine;
    }

    /**
     * Describes what is alive on the loop: its Tasks, with what each awaits, and its connections. For use between two ticks, if you drive by
     * {@link #tick()}.
     */
    @Override
    public List<String> alive() {
        var alive = new ArrayList<String>();
        tasks.forEach(task -> alive.add(task.situation()));
        residents().nameTo(alive);
        return alive;
    }

    /** {@inheritDoc} For the {@link Driver} of loops; {@link #alive()} describes the same in words. */
    @Override
    public List<WaitingTask> waitingTasks() {
        var waiting = new ArrayList<WaitingTask>();
        tasks.forEach(task -> {
            WaitingTask each = task.waitingTask();
            if (each != null) {
                waiting.add(each);
            }
        });
        return waiting;
    }

    /** A reading of the loop's clock; only differences are meaningful. */
    @Override
    public long nanoTime() {
        return clock.nanoTime();
    }

    /** The date and the time of day: the system's, or in a simulation those of the host. They may jump, and no timer depends on them. */
    public InstantSource wallClock() {
        return clock.wallClock();
    }

    /** Whether {@link #close} is over. */
    @Override
    public boolean isClosed() {
        return closed;
    }

    // ---- closing

    /**
     * Notifies the {@link Reporter} that {@code what} threw {@code cause}, as a {@link Report.Thrown}: for code that calls foreign code, survives its
     * failure, and has nobody else to notify.
     *
     * <p><b>Threading:</b> any. On the loop the Reporter is called at once. From another thread it is called in a Handle; once the loop is closed, on
     * that thread. <b>Errors:</b> none: what the Reporter throws is logged.
     *
     * @param what a name, such as "the access log"
     */
    public void report(String what, Throwable cause) {
        Objects.requireNonNull(what, "what");
        Objects.requireNonNull(cause, "cause");
        if (isCurrent()) {
            threw(what, null, cause);
        } else {
            enqueue(new Told(this, what, cause));
        }
    }

    /**
     * Closes the loop: stops accepting, finishes what is in flight, cancels every Task and waits for it, and closes everything. What is still alive
     * at the deadline is aborted, and named in a {@link Report.Survivors}. Waits until that is over, and drives the loop if nobody does. Idempotent.
     *
     * <p>First the accepted connections finish. A server started by {@link Loop#serve} answers the requests that it has begun. The receiver of a
     * connection accepted by {@link Loop#listen} sees the end of the peer's stream, and closes the connection when it has finished what it has
     * received ({@link Connection#onFinish} is for work that the loop does not know of). Until then, outgoing connections can be made and used. Then
     * those finish: a {@link Client} gets the answers of its calls, a Connection is closed.
     *
     * @throws IllegalStateException inside a callback or a Task, which the closing would wait for; use {@link #stop} there
     */
    @Override
    public void close(Duration deadline) {
        closing.close(deadline);
    }

    final void requireOpen(String what) {
        if (closed) {
            throw new IllegalStateException(what + ": " + name + howItEnded());
        }
    }

    // ---- for the other parts of Rill

    /** Appends to the Handle queue, from any thread. The node is discarded if the loop is closed. */
    void enqueue(Node node) {
        if (!offer(node)) {
            discard(node);
        }
    }

    /** Called within a Handle that notifies dependents: one of them has settled, and its own dependents are notified in the same Handle. */
    void chain(Future<?> settled) {
        if (closed) {
            settled.discard();
        } else {
            tick.chain(settled);
        }
    }

    /** Returns false if the loop is closed. */
    private boolean offer(Node node) {
        if (closed) {
            return false;
        }
        if (isCurrent()) {
            tick.add(node);
            return true;
        }
        if (driver != null) {
            driver.handingOver(this);
        }
        return inbox.put(node);
    }

    void runReporting(String what, Runnable action) {
        runReporting(what, null, action);
    }

    /** Runs {@code action}, and reports what it throws under the name {@code what} followed by {@code subject}. */
    void runReporting(String what, @Nullable Object subject, Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            threw(what, subject, t);
        }
    }

    /**
     * Reports what {@code what} and {@code subject} threw. Never throws, like all reporting methods here: the caller has caught something, perhaps
     * for lack of memory, and composing the name alone may fail as well.
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

    void report(Report report) {
        if (lostBy != null) {
            return;
        }
        try {
            Throwable cause = report.cause();
            if (driver != null && cause != null) {
                driver.failed(this, report.message(), cause);
            }
            reporter.report(report);
        } catch (Throwable t) {
            LoggingReporter.INSTANCE.reporterThrew(t, report);
        }
    }

    /** Notifies the Driver, if there is one, that a peer has broken the protocol. */
    void violated(Object connection, ProtocolException violation) {
        if (driver != null && lostBy == null) {
            driver.violated(this, connection.toString(), violation);
        }
    }

    void timerCancelled(Handle handle) {
        if (isCurrent()) {
            tick.timerCancelled(handle);
        } else if (!closed) {
            enqueue(new Handle(this, "cancellation of " + handle.name(), () -> tick.timerCancelled(handle)));
        }
    }

    /** Whether a loss of power has ended it: none of its Tasks may continue. */
    boolean lost() {
        return lostBy != null;
    }

    /** Ends everything; the last action on the loop. */
    void closeNow() {
        if (closed) {
            return;
        }
        closed = true;
        runReporting("closing the selector", selector()::close);
        tick.discardAll();
        inbox.close(this::discard);
        runReporting("giving back what it had", this::release);
        runReporting("telling other loops of the close", crossLoopFutures::close);
        runReporting("telling of failures", failures::close);
        runReporting("telling of what survives", closing::tellOfSurvivors);
        runReporting("telling the loops that close with it", closing::ready);
        Watchdog.unwatch(activity);
        ended = true; // last, since the program may end when this is seen
        driving.wakeAll();
    }

    /** Whether it is closed and everything is released, descriptors and memory included. */
    boolean ended() {
        return ended;
    }

    /** The work that {@code node} stands for will not be done. */
    void discard(Node node) {
        try {
            node.discard();
        } catch (Throwable t) {
            threw(node, t);
        }
    }

    /** Wakes the driver, from any thread. Uses the queue, so that it can't be missed on the way to sleep. */
    void wakeup() {
        enqueue(new Handle(this, "wake-up", () -> {}));
    }

    /** The context class loader of the thread that opened the loop: for threads that are started to drive it. */
    @Nullable
    ClassLoader contextClassLoader() {
        return contextClassLoader;
    }

    /** Whether work could wait for a driver in vain: nobody drives, and there is no Driver. */
    boolean mayBeNeglected() {
        return !closed && driver == null && !driving.driven();
    }

    /** Describes what waits although nobody drives the loop, or null. From any thread. */
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

    final Clock clock() {
        return clock;
    }

    /** What drives the loop besides its users, as in a simulation; usually null. */
    final @Nullable Driver driver() {
        return driver;
    }

    Tick ticking() {
        return tick;
    }

    /** The counters of this loop. */
    final Counters counters() {
        return counters;
    }

    Tasks tasks() {
        return tasks;
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

    /** Returns null unless in tracing mode. */
    @Nullable
    Origins origins() {
        return origins;
    }
}
