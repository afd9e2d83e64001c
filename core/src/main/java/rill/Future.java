package rill;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A result that will be there later: the read side. The write side is {@link Promise}; a {@link Task} is a Future that
 * computes its own result.
 *
 * <pre>
 *  pending ──▶ done: a value, or a failure (being cancelled is a failure with {@link CancelledException})
 * </pre>
 *
 * <p>A Future belongs to one {@link Loop}, and its callbacks run there: in order, each in a Handle, <b>never inside the call
 * that completes it</b> and never inside {@link #onDone}. Futures derived from it ({@link #map} and so on) settle in the
 * same Handle, up to some thousands of links; the rest of a longer chain in later ones.
 *
 * <p><b>Threading:</b> every method may be called from any thread; {@link #await} says where it may not.
 *
 * <p><b>Errors:</b> a failure that nobody looks at (no callback, no derived Future, no {@code await}, no
 * {@link #failure()}) is reported once to the loop's {@link Reporter}, when the Future is garbage or the loop closes. After the loop
 * has closed no callback runs any more; who awaits gets a {@link CancelledException}.
 *
 * @param <T> the type of the value
 */
public abstract sealed class Future<T extends @Nullable Object> extends Node permits Promise, Task, Derived {
    private static final VarHandle OUTCOME;
    private static final VarHandle DEPENDENTS;
    private static final Object NULL = new Object();
    private static final Object DISPATCHED = new Object();

    static {
        try {
            var lookup = MethodHandles.lookup();
            OUTCOME = lookup.findVarHandle(Future.class, "outcome", Object.class);
            DEPENDENTS = lookup.findVarHandle(Future.class, "dependents", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Loop loop;
    private volatile @Nullable Object outcome; // null while pending; a value, NULL, or a Failed
    private volatile @Nullable Object dependents; // null; a Dependent or BiConsumer; a Cons of them; DISPATCHED

    /** Several dependents, the newest first. */
    private record Cons(Object first, Object rest) {}

    @SuppressWarnings("this-escape") // as a key only
    Future(Loop loop) {
        this.loop = loop;
        Origins origins = loop.origins();
        if (origins != null) {
            origins.made(this);
        }
    }

    /** A Future of the current loop that is done already. */
    public static <T extends @Nullable Object> Future<T> of(T value) {
        return Promise.done(Loop.required("Future.of"), value);
    }

    /** A Future of the current loop that has failed already. */
    public static <T extends @Nullable Object> Future<T> failed(Throwable cause) {
        Promise<T> promise = Loop.required("Future.failed").promise();
        promise.fail(cause);
        return promise;
    }

    /**
     * A Future of the current loop that follows a stage. Cancelling it cancels the stage if that is a
     * {@link java.util.concurrent.Future}.
     */
    public static <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return Stages.from(Loop.required("Future.from"), stage);
    }

    /**
     * All results, in the order of the arguments. Fails with the first failure, and then cancels the others that nobody
     * else waits for. Of an empty list: done at once, on the current loop.
     */
    public static <T extends @Nullable Object> Future<List<T>> all(List<? extends Future<? extends T>> parts) {
        return parts.isEmpty() ? of(List.of()) : Derived.allOf(parts);
    }

    /** {@link #all(List)} of some Futures. */
    @SafeVarargs
    @SuppressWarnings("varargs")
    public static <T extends @Nullable Object> Future<List<T>> all(Future<? extends T>... parts) {
        return all(List.of(parts));
    }

    /**
     * The first result; then cancels the others that nobody else waits for. Fails, with the last failure, once all have
     * failed.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static <T extends @Nullable Object> Future<T> any(List<? extends Future<? extends T>> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("any: of an empty list there is no first");
        }
        return Derived.anyOf(parts);
    }

    /** {@link #any(List)} of some Futures. */
    @SafeVarargs
    @SuppressWarnings("varargs")
    public static <T extends @Nullable Object> Future<T> any(Future<? extends T>... parts) {
        return any(List.of(parts));
    }

    /** The loop that runs the callbacks. */
    public final Loop loop() {
        return loop;
    }

    /** Whether there is a value or a failure. */
    public final boolean isDone() {
        return outcome != null;
    }

    /** Whether it failed because somebody cancelled it. */
    public final boolean isCancelled() {
        return outcome instanceof Failed failed && failed.cancelled();
    }

    /** The failure, or null if there is none (yet). Counts as looking at it. */
    public final @Nullable Throwable failure() {
        if (outcome instanceof Failed failed) {
            failed.observed();
            return failed.cause;
        }
        return null;
    }

    /**
     * The value, which must be there.
     *
     * @throws IllegalStateException if it is pending or has failed
     */
    public final T result() {
        Object o = outcome;
        if (o == null) {
            throw new IllegalStateException(describe() + " is not done; await it, or ask isDone() first");
        }
        if (o instanceof Failed failed) {
            failed.observed();
            throw new IllegalStateException(describe() + " has failed; ask failure() first", failed.cause);
        }
        return unmask(o);
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // NULL stands for a null that T allows
    private T unmask(Object o) {
        return o == NULL ? null : (T) o;
    }

    /**
     * Calls {@code callback} with the value (and null), or with null and the failure, in a Handle on the loop. What it
     * throws is reported.
     *
     * @return this
     */
    public final Future<T> onDone(BiConsumer<? super @Nullable T, ? super @Nullable Throwable> callback) {
        addDependent(Objects.requireNonNull(callback, "callback"));
        return this;
    }

    /** A Future of {@code mapping}'s result; fails as this one does, or with what {@code mapping} throws. */
    public final <U extends @Nullable Object> Future<U> map(Function<? super T, ? extends U> mapping) {
        return Derived.map(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /** A Future of what {@code mapping}'s Future gives. */
    public final <U extends @Nullable Object> Future<U> flatMap(
            Function<? super T, ? extends Future<? extends U>> mapping) {
        return Derived.flatMap(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /** A Future with the same value, or if this one fails, with what {@code recovery} makes of the failure. */
    public final Future<T> recover(Function<? super Throwable, ? extends T> recovery) {
        return Derived.recover(this, Objects.requireNonNull(recovery, "recovery"));
    }

    /**
     * A Future with the same outcome, unless that takes longer than {@code limit}: then it fails with
     * {@link DeadlineException}, and this one is cancelled if nobody else waits for it. A limit of zero or less fails in the
     * next tick unless this one is done by then.
     */
    public final Future<T> timeout(Duration limit) {
        return Derived.timeout(this, limit);
    }

    /**
     * Asks that it be not completed any more: fails it with {@link CancelledException} unless it is done. The request goes on
     * to what it was derived from, if nothing else depends on that. A {@link Task} fails when its body lets the exception
     * through.
     *
     * @return whether it was pending
     */
    public boolean cancel() {
        return settle(new Failed(new CancelledException(describe() + " was cancelled")));
    }

    /**
     * Waits for the value.
     *
     * <ul>
     *   <li>Inside a Task: suspends the Task; the loop goes on.
     *   <li>On a thread outside, while somebody drives the loop: parks the thread.
     *   <li>On a thread outside, while nobody drives it: drives the loop until this Future is done. (A virtual thread lets a
     *       platform thread do that, and parks.)
     *   <li>Inside a callback or a codec: throws {@link IllegalStateException} at once, even if it is done.
     * </ul>
     *
     * <p>Don't await while holding a lock: other work of the loop may need it.
     *
     * @throws IOException the failure, if it is one
     * @throws RuntimeException the failure, if it is unchecked, such as {@link CancelledException}; any other checked failure
     *     comes wrapped in a {@link java.util.concurrent.CompletionException}
     * @throws java.io.InterruptedIOException if a thread outside is interrupted, whose interrupt status is then cleared; the Future goes
     *     on. It is an IOException: code that catches those to try again has to let it through
     */
    public final T await() throws IOException {
        Context context = Context.current();
        if (context == null) {
            loop.awaitOutside(this);
        } else if (context.task() == null) {
            throw new IllegalStateException("await of " + describe() + " inside a callback of "
                    + context.loop().name()
                    + " would dead-lock; use onDone or map, or start a Task: loop.task(() -> …)");
        } else {
            context.task().suspendUntilDone(this);
        }
        return outcomeOrThrow();
    }

    /** The value; or throws the failure as {@link #await} promises. */
    final T outcomeOrThrow() throws IOException {
        Object o = Objects.requireNonNull(outcome);
        if (o instanceof Failed failed) {
            failed.observed();
            throw Failures.asThrown(failed.cause);
        }
        return unmask(o);
    }

    /**
     * A stage that follows this Future and completes on the loop; cancelling it cancels this Future. It fails with
     * {@link CancelledException} if the loop closes first.
     */
    public final CompletableFuture<T> toCompletableFuture() {
        return Stages.to(this);
    }

    /** What reports and messages call it. */
    String describe() {
        return "a " + getClass().getSimpleName() + " of " + loop.name();
    }

    // ---- settling

    final boolean settleValue(T value) {
        return settle(value == null ? NULL : value);
    }

    /** Sets the outcome if there is none, and sees to it that the dependents are told by a Handle. */
    final boolean settle(Object newOutcome) {
        if (!OUTCOME.compareAndSet(this, null, newOutcome)) {
            return false;
        }
        if (hasWorkAfterwards() || !DEPENDENTS.compareAndSet(this, null, DISPATCHED)) {
            loop.enqueue(this);
        } else {
            watchIfFailed(newOutcome);
        }
        return true;
    }

    /** Like {@link #settle}, from within the Handle that tells a part's dependents: settles in the same Handle. */
    final boolean settleInChain(Object newOutcome) {
        if (!OUTCOME.compareAndSet(this, null, newOutcome)) {
            return false;
        }
        if (hasWorkAfterwards() || !DEPENDENTS.compareAndSet(this, null, DISPATCHED)) {
            loop.ticking().chain(this);
        } else {
            watchIfFailed(newOutcome);
        }
        return true;
    }

    private void watchIfFailed(Object newOutcome) {
        if (newOutcome instanceof Failed failed) {
            loop.failures().add(this, failed);
        }
    }

    /** Whether {@link #afterwards()} has something to do although nothing depends on this Future. */
    boolean hasWorkAfterwards() {
        return false;
    }

    /** Runs on the loop, before the callbacks. */
    void afterwards() {}

    /** The raw outcome, for derived Futures to copy: not null once done. */
    final Object rawOutcome() {
        return Objects.requireNonNull(outcome);
    }

    static Object mask(@Nullable Object value) {
        return value == null ? NULL : value;
    }

    static @Nullable Object unmasked(Object outcome) {
        return outcome == NULL ? null : outcome;
    }

    @Override
    final void execute() {
        loop.ticking().dispatch(this);
    }

    /** The loop is closed, so callbacks won't run; but other loops' Tasks, and threads, must not wait for ever. */
    @Override
    final void discard() {
        Object list = DEPENDENTS.getAndSet(this, DISPATCHED);
        Object[] all = list instanceof Cons cons ? inOrder(cons) : list == null ? new Object[0] : new Object[] {list};
        for (Object each : all) {
            if (each instanceof Task<?> || (each instanceof Dependent part && part.home() != loop)) {
                ((Dependent) each).settled(this);
            }
        }
    }

    @Override
    String label() {
        return "callbacks of " + describe();
    }

    /** Tells the dependents, in the order in which they came. */
    final void tellAll() {
        afterwards();
        loop.abroad().remove(this);
        Object list = DEPENDENTS.getAndSet(this, DISPATCHED);
        if (list instanceof Cons cons) {
            for (Object each : inOrder(cons)) {
                tell(each);
            }
        } else if (list == null) {
            watchIfFailed(rawOutcome());
        } else {
            tell(list);
        }
    }

    private static Object[] inOrder(Cons newest) {
        int n = 0;
        for (Object at = newest; at instanceof Cons cons; at = cons.rest) {
            n++;
        }
        Object[] ordered = new Object[n + 1];
        Object at = newest;
        while (at instanceof Cons cons) {
            ordered[n--] = cons.first;
            at = cons.rest;
        }
        ordered[0] = at;
        return ordered;
    }

    /** Tells one dependent. */
    @SuppressWarnings("unchecked")
    final void tell(Object dependent) {
        if (dependent instanceof Dependent part) {
            part.settled(this);
            return;
        }
        var callback = (BiConsumer<@Nullable Object, @Nullable Throwable>) dependent;
        Object o = rawOutcome();
        try {
            if (o instanceof Failed failed) {
                callback.accept(null, failed.cause);
            } else {
                callback.accept(o == NULL ? null : o, null);
            }
        } catch (Throwable t) {
            loop.report(new Report.Thrown(loop.name(), "a callback of " + describe(), t));
        }
    }

    // ---- dependents

    /** Adds a Dependent or a BiConsumer. If this Future is done and dispatched, a Handle of its own tells it. */
    final void addDependent(Object dependent) {
        while (true) {
            Object current = dependents;
            if (current == DISPATCHED) {
                if (outcome instanceof Failed failed) {
                    failed.observed();
                }
                loop.enqueue(new LateDependent(this, dependent));
                return;
            }
            Object changed = current == null ? dependent : new Cons(dependent, current);
            if (DEPENDENTS.compareAndSet(this, current, changed)) {
                if (dependent instanceof Dependent part && part.home() != loop && part.home() != null) {
                    loop.abroad().add(this);
                }
                return;
            }
        }
    }

    /** Takes a dependent out that has lost interest. If it was the last one, what it waited for is cancelled. */
    final void abandon(Object dependent) {
        if (removeDependent(dependent)) {
            cancel();
        }
    }

    /** Takes a dependent out; true if it was there and none is left. */
    final boolean removeDependent(Object dependent) {
        while (true) {
            Object current = dependents;
            if (current == null || current == DISPATCHED || outcome != null) {
                return false;
            }
            Object changed = without(current, dependent);
            if (changed == current) {
                return false;
            }
            if (DEPENDENTS.compareAndSet(this, current, changed)) {
                return changed == null;
            }
        }
    }

    private static @Nullable Object without(Object list, Object dependent) {
        if (list == dependent) {
            return null;
        }
        if (!(list instanceof Cons newest)) {
            return list;
        }
        Object[] ordered = inOrder(newest);
        Object rebuilt = null;
        boolean found = false;
        for (Object each : ordered) {
            if (each == dependent && !found) {
                found = true;
            } else {
                rebuilt = rebuilt == null ? each : new Cons(each, rebuilt);
            }
        }
        return found ? rebuilt : list;
    }

    /** Tells a dependent that came after all the others were told. */
    private static final class LateDependent extends Node {
        private final Future<?> future;
        private final Object dependent;

        LateDependent(Future<?> future, Object dependent) {
            this.future = future;
            this.dependent = dependent;
        }

        @Override
        void execute() {
            future.loop.ticking().dispatchLate(future, dependent);
        }

        @Override
        String label() {
            return future.label();
        }
    }

    @Override
    public String toString() {
        Object o = outcome;
        String state = o == null
                ? "pending"
                : o instanceof Failed failed ? "failed: " + failed.cause : "done: " + (o == NULL ? "null" : o);
        return describe() + ", " + state;
    }
}
