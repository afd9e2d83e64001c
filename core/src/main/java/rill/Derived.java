package rill;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import rill.Parcel.Carried;

/**
 * A Future made from others. It settles within the Handle of the Future that decides it. If it is cancelled, it gives up those that it still waits
 * for.
 */
abstract non-sealed class Derived<T extends @Nullable Object> extends Future<T> {
    Derived(BareLoop loop) {
        super(loop);
    }

    static <S extends @Nullable Object, T extends @Nullable Object> Future<T> map(
            Future<S> source, ThrowingFunction<? super S, ? extends T> mapping) {
        return new Mapped<S, T>(source, mapping).begin();
    }

    static <S extends @Nullable Object, T extends @Nullable Object> Future<T> flatMap(
            Future<S> source, ThrowingFunction<? super S, ? extends Future<? extends T>> mapping) {
        return new FlatMapped<S, T>(source, mapping).begin();
    }

    static <T extends @Nullable Object, X extends Throwable> Future<T> recover(
            Future<T> source, Class<X> kind, ThrowingFunction<? super X, ? extends T> recovery) {
        return new Recovered<T, X>(source, kind, recovery).begin();
    }

    static <T extends @Nullable Object, X extends Throwable> Future<T> recoverWith(
            Future<T> source, Class<X> kind, ThrowingFunction<? super X, ? extends Future<? extends T>> recovery) {
        return new RecoveredWith<T, X>(source, kind, recovery).begin();
    }

    static <T extends @Nullable Object> Future<T> timeout(Future<T> source, Duration limit) {
        return new Timed<>(source, limit).begin();
    }

    static <T extends @Nullable Object> Future<T> copy(Future<T> source) {
        return new Copied<>(source).begin();
    }

    static <T extends @Nullable Object> Future<List<T>> allOf(List<? extends Future<? extends T>> parts) {
        return new Multiple.All<T>(parts).begin();
    }

    static <T extends @Nullable Object> Future<T> anyOf(List<? extends Future<? extends T>> parts) {
        return new Multiple.Any<T>(parts).begin();
    }

    static Future<@Nullable Void> settledOf(List<? extends Future<?>> parts) {
        return new Multiple.Settled(parts).begin();
    }

    /** Gives up the interest in everything that is still awaited; Futures that nobody else waits for are added to {@code orphans}. */
    abstract void leaveSources(Queue<Future<?>> orphans);

    @Override
    public final boolean cancel() {
        if (!super.cancel()) {
            return false;
        }
        abandonSources();
        return true;
    }

    /** Leaves the sources, and gives up the orphans and their sources; iteratively, since chains may be long. */
    final void abandonSources() {
        Queue<Future<?>> orphans = new ArrayDeque<>();
        leaveSources(orphans);
        for (Future<?> each = orphans.poll(); each != null; each = orphans.poll()) {
            if (!(each instanceof Derived<?> derived)) {
                each.giveUp();
            } else if (derived.settleCancelled()) {
                derived.leaveSources(orphans);
            } else {
                derived.forgo();
            }
        }
    }

    private boolean settleCancelled() {
        return super.cancel();
    }

    final void leave(Future<?> source, Dependent interest, Queue<Future<?>> orphans) {
        if (source.removeDependent(interest) == Dependents.Removal.LAST) {
            orphans.add(source);
        }
    }

    /** Settles as decided by {@code source}, whose dependents are being notified right now. */
    final boolean settleFrom(Future<?> source, Object outcome) {
        boolean settled = source.loop == loop ? settleInChain(outcome) : settle(outcome);
        if (!settled) {
            unshare(outcome); // cancelled meanwhile, by another thread
        }
        return settled;
    }

    /** A Future in words: by its kind and, if it is derived from one other, by where that begins. */
    private record Subject(Future<?> future) {
        private static final int FAR = 32;

        @Override
        public String toString() {
            Future<?> root = future;
            for (int n = 0; n < FAR && root instanceof Single<?, ?> derived; n++) {
                root = derived.source;
            }
            return root == future ? future.describe() : future.kind() + " (from " + root.describe() + ")";
        }
    }

    /** Derived from one Future at a time. */
    private abstract static class Single<S extends @Nullable Object, T extends @Nullable Object> extends Derived<T>
            implements Dependent {
        volatile Future<?> source;

        Single(Future<S> source) {
            super(source.loop);
            this.source = source;
        }

        Future<T> begin() {
            source.addDependent(this);
            return this;
        }

        @Override
        boolean addSources(Sources sources) {
            sources.add(source);
            return true;
        }

        @Override
        public BareLoop home() {
            return loop;
        }

        @Override
        void leaveSources(Queue<Future<?>> orphans) {
            leave(source, this, orphans);
        }

        @Override
        public final void settled(Future<?> settled) {
            if (isDone()) {
                return;
            }
            Object outcome;
            try {
                outcome = outcomeOf(settled);
            } catch (Throwable t) {
                outcome = new Failed(t);
            }
            if (outcome != null) {
                settleFrom(settled, outcome);
            }
        }

        @Override
        public final void closedBefore(Future<?> settled) {
            if (!asksUser(settled)) {
                settled(settled);
            } else if (!isDone()) {
                settleFrom(settled, new Failed(loop.neverDone(this)));
            }
        }

        /** The outcome that follows from the source's, or null if that takes longer. */
        abstract @Nullable Object outcomeOf(Future<?> settled) throws Exception;

        /** Follows another Future, which replaces the source: returns its outcome if it is done. */
        final @Nullable Object follow(Future<?> next) {
            if (next.isDone()) {
                return next.handedOver();
            }
            source = next;
            next.addDependent(this);
            if (isDone()) {
                next.abandon(this); // cancelled meanwhile, by another thread
            }
            return null;
        }

        /** Whether a user function decides the outcome. */
        boolean asksUser(Future<?> settled) {
            return false;
        }
    }

    private static final class Mapped<S extends @Nullable Object, T extends @Nullable Object> extends Single<S, T> {
        private final ThrowingFunction<? super S, ? extends T> mapping;

        Mapped(Future<S> source, ThrowingFunction<? super S, ? extends T> mapping) {
            super(source);
            this.mapping = mapping;
        }

        @Override
        String kind() {
            return "a Future made by map";
        }

        @Override
        boolean asksUser(Future<?> settled) {
            return !settled.hasFailed();
        }

        @Override
        @SuppressWarnings({"unchecked", "NullAway"}) // null only where S allows it
        Object outcomeOf(Future<?> settled) throws Exception {
            Object outcome = settled.shared();
            if (outcome instanceof Failed) {
                return outcome;
            }
            if (!(outcome instanceof Carried(Object value, Parcel parcel))) {
                return mask(mapping.apply((S) unmasked(outcome)));
            }
            Object result;
            try {
                result = mapping.apply((S) value);
            } catch (Throwable t) {
                parcel.take(); // it was passed to the function, whatever that did with it
                throw t;
            }
            if (result == value) {
                return outcome; // passed on as it is
            }
            parcel.take();
            return mask(result);
        }
    }

    private static final class FlatMapped<S extends @Nullable Object, T extends @Nullable Object> extends Single<S, T> {
        private final ThrowingFunction<? super S, ? extends Future<? extends T>> mapping;
        private boolean mapped;

        FlatMapped(Future<S> source, ThrowingFunction<? super S, ? extends Future<? extends T>> mapping) {
            super(source);
            this.mapping = mapping;
        }

        @Override
        String kind() {
            return "a Future made by flatMap";
        }

        @Override
        boolean asksUser(Future<?> settled) {
            return !mapped && !settled.hasFailed();
        }

        @Override
        @Nullable
        @SuppressWarnings("unchecked")
        Object outcomeOf(Future<?> settled) throws Exception {
            if (mapped || settled.failure() != null) {
                return settled.shared();
            }
            mapped = true;
            return follow(Objects.requireNonNull(mapping.apply((S) settled.result()), "flatMap's Future"));
        }
    }

    private static final class Recovered<T extends @Nullable Object, X extends Throwable> extends Single<T, T> {
        private final Class<X> kind;
        private final ThrowingFunction<? super X, ? extends T> recovery;

        Recovered(Future<T> source, Class<X> kind, ThrowingFunction<? super X, ? extends T> recovery) {
            super(source);
            this.kind = kind;
            this.recovery = recovery;
        }

        @Override
        String kind() {
            return "a Future made by recover";
        }

        @Override
        boolean asksUser(Future<?> settled) {
            return settled.hasFailedWith(kind);
        }

        @Override
        Object outcomeOf(Future<?> settled) throws Exception {
            Object outcome = settled.shared();
            return outcome instanceof Failed failed && kind.isInstance(failed.cause)
                    ? mask(recovery.apply(kind.cast(failed.cause)))
                    : outcome;
        }
    }

    private static final class RecoveredWith<T extends @Nullable Object, X extends Throwable> extends Single<T, T> {
        private final Class<X> kind;
        private final ThrowingFunction<? super X, ? extends Future<? extends T>> recovery;
        private boolean recovering;

        RecoveredWith(
                Future<T> source, Class<X> kind, ThrowingFunction<? super X, ? extends Future<? extends T>> recovery) {
            super(source);
            this.kind = kind;
            this.recovery = recovery;
        }

        @Override
        String kind() {
            return "a Future made by recoverWith";
        }

        @Override
        boolean asksUser(Future<?> settled) {
            return !recovering && settled.hasFailedWith(kind);
        }

        @Override
        @Nullable
        Object outcomeOf(Future<?> settled) throws Exception {
            Object outcome = settled.shared();
            if (recovering || !(outcome instanceof Failed failed) || !kind.isInstance(failed.cause)) {
                return outcome;
            }
            recovering = true;
            return follow(Objects.requireNonNull(recovery.apply(kind.cast(failed.cause)), "recoverWith's Future"));
        }
    }

    /** The same outcome, for one that waits and does not own. */
    private static final class Copied<T extends @Nullable Object> extends Single<T, T> {
        Copied(Future<T> source) {
            super(source);
        }

        @Override
        String kind() {
            return "a copy of a Future";
        }

        @Override
        public boolean owns() {
            return false;
        }

        @Override
        void leaveSources(Queue<Future<?>> orphans) {
            source.removeDependent(this); // even if it was the last one, the source continues
        }

        @Override
        Object outcomeOf(Future<?> settled) {
            return settled.shared();
        }
    }

    private static final class Timed<T extends @Nullable Object> extends Single<T, T> {
        private final Duration limit;
        private volatile @Nullable Handle timer;

        Timed(Future<T> source, Duration limit) {
            super(source);
            this.limit = limit;
        }

        @Override
        String kind() {
            return "a Future with a timeout";
        }

        @Override
        boolean addSources(Sources sources) {
            sources.choice(); // between the source and the end of the time
            sources.rightly();
            return super.addSources(sources);
        }

        @Override
        Future<T> begin() {
            super.begin(); // before the timer, which may expire on the loop before this thread continues
            timer = loop.timer(limit, "timeout of ", new Subject(source), this::expired);
            if (loop.isClosed() && settle(new Failed(loop.neverDone(source)))) { // unless the source is done
                abandonSources();
            }
            if (isDone() || source.isDone()) { // it may have been notified before there was a timer to stop
                cancelTimer();
            }
            return this;
        }

        private void expired() {
            if (source.isDone()) {
                return; // its outcome is on its way
            }
            if (settle(new Failed(
                    new DeadlineException(new Subject(source) + " was not done within " + Wording.duration(limit))))) {
                abandonSources();
            }
        }

        @Override
        Object outcomeOf(Future<?> settled) {
            cancelTimer();
            return settled.shared();
        }

        @Override
        void leaveSources(Queue<Future<?>> orphans) {
            cancelTimer();
            super.leaveSources(orphans);
        }

        private void cancelTimer() {
            Handle running = timer;
            if (running != null) {
                running.cancel();
            }
        }
    }
}
