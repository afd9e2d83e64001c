package rill;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import rill.spi.Driver;
import rill.spi.WaitingTask;

/**
 * A Future whose value is computed by ordinary, blocking-style code on the loop. The body runs until it awaits, and continues when what it awaits is
 * done. Made by {@link Loop#task} and {@link Loop#run}.
 *
 * <pre>
 *  CREATED ──▶ RUNNING ◀──▶ AWAITING        ──▶ done
 *      └─ cancelled before its start ───────────┘
 * </pre>
 *
 * <p><b>Threading:</b> the body runs in a virtual thread that takes turns with the loop, so it needs no locks against the loop's callbacks or other
 * Tasks of the loop: they run only while it awaits. Any blocking other than {@link #await} blocks the loop. Methods may be called from any thread.
 *
 * <p><b>Cancelling</b> makes the body's current or next await throw {@link CancelledException}, once; it never interrupts. The Task is done when its
 * body ends. The Future that is awaited, or would have been, is given up.
 *
 * <p><b>Errors:</b> a failure that nobody has looked at within a second of the loop's time is reported once to the loop's {@link Reporter}; looking
 * later is fine.
 *
 * @param <T> the type of the value
 */
public final class Task<T extends @Nullable Object> extends Future<T> {
    private final String name;
    private final Callable<? extends T> body;
    private final Coroutine coroutine;
    private final Waiting waiting = new Waiting();

    // Used on the loop only (by its thread or by the body's, which alternate).
    private @Nullable Future<?> awaited;
    private boolean started;
    private boolean running;
    private final boolean toEnd; // as the loop's Driver said

    private volatile boolean cancelWanted;

    // The loop's list of Tasks that are not done.
    @Nullable
    Task<?> previousTask;

    @Nullable
    Task<?> nextTask;

    Task(BareLoop loop, String name, Callable<? extends T> body) {
        super(loop);
        this.name = name;
        this.body = Objects.requireNonNull(body, "body");
        this.toEnd = hasToEnd(loop.driver());
        this.coroutine = loop.taskEngine().newCoroutine(loop, loop.name() + "/" + name, this::runBody);
    }

    /**
     * Whether the Task must end by itself: as the Driver says if it is started outside every loop, like the Task that starts it, and never if a
     * callback starts it.
     */
    private static boolean hasToEnd(@Nullable Driver driver) {
        if (driver == null) {
            return false;
        }
        OnLoop starts = OnLoop.current();
        return starts == null ? driver.expectsEnd() : starts.task() != null && starts.task().toEnd;
    }

    /** The name it was started under. */
    public String name() {
        return name;
    }

    /**
     * Makes the body's current or next await throw {@link CancelledException}. If the body has not begun, it never runs.
     *
     * @return whether it was not done yet
     */
    @Override
    public boolean cancel() {
        if (isDone()) {
            return false;
        }
        cancelWanted = true;
        loop.enqueue(new Wake(null));
        return true;
    }

    // ---- on the loop

    void start() {
        loop.enqueue(new Start());
    }

    private final class Start extends Node {
        @Override
        void execute() {
            wake(null);
        }

        @Override
        void discard() {
            settle(new Failed(loop.cancelledByClose(describe())));
        }

        @Override
        String label() {
            return Task.this.describe();
        }
    }

    /** Runs the body up to its next await; never again after a loss of power. */
    private void step() {
        if (loop.lost()) {
            return; // the body's thread becomes garbage
        }
        running = true;
        Node before = loop.activity().enter(this);
        try {
            coroutine.resume();
        } catch (Throwable t) {
            settle(new Failed(t)); // the body could not be run at all: no thread, no memory
        } finally {
            running = false;
            loop.activity().enter(before);
        }
        if (isDone()) {
            loop.tasks().ends(this);
        }
    }

    /** Something may have changed for the Task: it is to start, it was cancelled, or another loop's Future is done. */
    private void wake(@Nullable Future<?> settled) {
        if (isDone() || running) {
            return;
        }
        if (!started) {
            started = true;
            if (cancelWanted) {
                settle(new Failed(cancelled()));
                return;
            }
            try {
                loop.noteEngine();
                loop.tasks().begins(this);
            } catch (Throwable t) { // no memory
                settle(new Failed(t));
                return;
            }
            step();
        } else if (awaited != null && (cancelWanted || awaited == settled)) {
            step();
        }
    }

