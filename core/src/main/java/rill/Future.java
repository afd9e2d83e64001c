package rill;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import rill.Parcel.Carried;

/**
 * A result that will be available later: the read side. The write side is {@link Promise}; a {@link Task} is a Future that computes its own result.
 *
 * <pre>
 *  pending ──▶ done: a value, or a failure (being cancelled is a failure with {@link CancelledException})
 * </pre>
 *
 * <p>A Future belongs to one {@link Loop}, and its callbacks run there: in order, each in a Handle, <b>never inside the call that completes it</b>
 * and never inside {@link #onDone}. Futures derived from it ({@link #map} and so on) settle in the same Handle, up to some thousands of links; the
 * rest of a longer chain settles in later ones.
 *
 * <p><b>Cancelling.</b> A callback, a derived Future, an awaiting Task or thread, and a {@link CompletionStage} each have an interest in the Future
 * that they wait for. <b>When the last interest in a Future is given up, it is cancelled</b>; while others wait for it, it continues. An interest is
 * given up when a derived Future or a Task is cancelled, when an await is interrupted, when {@link #any} or {@link #all} no longer needs a part, and
 * when a {@link #timeout} passes. To wait for something that is not yours to stop, such as a signal to shut down, wait for a {@link #copy} of it.
 *
 * <p><b>Ownership:</b> a message or a connection that a Future of Rill holds belongs to the first that sees it: a callback, an await,
 * {@link #result}, or the function of a {@code map} (unless it returns the same object). If every interest was given up before that, the value goes
 * back: a message goes to the next {@code receive}, an answer is released, a connection or a listener is closed. The same happens to parts for which
 * {@code any} and {@code all} have no use. The Future then counts as cancelled.
 *
 * <p><b>Threading:</b> every method may be called from any thread, except that {@link #await} must not be called inside a callback or a codec.
 *
 * <p><b>Errors:</b> a failure that nobody looks at (no callback, no derived Future, no {@code await}, no {@link #failure()}) is reported once to the
 * loop's {@link Reporter}, when the Future is garbage or the loop closes; the failure of a {@link Task}, after a second. After the loop has closed,
 * no callback and no function passed to {@code map} and the like runs any more. Derived Futures that would need one fail with
 * {@link CancelledException}; so does an await of a pending Future. A {@link Promise} may be completed even then: all dependents get the outcome of
 * what is done.
 *
 * @param <T> the type of the value
 */
// Longer than other classes: half of it is public, and the rest is one state of two words, which settling, notifying
// and giving up share.
public abstract sealed class Future<T extends @Nullable Object> extends Node permits Promise, Task, Derived {
    private static final VarHandle OUTCOME;
    private static final VarHandle DEPENDENTS;
    private static final Object NULL = new Object();
    private static final Object TOLD = new Object();
    private static final Object KEPT = new Object();

