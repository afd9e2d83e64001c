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
 * <p><b>Cancelling.</b> A callback, a derived Future, a Task or a thread that awaits, and a {@link CompletionStage} have an interest in the
 * Future that they wait for. <b>If the last interest in a Future is given up, that cancels it</b>; while others wait for it, it goes on. An
 * interest is given up when a derived Future or a Task is cancelled, when an await is interrupted, when {@link #any} or {@link #all} needs a part no
 * more, and when a {@link #timeout} passes. To wait for something that is not yours to stop, such as a signal to shut down, wait for a {@link
 * #copy} of it.
 *
 * <p><b>Ownership:</b> a message or a connection that a Future of Rill gives belongs to the first that sees it: a callback, an await,
 * {@link #result}, the function of a {@code map} (unless it gives the same object back). If every interest was given up before, it goes back: a
 * message goes to the next {@code receive}, an answer is released, a connection or a listener is closed. The same happens to parts that {@code
 * any} and {@code all} have no use for. The Future then counts as cancelled.
 *
 * <p><b>Threading:</b> every method may be called from any thread; {@link #await} says where it may not.
 *
 * <p><b>Errors:</b> a failure that nobody looks at (no callback, no derived Future, no {@code await}, no
 * {@link #failure()}) is reported once to the loop's {@link Reporter}, when the Future is garbage or the loop closes; that of a
 * {@link Task} after a second. After the loop has closed no callback and no function given to {@code map} and the like runs any
 * more, and derived Futures that would need one fail with {@link CancelledException}; so does an await of what is pending. A
 * {@link Promise} may be completed even then: of what is done everybody gets the outcome.
 *
 * @param <T> the type of the value
 */
// Longer than others: the half of it is public, and the rest is one state of two words, which settling, telling and
// giving up share.
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

    // What waits for it, as Dependents says. Once that was told: TOLD, or KEPT if the value is kept for whoever asks
    // next.
    private volatile @Nullable Object dependents;

    @SuppressWarnings("this-escape") // as a key only
    Future(BareLoop loop) {
        this.loop = loop;
        Origins origins = loop.origins();
        if (origins != null) {
            origins.made(this);
        }
    }

    /** One that is done, and whose value nobody else has seen: without the two exchanges that settling takes. */
    Future(BareLoop loop, Object outcome) {
        this(loop);
        OUTCOME.set(this, outcome);
        DEPENDENTS.set(this, TOLD);
    }

    /** A Future of the current loop that is done already; elsewhere, {@link Loop#done}. */
    public static <T extends @Nullable Object> Future<T> of(T value) {
        return BareLoop.required("Future.of").done(value);
    }

    /** A Future of the current loop that has failed already; elsewhere, {@link Loop#failed}. */
    public static <T extends @Nullable Object> Future<T> failed(Throwable cause) {
        return BareLoop.required("Future.failed").failed(cause);
    }

    /**
     * A Future of the current loop that follows a stage. Cancelling it cancels the stage if that is a
     * {@link java.util.concurrent.Future}.
     */
    public static <T extends @Nullable Object> Future<T> from(CompletionStage<? extends T> stage) {
        return CompletionStages.from(BareLoop.required("Future.from"), stage);
    }

    /**
     * All results, in the order of the arguments. Fails with the first failure; then, or if it is cancelled, it gives up the others:
     * those that nobody else waits for are cancelled, and a connection that one of them has made is closed. Of an empty list: done at
     * once, on the current loop.
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
     * The first result. Then, or if it is cancelled, it gives up the others: those that nobody else waits for are cancelled, and what
     * one of them has brought in the same moment goes back. Fails, with the last failure, once all have failed. Pass a part that has
     * to go on in any case as a {@link #copy}.
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

    /** The {@link Loop} that runs the callbacks; what it is given to execute runs between them. */
    public final Executor executor() {
        return loop;
    }

    /** Whether there is a value or a failure. */
    public final boolean isDone() {
        return outcome != null;
    }

    /** Whether it failed because somebody cancelled it. */
    public final boolean isCancelled() {
        Parcel parcel = parcel();
        return wasCancelled() || (parcel != null && parcel.gone());
    }

    /** Other than by a value that has gone back. */
    final boolean wasCancelled() {
        return outcome instanceof Failed failed && failed.cancelled();
    }

    /** The failure, or null if there is none (yet). Counts as looking at it. */
    public final @Nullable Throwable failure() {
        if (outcome instanceof Failed failed) {
            failed.observed();
            return failed.cause;
        }
        Parcel parcel = parcel();
        return parcel != null && parcel.gone() ? gone().cause : null;
    }

    /**
     * The value, which must be there.
     *
     * @throws IllegalStateException if it is pending or has failed
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
     * Calls {@code callback} with the value (and null), or with null and the failure, in a Handle on the loop. What it
     * throws is reported. Once the loop is closed it is never called: {@link #await} and {@link #toCompletableFuture} tell of that.
     *
     * @return this
     */
    public final Future<T> onDone(BiConsumer<? super @Nullable T, ? super @Nullable Throwable> callback) {
        addDependent(Objects.requireNonNull(callback, "callback"));
        return this;
    }

    /**
     * A Future of {@code mapping}'s result; fails as this one does, or with what {@code mapping} throws. Cancelling it cancels this
     * one, if nobody else waits for it; {@code mapping} then never runs, unless it does already.
     */
    public final <U extends @Nullable Object> Future<U> map(ThrowingFunction<? super T, ? extends U> mapping) {
        return Derived.map(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /**
     * A Future of what {@code mapping}'s Future gives. Cancelling it cancels this one, or {@code mapping}'s once there is that, if
     * nobody else waits for it.
     */
    public final <U extends @Nullable Object> Future<U> flatMap(
            ThrowingFunction<? super T, ? extends Future<? extends U>> mapping) {
        return Derived.flatMap(this, Objects.requireNonNull(mapping, "mapping"));
    }

    /** A Future with the same value, or if this one fails, with what {@code recovery} makes of the failure. */
    public final Future<T> recover(ThrowingFunction<? super Throwable, ? extends T> recovery) {
        return Derived.recover(this, Objects.requireNonNull(recovery, "recovery"));
    }

    /**
     * A Future with the same value, or if this one fails, with what {@code recovery}'s Future gives. Cancelling it cancels this one, or
     * {@code recovery}'s once there is that, if nobody else waits for it.
     */
    public final Future<T> recoverWith(ThrowingFunction<? super Throwable, ? extends Future<? extends T>> recovery) {
        return Derived.recoverWith(this, Objects.requireNonNull(recovery, "recovery"));
    }

    /**
     * A Future with the same outcome, unless that takes longer than {@code limit}: then it fails with
     * {@link DeadlineException}, and this one is cancelled if nobody else waits for it ({@code copy().timeout(…)} lets it go on).
     * A limit of zero or less fails in the next tick unless this one is done by then.
     */
    public final Future<T> timeout(Duration limit) {
        return Derived.timeout(this, limit);
    }

    /**
     * A Future with the same outcome, for waiting without owning: cancelling it, or what is derived from it, does not cancel this
     * one, even if nobody else waits for it. As long as it waits, it is a reason for this one to go on.
     */
    public final Future<T> copy() {
        return Derived.copy(this);
    }

    /**
     * Fails it with {@link CancelledException} unless it is done, even if others wait for it. The Future that it was derived from is
     * cancelled as well, if nobody else waits for that. A {@link Task} fails when its body lets the exception through.
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
     *     comes wrapped in a {@link java.util.concurrent.CompletionException}. It carries, as a suppressed exception, the place of this await
     * @throws java.io.InterruptedIOException if a thread outside is interrupted, whose interrupt status is then cleared. The Future is
     *     cancelled if nobody else waits for it, as it is when a Task is cancelled here. It is an IOException: code that catches those
     *     to try again has to let it through
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

    /** The value; or throws the failure as {@link #await} promises. */
    final T outcomeOrThrow() throws IOException {
        Object o = taken();
        if (o instanceof Failed failed) {
            failed.observed();
            throw Failures.asThrown(AwaitedHere.addedTo(failed.cause));
        }
        return unmask(o);
    }

    /**
     * A stage that follows this Future and completes on the loop. Cancelling it, or completing it otherwise, cancels this Future if
     * nobody else waits for it. It fails with {@link CancelledException} if the loop closes first.
     */
    public final CompletableFuture<T> toCompletableFuture() {
        return CompletionStages.to(this);
    }

    /** What sort of Future it is, in the words of its user. */
    abstract String kind();

    /** Adds what it waits for; false if it is derived from nothing. */
    boolean addSources(Sources sources) {
        return false;
    }

    /** Whether it may stay pending for long by design: it waits for a time, or for what somebody else does. */
    boolean hasReasonToWait() {
        return false;
    }

    /** What reports and messages call it. */
    String describe() {
        return kind() + " of " + loop.name();
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
        if (hasWorkAfterwards() || !nobodyToTell(newOutcome)) {
            loop.enqueue(this);
        }
        return true;
    }

    /** Like {@link #settle}, from within the Handle that tells a part's dependents: settles in the same Handle. */
    final boolean settleInChain(Object newOutcome) {
        if (!OUTCOME.compareAndSet(this, null, newOutcome)) {
            return false;
        }
        if (hasWorkAfterwards() || !nobodyToTell(newOutcome)) {
            loop.chain(this);
        }
        return true;
    }

    /** Whether it can do without a Handle. A later dependent gets one of its own. */
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

    /** Whether {@link #afterwards()} has something to do although nothing depends on this Future. */
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

    // ---- the outcome, for those who are told

    /** Whether it is done without a value. */
    final boolean hasFailed() {
        return outcome instanceof Failed;
    }

    /** The value as it is, null included; without taking it. It must be there. */
    final @Nullable Object value() {
        Object o = outcome;
        return o instanceof Carried carried ? unmasked(carried.value()) : unmasked(Objects.requireNonNull(o));
    }

    /** What must not get lost of its value, or null if there is nothing of the kind. */
    final @Nullable Parcel parcel() {
        Object o = outcome;
        if (o instanceof Carried carried) {
            return carried.parcel();
        }
        return this instanceof Offer<?> offer && o != NULL && o != null && !(o instanceof Failed) ? offer : null;
    }

    /** The outcome, masked, for user code, which has the value from now on. Not null once done. */
    private Object taken() {
        Object o = Objects.requireNonNull(outcome);
        Parcel parcel = parcel();
        if (parcel == null) {
            return o;
        }
        return parcel.take() ? mask(value()) : gone();
    }

    /**
     * The outcome for another Future to have as well: it may be {@link Carried}, and then has a claim. Whoever can't make use of it
     * after all has to {@link #unshare} it. Counts as looking at a failure.
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

    /** The outcome of one that is done, as {@link #shared}, which this Future then keeps for nobody else. */
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

    /** Somebody is on the way to fetch the value: it stays until then. */
    final void hold() {
        Parcel parcel = parcel();
        if (parcel != null) {
            parcel.claim();
        }
    }

    /** Whoever had claimed the value does not want it any more; no matter if it was taken. */
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

    /** Tells the dependents, in the order in which they came. */
    final void tellAll() {
        afterwards();
        loop.crossLoopFutures().remove(this);
        tellDependents();
    }

    /** Tells those who are in now: some may come for what was kept after all others were told. */
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
        if (outcome instanceof Failed && !Dependents.anyCounts(told)) {
            watchIfFailed(outcome);
        }
    }

    /** Tells one dependent. */
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

    /** The loop is closed, so callbacks won't run; but whatever waits elsewhere, and what follows from this one, is done. */
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
        } catch (Throwable t) { // no memory, say: there are others
            loop.threw(this, t);
        }
    }

    @Override
    String label() {
        return "a callback of " + describe();
    }

    // ---- dependents

    /** Adds a Dependent or a BiConsumer. If this Future is done and its dependents were told, a Handle of its own tells this one. */
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
     * Adds one that comes after the others were told. A value that was kept is kept for this one from now on: it is in as if it had come
     * in time, so that it can be taken out again, and the value go back at once.
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
        if (outcome instanceof Failed failed) {
            failed.observed();
        }
        loop.enqueue(new LateDependent(this, dependent, parcel));
        return true;
    }

    /** Takes a dependent out that has lost interest. If it was the last one, this Future is given up. Whether it was in. */
    final boolean abandon(Object dependent) {
        Dependents.Removal removal = removeDependent(dependent);
        if (removal == Dependents.Removal.LAST) {
            giveUp();
        }
        return removal != Dependents.Removal.ABSENT;
    }

    /** Takes a dependent out. After the last one, the caller sees to it that this Future is given up. */
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

    /** Null if something else has happened meanwhile. */
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

    /** Whether those who wait for it have been told, or nobody did. */
    final boolean isTold() {
        Object now = dependents;
        return now == TOLD || now == KEPT;
    }

    /** How many wait for it. */
    final int waiting() {
        Object now = dependents;
        return now == TOLD || now == KEPT ? 0 : Dependents.size(now);
    }

    final boolean replaceDependents(Dependents many, @Nullable Object few) {
        return DEPENDENTS.compareAndSet(this, many, few);
    }

    // ---- giving up

    /** Nobody waits for it any more: it is cancelled or, if it is done already, its value goes back. */
    final void giveUp() {
        if (!cancel()) {
            forgo();
        }
    }

    /** Somebody who would have waited for it, or who only had a look, will not: it is given up if nobody else waits. */
    final void decline() {
        if (isDone() || !Dependents.anyCounts(dependents)) {
            giveUp();
        }
    }

    /** It is done, and keeps its value no longer for those who may ask later; whoever waits for it still gets it. */
    final void forgo() {
        Parcel parcel = parcel();
        while (parcel != null) {
            Object current = dependents;
            if (current == TOLD || (current != KEPT && Dependents.anyOwns(current))) {
                return; // those are about to be told, and then it is let go
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