    /** This Task, as a dependent of what it awaits. */
    private final class Waiting implements Dependent {
        @Override
        public void settled(Future<?> source) {
            if (source.loop != loop) {
                source.hold(); // until this loop handles it
                loop.enqueue(new Wake(source));
            } else if (awaited == source) {
                step();
            }
        }

        @Override
        public BareLoop home() {
            return loop;
        }

        @Override
        public boolean toldAfterClose(BareLoop closed) {
            return true; // its body has to end
        }
    }

    private final class Wake extends Node {
        private final @Nullable Future<?> settled;

        Wake(@Nullable Future<?> settled) {
            this.settled = settled;
        }

        @Override
        void execute() {
            wake(settled);
            discard();
        }

        @Override
        void discard() {
            if (settled != null) {
                settled.unhold(); // a no-op if the body has taken the value
            }
        }

        @Override
        String label() {
            return Task.this.describe();
        }
    }

    // ---- in the body

    private void runBody() {
        new OnLoop(loop, this).enter();
        Object outcome;
        try {
            outcome = mask(body.call());
        } catch (Throwable t) {
            outcome = new Failed(t);
        } finally {
            OnLoop.exit();
        }
        settleOnLoop(outcome);
    }

    private void settleOnLoop(Object outcome) {
        var onLoop = new OnLoop(loop, null);
        onLoop.enter(); // the body is over, and its thread is still the loop's turn-taker
        try {
            settle(outcome);
        } finally {
            OnLoop.exit();
        }
    }

    /** Suspends this Task, whose body is calling, until {@code future} is done or the Task is cancelled. */
    void suspendUntilDone(Future<?> future) {
        throwIfCancelled(future);
        if (future.isDone()) {
            return;
        }
        if (loop.isClosed()) {
            future.decline();
            throw new CancelledException(loop.name() + " is closed: " + future.describe() + " can't be awaited");
        }
        awaited = future;
        future.addDependent(waiting);
        boolean suspended = false;
        try {
            suspended = coroutine.suspend();
        } finally {
            awaited = null;
            if (!suspended) {
                future.abandon(waiting);
            }
        }
        if (!suspended) {
            throw new IllegalStateException(
                    "await of " + future.describe() + " in " + describe() + ": a Task of the engine MOUNTED can't be"
                            + " suspended inside a static initializer,"
                            + " or below a native method; await"
                            + " elsewhere, or open the loop with"
                            + " TaskEngine.HANDED_OVER");
        }
        if (!future.isDone() && cancelWanted) {
            cancelWanted = false;
            future.abandon(waiting);
            throw cancelled();
        }
    }

    /** If the Task was cancelled before it reached this await, the Future that it would have waited for is given up all the same. */
    private void throwIfCancelled(Future<?> future) {
        if (cancelWanted) {
            cancelWanted = false;
            future.decline();
            throw cancelled();
        }
    }

    private CancelledException cancelled() {
        return new CancelledException(describe() + " was cancelled");
    }

    Thread thread() {
        return coroutine.thread();
    }

    boolean toEnd() {
        return toEnd;
    }

    /** Null if the Task is not awaiting anything. */
    @Nullable
    WaitingTask waitingTask() {
        Future<?> waitsFor = awaited;
        return waitsFor == null ? null : Sources.of(this, waitsFor);
    }

    @Override
    boolean addSources(Sources sources) {
        Future<?> waitsFor = awaited;
        if (waitsFor != null) {
            sources.add(waitsFor);
        }
        return waitsFor != null;
    }

    /** What the Task is doing, for the list of survivors. */
    String situation() {
        Future<?> waitsFor = awaited;
        return waitsFor == null ? describe() : describe() + " (awaiting " + waitsFor.describe() + ")";
    }

    @Override
    String kind() {
        return "Task " + name;
    }

    @Override
    String describe() {
        return kind();
    }
}