    static {
        try {
            var lookup = MethodHandles.lookup();
            OUTCOME = lookup.findVarHandle(Future.class, "outcome", Object.class);
            DEPENDENTS = lookup.findVarHandle(Future.class, "dependents", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final BareLoop loop;
    private volatile @Nullable Object outcome; // null while pending; a value, NULL, a Carried, or a Failed

    // What waits for this Future, see Dependents. Once notified: TOLD, or KEPT if the value is kept for the next one to
    // ask.
    private volatile @Nullable Object dependents;

    @SuppressWarnings("this-escape") // as a key only
    Future(BareLoop loop) {
        this.loop = loop;
        Origins origins = loop.origins();
        if (origins != null) {
            origins.made(this);
        }
    }

    /** Creates a Future that is done and whose value nobody else has seen, without the two exchanges that settling takes. */
    Future(BareLoop loop, Object outcome) {
        this(loop);
        OUTCOME.set(this, outcome);
        DEPENDENTS.set(this, TOLD);
    }

    /** Returns a Future of the current loop that is already done; elsewhere, use {@link Loop#done}. */
    public static <T extends @Nullable Object> Future<T> of(T value) {
        return BareLoop.required("Future.of").done(value);
    }

    /** Returns a Future of the current loop that has already failed; elsewhere, use {@link Loop#failed}. */
    public static <T extends @Nullable Object> Future<T> failed(Throwable cause) {
        return BareLoop.required("Future.failed").failed(cause);
    }

    /**
     * Returns a Future of the current loop that follows a stage; elsewhere, use {@link Loop#from}. Cancelling it cancels the stage if that is a
     * {@link java.util.concurrent.Future}.
     */
    public static <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return CompletionStages.from(BareLoop.required("Future.from"), stage);
    }

    /**
     * Returns a Future of all results, in the order of the arguments. Fails with the first failure. Then, or if it is cancelled, it gives up the
     * others: those that nobody else waits for are cancelled, and a connection that one of them has made is closed. For an empty list it is done at
     * once, on the current loop.
     *
     * @throws IllegalStateException if the list is empty and there is no current loop
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
     * Returns a Future of the first result. Then, or if it is cancelled, it gives up the others: those that nobody else waits for are cancelled, and
     * what one of them has brought at the same moment goes back. Fails, with the last failure, once all have failed. Pass a part that has to continue
     * in any case as a {@link #copy}.
     *
     * @throws IllegalArgumentException if the list is empty
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

    /**
     * Returns a Future that is done once all of these are, whatever becomes of them, and does not fail: for a look at each of them then. It leaves
     * their outcomes to them. A value belongs to the one that asks its Future for it, and a failure that nobody looks at is reported. If this Future
     * is cancelled, it gives up those that are still pending: those that nobody else waits for are cancelled. For an empty list it is done at once, on
     * the current loop.
     *
     * <pre>
     * Future.settled(calls).await();
     * for (Future&lt;Reply&gt; call : calls) {
     *     out.println(call.failure() == null ? call.result() : call.failure());
     * }
     * </pre>
     *
     * @throws IllegalStateException if the list is empty and there is no current loop
     */
    public static Future<@Nullable Void> settled(List<? extends Future<?>> parts) {
        return parts.isEmpty() ? of(null) : Derived.settledOf(parts);
    }

    /** {@link #settled(List)} of some Futures. */
    public static Future<@Nullable Void> settled(Future<?>... parts) {
        return settled(List.of(parts));
    }

    /** The {@link Loop} that runs the callbacks; work passed to its {@code execute} runs between them. */
    public final Executor executor() {
        return loop;
    }

    /** Whether this Future has a value or a failure. */
    public final boolean isDone() {
        return outcome != null;
    }

    /** Whether this Future failed because it was cancelled. */
    public final boolean isCancelled() {
        Parcel parcel = parcel();
        return wasCancelled() || (parcel != null && parcel.gone());
    }

    /** Whether it was cancelled, not counting a value that has gone back. */
    final boolean wasCancelled() {
        return outcome instanceof Failed failed && failed.isCancelled();
    }

    /** The failure, or null if there is none (yet). Counts as looking at the failure. */
    public final @Nullable Throwable failure() {
        if (outcome instanceof Failed failed) {
            failed.observed();
            return failed.cause;
        }
        Parcel parcel = parcel();
        return parcel != null && parcel.gone() ? gone().cause : null;
    }

    /**
     * Returns the value, which must be available.
     *
     * @throws IllegalStateException if this Future is pending or has failed
     */
    public final T result() {
        if (outcome == null) {
            throw new IllegalStateException(describe() + " is not done; await it, or ask isDone() first");
        }
        Object o = taken();
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
     * Calls {@code callback} with the value (and null), or with null and the failure, in a Handle on the loop. What it throws is reported. Once the
     * loop is closed it is never called; {@link #await} and {@link #toCompletableFuture} still report the outcome then.
     *
     * @return this
     */
    public final Future<T> onDone(BiConsumer<? super @Nullable T, ? super @Nullable Throwable> callback) {
        addDependent(Objects.requireNonNull(callback, "callback"));
        return this;
    }

    /**
     * Returns a Future of {@code mapping}'s result; it fails as this one does, or with what {@code mapping} throws. Cancelling it cancels this one,
     * if nobody else waits for it; {@code mapping} then never runs, unless it is running already.
     */
    public final <U extends @Nullable Object> Future<U> map(ThrowingFunction<? super T, ? extends U> mapping) {
        return Derived.map(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /**
     * Returns a Future with the outcome of the Future that {@code mapping} returns. Cancelling it cancels this one, or {@code mapping}'s once that
     * exists, if nobody else waits for it.
     */
    public final <U extends @Nullable Object> Future<U> flatMap(
            ThrowingFunction<? super T, ? extends Future<? extends U>> mapping) {
        return Derived.flatMap(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /** Returns a Future with the same value, or if this one fails, with {@code recovery}'s result for the failure. */
    public final Future<T> recover(ThrowingFunction<? super Throwable, ? extends T> recovery) {
        return recover(Throwable.class, recovery);
    }

    /** {@link #recover(ThrowingFunction)} from one kind of failure; others pass through. */
    public final <X extends Throwable> Future<T> recover(
            Class<X> kind, ThrowingFunction<? super X, ? extends T> recovery) {
        return Derived.recover(
                this, Objects.requireNonNull(kind, "kind"), Objects.requireNonNull(recovery, "recovery"));
    }

    /**
     * Returns a Future with the same value, or if this one fails, with the outcome of the Future that {@code recovery} returns. Cancelling it cancels
     * this one, or {@code recovery}'s once that exists, if nobody else waits for it.
     */
    public final Future<T> recoverWith(ThrowingFunction<? super Throwable, ? extends Future<? extends T>> recovery) {
        return recoverWith(Throwable.class, recovery);
    }

    /** {@link #recoverWith(ThrowingFunction)} from one kind of failure; others pass through. */
    public final <X extends Throwable> Future<T> recoverWith(
            Class<X> kind, ThrowingFunction<? super X, ? extends Future<? extends T>> recovery) {
        return Derived.recoverWith(
                this, Objects.requireNonNull(kind, "kind"), Objects.requireNonNull(recovery, "recovery"));
    }

    /**
     * Returns a Future with the same outcome, unless that takes longer than {@code limit}: then it fails with {@link DeadlineException}, and this one
     * is cancelled if nobody else waits for it ({@code copy().timeout(…)} lets it continue). With a limit of zero or less it fails in the next tick
     * unless this one is done by then.
     */
    public final Future<T> timeout(Duration limit) {
        return Derived.timeout(this, limit);
    }

    /**
     * Returns a Future with the same outcome, for waiting without owning: cancelling it, or what is derived from it, does not cancel this one, even
     * if nobody else waits for it. While the copy waits, it is an interest that keeps this one from being cancelled.
     */
    public final Future<T> copy() {
        return Derived.copy(this);
    }

    /**
     * Fails this Future with {@link CancelledException} unless it is done, even if others wait for it. The Future that it was derived from is also
     * cancelled, if nobody else waits for that. A {@link Task} fails when its body lets the exception through.
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
     *   <li>Inside a Task: suspends the Task; the loop continues.
     *   <li>On a thread outside, while another thread drives the loop: parks the thread.
     *   <li>On a thread outside, while nobody drives the loop: drives it until this Future is done. (A virtual thread has a platform thread do that,
     *       and parks.)
     *   <li>Inside a callback or a codec: throws {@link IllegalStateException} at once, even if it is done.
     * </ul>
     *
     * <p>Don't await while holding a lock: other work of the loop may need it.
     *
     * @throws IOException the failure, if it is one
     * @throws RuntimeException the failure, if it is unchecked, such as {@link CancelledException}; any other checked failure is wrapped in a
     *     {@link java.util.concurrent.CompletionException}. It carries, as a suppressed exception, the place of this await
     * @throws java.io.InterruptedIOException if a thread outside is interrupted; its interrupt status is then cleared. The Future is cancelled if
     *     nobody else waits for it, as it is when a Task is cancelled here. Since this is an IOException, code that catches those in order to retry
     *     has to let it through
     */
    public final T await() throws IOException {
        OnLoop here = OnLoop.current();
        if (here == null) {
            loop.awaitOutside(this);
        } else if (here.task() == null) {
            throw new IllegalStateException("await of " + describe() + " inside a callback of "
                    + here.loop().name()
                    + " would dead-lock; use onDone or map, or start a Task: loop.task(() -> …)");
        } else {
            here.task().suspendUntilDone(this);
        }
        return outcomeOrThrow();
    }

    /** Returns the value, or throws the failure as {@link #await} specifies. */
    final T outcomeOrThrow() throws IOException {
        Object o = taken();
        if (o instanceof Failed failed) {
            failed.observed();
            throw Failures.asThrown(AwaitedHere.addedTo(failed.cause));
        }
        return unmask(o);
    }

    /**
     * Returns a stage that follows this Future and completes on the loop. Cancelling it, or completing it otherwise, cancels this Future if nobody
     * else waits for it. It fails with {@link CancelledException} if the loop closes first.
     */
    public final CompletableFuture<T> toCompletableFuture() {
        return CompletionStages.to(this);
    }

    /** The kind of Future, in the user's terms. */
    abstract String kind();

    /** Adds the Futures that this one waits for; returns false if it is derived from none. */
    boolean addSources(Sources sources) {
        return false;
    }

    /** Whether it may stay pending for long by design: it waits for a time, or for an action of another party. */
    boolean hasReasonToWait() {
        return false;
    }

    /** Its name in reports and messages. */
    String describe() {
        return kind() + " of " + loop.name();
    }

    // ---- settling

    final boolean settleValue(T value) {
        return settle(value == null ? NULL : value);
    }

    /** Sets the outcome if there is none, and has a Handle notify the dependents. */
    final boolean settle(Object newOutcome) {
        if (!OUTCOME.compareAndSet(this, null, newOutcome)) {
            return false;
        }
        if (hasWorkAfterwards() || !nobodyToTell(newOutcome)) {
            loop.enqueue(this);
        }
        return true;
    }

    /** Like {@link #settle}, within the Handle that notifies a part's dependents: settles in the same Handle. */
    final boolean settleInChain(Object newOutcome) {
        if (!OUTCOME.compareAndSet(this, null, newOutcome)) {
            return false;
        }
        if (hasWorkAfterwards() || !nobodyToTell(newOutcome)) {
            loop.chain(this);
        }
        return true;
    }

    /** Whether it needs no Handle. A later dependent gets its own. */
    private boolean nobodyToTell(Object newOutcome) {
        if (dependents != null || !DEPENDENTS.compareAndSet(this, null, parcel() == null ? TOLD : KEPT)) {
            return false;
        }
        watchIfFailed(newOutcome);
        return true;
    }

    private void watchIfFailed(Object newOutcome) {
        if (newOutcome instanceof Failed failed) {
            loop.failures().add(this, failed);
        }
    }

    /** Reports its failure unless somebody looks at it. */
    final void watchFailure() {
        if (outcome instanceof Failed failed && !failed.isWatched()) {
            watchIfFailed(failed);
        }
    }

    /** Whether {@link #afterwards()} has work to do although nothing depends on this Future. */
    boolean hasWorkAfterwards() {
        return false;
    }

    /** Runs on the loop, before the callbacks. */
    void afterwards() {}

    static Object mask(@Nullable Object value) {
        return value == null ? NULL : value;
    }

    static @Nullable Object unmasked(Object outcome) {
        return outcome == NULL ? null : outcome;
    }

    // ---- the outcome, for those who are notified

    /** Whether it is done without a value. */
    final boolean hasFailed() {
        return outcome instanceof Failed;
    }

    /** Likewise, with such a failure. */
    final boolean hasFailedWith(Class<? extends Throwable> kind) {
        return outcome instanceof Failed failed && kind.isInstance(failed.cause);
    }

    /** The value as it is, possibly null; does not take it. It must be available. */
    final @Nullable Object value() {
        Object o = outcome;
        return o instanceof Carried carried ? unmasked(carried.value()) : unmasked(Objects.requireNonNull(o));
    }

    /** The part of its value that must not get lost, or null if there is none. */
    final @Nullable Parcel parcel() {
        Object o = outcome;
        if (o instanceof Carried carried) {
            return carried.parcel();
        }
        return this instanceof Offer<?> offer && o != NULL && o != null && !(o instanceof Failed) ? offer : null;
    }

    /** Takes the outcome, masked, for user code, which owns the value from now on. Not null once done. */
    private Object taken() {
        Object o = Objects.requireNonNull(outcome);
        Parcel parcel = parcel();
        if (parcel == null) {
            return o;
        }
        return parcel.take() ? mask(value()) : gone();
    }

    /**
     * The outcome, for another Future to share: it may be {@link Carried}, and then holds a claim. A receiver that can't use it after all has to
     * {@link #unshare} it. Counts as looking at a failure.
     */
    final Object shared() {
        Object o = Objects.requireNonNull(outcome);
        if (o instanceof Failed failed) {
            failed.observed();
            return new Failed(failed.cause);
        }
        Parcel parcel = parcel();
        if (parcel == null) {
            return o;
        }
        if (!parcel.claim()) {
            return gone();
        }
        return o instanceof Carried ? o : new Carried(o, parcel);
    }

    /** The outcome of a Future that is done, as in {@link #shared}; this Future then keeps it for nobody else. */
    final Object handedOver() {
        Object shared = shared();
        forgo();
        return shared;
    }

    static void unshare(@Nullable Object outcome) {
        if (outcome instanceof Carried carried) {
            carried.parcel().drop();
        }
    }

    private Failed gone() {
        return new Failed(new CancelledException(describe() + " was given up, and its value has gone back"));
    }

    /** Keeps the value until a dependent that is on its way fetches it. */
    final void hold() {
        Parcel parcel = parcel();
        if (parcel != null) {
            parcel.claim();
        }
    }

    /** Drops a claim to the value, whether it was taken or not. */
    final void unhold() {
        Parcel parcel = parcel();
        if (parcel != null) {
            parcel.drop();
        }
    }

    // ---- telling

    @Override
    final void execute() {
        loop.ticking().dispatch(this);
    }

    /** Notifies the dependents, in the order in which they were added. */
    final void tellAll() {
        afterwards();
        loop.crossLoopFutures().remove(this);
        tellDependents();
    }

    /** Notifies the present dependents: others may be added for a kept value after all these were notified. */
    final void tellDependents() {
        Parcel parcel = parcel();
        Object told = takeDependents(parcel == null ? TOLD : KEPT);
        if (told instanceof Object[] || told instanceof Dependents) {
            for (Object each : Dependents.take(told)) {
                tell(each);
            }
        } else if (told != null) {
            tell(told);
        }
        afterTelling(parcel, told);
    }

    private @Nullable Object takeDependents(Object instead) {
        while (true) {
            Object current = dependents;
            if (current == TOLD || current == KEPT) {
                return null;
            }
            if (DEPENDENTS.compareAndSet(this, current, instead)) {
                return current;
            }
        }
    }

    private void afterTelling(@Nullable Parcel parcel, @Nullable Object told) {
        if (parcel != null && Dependents.anyOwns(told)) {
            letGo(parcel);
        }
        if (outcome instanceof Failed && !Dependents.anyLooks(told)) {
            watchIfFailed(outcome);
        }
    }

    /** Notifies one dependent. */
    @SuppressWarnings("unchecked")
    final void tell(Object dependent) {
        try {
            if (dependent instanceof Dependent part) {
                part.settled(this);
                return;
            }
            var callback = (BiConsumer<@Nullable Object, @Nullable Throwable>) dependent;
            Object o = taken();
            if (o instanceof Failed failed) {
                callback.accept(null, failed.cause);
            } else {
                callback.accept(unmasked(o), null);
            }
        } catch (Throwable t) {
            loop.threw(this, t);
        }
    }

    /** The loop is closed, so callbacks won't run; dependents elsewhere, and Futures that follow from this one, are still settled. */
    @Override
    final void discard() {
        Discarding.discard(this);
    }

    final void tellAfterClose() {
        Parcel parcel = parcel();
        Object told = takeDependents(parcel == null ? TOLD : KEPT);
        for (Object each : Dependents.take(told)) {
            tellAfterClose(each);
        }
        afterTelling(parcel, told);
    }

    final void tellAfterClose(Object dependent) {
        if (dependent instanceof Dependent part) {
            if (part.toldAfterClose(loop)) {
                tell(part);
            } else {
                closedBefore(part);
            }
        }
    }

    private void closedBefore(Dependent part) {
        try {
            part.closedBefore(this);
        } catch (Throwable t) { // no memory, for example: there are other dependents
            loop.threw(this, t);
        }
    }

    @Override
    String label() {
        return "a callback of " + describe();
    }

    // ---- dependents

    /** Adds a Dependent or a BiConsumer. If this Future is done and its dependents were notified, a separate Handle notifies this one. */
    final void addDependent(Object dependent) {
        while (true) {
            Object current = dependents;
            if (current == TOLD || current == KEPT) {
                if (addLate(current, dependent)) {
                    return;
                }
            } else if (current instanceof Dependents many
                    ? many.add(dependent)
                    : DEPENDENTS.compareAndSet(this, current, Dependents.with(current, dependent))) {
                break;
            }
        }
        if (dependent instanceof Dependent part && part.waitsElsewhere(loop)) {
            loop.crossLoopFutures().add(this);
        }
    }

    /**
     * Adds a dependent after the others were notified. A value that was kept is now kept for this one, which is added as if it had been in time, so
     * that it can be removed again, and the value go back at once.
     */
    private boolean addLate(Object state, Object dependent) {
        if (state == KEPT && Dependents.owns(dependent)) {
            if (!DEPENDENTS.compareAndSet(this, KEPT, dependent)) {
                return false;
            }
            loop.enqueue(new ToldAgain(this));
            return true;
        }
        Parcel parcel = parcel();
        if (parcel != null && !parcel.claim()) {
            parcel = null;
        }
        if (outcome instanceof Failed failed && Dependents.looks(dependent)) {
            failed.observed();
        }
        loop.enqueue(new LateDependent(this, dependent, parcel));
        return true;
    }

    /** Removes a dependent that has lost interest. If it was the last one, this Future is given up. Returns whether it was present. */
    final boolean abandon(Object dependent) {
        Dependents.Removal removal = removeDependent(dependent);
        if (removal == Dependents.Removal.LAST) {
            giveUp();
        }
        return removal != Dependents.Removal.ABSENT;
    }

    /** Removes a dependent. If it was the last one, the caller has to give up this Future. */
    final Dependents.Removal removeDependent(Object dependent) {
        while (true) {
            Object current = dependents;
            if (current == null || current == TOLD || current == KEPT) {
                return Dependents.Removal.ABSENT;
            }
            Dependents.Removal removal = removeFrom(current, dependent);
            if (removal != null) {
                if (removal != Dependents.Removal.ABSENT
                        && dependent instanceof Dependent part
                        && part.waitsElsewhere(loop)) {
                    loop.crossLoopFutures().leave(this);
                }
                return removal;
            }
        }
    }

    /** Returns null if the dependents were changed concurrently. */
    private Dependents.@Nullable Removal removeFrom(Object current, Object dependent) {
        if (current instanceof Dependents many) {
            return many.remove(dependent, this);
        }
        Object changed = Dependents.without(current, dependent);
        if (changed == current) {
            return Dependents.Removal.ABSENT;
        }
        if (!DEPENDENTS.compareAndSet(this, current, changed)) {
            return null;
        }
        return Dependents.anyCounts(changed) ? Dependents.Removal.OTHERS_LEFT : Dependents.Removal.LAST;
    }

    /** Whether the dependents have been notified, or there were none. */
    final boolean isTold() {
        Object now = dependents;
        return now == TOLD || now == KEPT;
    }

    /** The number of dependents that wait for it. */
    final int waiting() {
        Object now = dependents;
        return now == TOLD || now == KEPT ? 0 : Dependents.size(now);
    }

    final boolean replaceDependents(Dependents many, @Nullable Object few) {
        return DEPENDENTS.compareAndSet(this, many, few);
    }

    // ---- giving up

    /** Nobody waits for it any more: it is cancelled or, if it is already done, its value goes back. */
    final void giveUp() {
        if (!cancel()) {
            forgo();
        }
    }

    /** A potential dependent, or one that only looked, will not wait for it: it is given up if nobody else waits. */
    final void decline() {
        if (isDone() || !Dependents.anyCounts(dependents)) {
            giveUp();
        }
    }

    /** Stops keeping the value of a Future that is done for later dependents; those that are waiting still get it. */
    final void forgo() {
        Parcel parcel = parcel();
        while (parcel != null) {
            Object current = dependents;
            if (current == TOLD || (current != KEPT && Dependents.anyOwns(current))) {
                return; // those are about to be notified, and then it is let go
            }
            if (DEPENDENTS.compareAndSet(this, current, TOLD)) {
                for (Object each : current == KEPT ? new Object[0] : Dependents.take(current)) {
                    loop.enqueue(new LateDependent(this, each, parcel.claim() ? parcel : null));
                }
                parcel.drop();
                return;
            }
        }
    }

    private void letGo(Parcel parcel) {
        if (DEPENDENTS.compareAndSet(this, KEPT, TOLD)) {
            parcel.drop();
        }
    }

    @Override
    public String toString() {
        Object o = outcome;
        String state =
                o == null ? "pending" : o instanceof Failed failed ? "failed: " + failed.cause : "done: " + value();
        return describe() + ", " + state;
    }
}
