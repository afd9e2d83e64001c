package rill;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A Future made from others. It settles within the Handle of the Future that decides it, and when it is cancelled it
 * withdraws its interest from those that it still waits for.
 */
abstract non-sealed class Derived<T extends @Nullable Object> extends Future<T> {
    Derived(Loop loop) {
        super(loop);
    }

    static <S extends @Nullable Object, T extends @Nullable Object> Future<T> map(
            Future<S> source, Function<? super S, ? extends T> mapping) {
        return new Mapped<S, T>(source, mapping).begin();
    }

    static <S extends @Nullable Object, T extends @Nullable Object> Future<T> flatMap(
            Future<S> source, Function<? super S, ? extends Future<? extends T>> mapping) {
        return new FlatMapped<S, T>(source, mapping).begin();
    }

    static <T extends @Nullable Object> Future<T> recover(
            Future<T> source, Function<? super Throwable, ? extends T> recovery) {
        return new Recovered<>(source, recovery).begin();
    }

    static <T extends @Nullable Object> Future<T> timeout(Future<T> source, Duration limit) {
        return new Timed<>(source, limit).begin();
    }

    static <T extends @Nullable Object> Future<List<T>> allOf(List<? extends Future<? extends T>> parts) {
        return new All<T>(parts).begin();
    }

    static <T extends @Nullable Object> Future<T> anyOf(List<? extends Future<? extends T>> parts) {
        return new Any<T>(parts).begin();
    }

    /** Gives up the interest in everything that is still waited for; what nobody else waits for goes to {@code orphans}. */
    abstract void leaveSources(Queue<Future<?>> orphans);

    @Override
    public final boolean cancel() {
        if (!super.cancel()) {
            return false;
        }
        abandonSources();
        return true;
    }

    /** Leaves the sources, and cancels the orphans and theirs: by a loop, since chains may be long. */
    final void abandonSources() {
        Queue<Future<?>> orphans = new ArrayDeque<>();
        leaveSources(orphans);
        for (Future<?> each = orphans.poll(); each != null; each = orphans.poll()) {
            if (!(each instanceof Derived<?> derived)) {
                each.cancel();
            } else if (derived.settleCancelled()) {
                derived.leaveSources(orphans);
            }
        }
    }

    private boolean settleCancelled() {
        return super.cancel();
    }

    /** Settles as decided by {@code source}, whose dependents are being told right now. */
    final boolean settleFrom(Future<?> source, Object outcome) {
        return source.loop == loop ? settleInChain(outcome) : settle(outcome);
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
        public Loop home() {
            return loop;
        }

        @Override
        void leaveSources(Queue<Future<?>> orphans) {
            Future<?> left = source;
            if (left.removeDependent(this)) {
                orphans.add(left);
            }
        }

        @Override
        public void settled(Future<?> settled) {
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

        /** The outcome that follows from the source's, or null if that takes longer. */
        abstract @Nullable Object outcomeOf(Future<?> settled) throws Exception;

        @SuppressWarnings("unchecked")
        static <S extends @Nullable Object> S valueOf(Future<?> settled) {
            return (S) settled.result();
        }
    }

    private static final class Mapped<S extends @Nullable Object, T extends @Nullable Object> extends Single<S, T> {
        private final Function<? super S, ? extends T> mapping;

        Mapped(Future<S> source, Function<? super S, ? extends T> mapping) {
            super(source);
            this.mapping = mapping;
        }

        @Override
        Object outcomeOf(Future<?> settled) {
            Object outcome = settled.rawOutcome();
            return outcome instanceof Failed failed
                    ? new Failed(failed.cause)
                    : mask(mapping.apply(Single.<S>valueOf(settled)));
        }
    }

    private static final class FlatMapped<S extends @Nullable Object, T extends @Nullable Object> extends Single<S, T> {
        private final Function<? super S, ? extends Future<? extends T>> mapping;
        private boolean mapped;

        FlatMapped(Future<S> source, Function<? super S, ? extends Future<? extends T>> mapping) {
            super(source);
            this.mapping = mapping;
        }

        @Override
        @Nullable
        Object outcomeOf(Future<?> settled) {
            Object outcome = settled.rawOutcome();
            if (outcome instanceof Failed failed) {
                return new Failed(failed.cause);
            }
            if (mapped) {
                return outcome;
            }
            mapped = true;
            Future<?> inner = Objects.requireNonNull(mapping.apply(Single.<S>valueOf(settled)), "flatMap's Future");
            if (inner.isDone()) {
                return copyOf(inner);
            }
            source = inner;
            inner.addDependent(this);
            if (isDone()) {
                inner.abandon(this); // cancelled meanwhile, by another thread
            }
            return null;
        }
    }

    /** The outcome of a Future that is done, as one of another Future; counts as looking at its failure. */
    static Object copyOf(Future<?> done) {
        Throwable failure = done.failure();
        return failure == null ? done.rawOutcome() : new Failed(failure);
    }

    private static final class Recovered<T extends @Nullable Object> extends Single<T, T> {
        private final Function<? super Throwable, ? extends T> recovery;

        Recovered(Future<T> source, Function<? super Throwable, ? extends T> recovery) {
            super(source);
            this.recovery = recovery;
        }

        @Override
        Object outcomeOf(Future<?> settled) {
            Object outcome = settled.rawOutcome();
            return outcome instanceof Failed failed ? mask(recovery.apply(failed.cause)) : outcome;
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
        Future<T> begin() {
            timer = loop.schedule(limit, "timeout of " + source.describe(), this::expired);
            return super.begin();
        }

        private void expired() {
            if (source.isDone()) {
                return; // its outcome is on its way
            }
            long millis = TimeUnit.MILLISECONDS.convert(limit);
            if (settle(
                    new Failed(new DeadlineException(source.describe() + " was not done within " + millis + " ms")))) {
                abandonSources();
            }
        }

        @Override
        Object outcomeOf(Future<?> settled) {
            cancelTimer();
            return copyOf(settled);
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

    /** Derived from several Futures, possibly of several loops. */
    private abstract static class Multiple<P extends @Nullable Object, T extends @Nullable Object> extends Derived<T> {
        private final Part[] parts;
        final AtomicInteger pending;

        /** The interest in one of the Futures. */
        private final class Part implements Dependent {
            final Future<? extends P> source;
            final int index;

            Part(Future<? extends P> source, int index) {
                this.source = source;
                this.index = index;
            }

            @Override
            public void settled(Future<?> settled) {
                Object outcome = outcomeAfter(index, settled.rawOutcome());
                if (outcome != null && settleFrom(settled, outcome)) {
                    abandonSources();
                }
            }

            @Override
            public Loop home() {
                return loop;
            }
        }

        Multiple(List<? extends Future<? extends P>> sources) {
            super(sources.getFirst().loop);
            @SuppressWarnings({"unchecked", "rawtypes"})
            Part[] array = (Part[]) new Multiple.Part[sources.size()];
            parts = array;
            pending = new AtomicInteger(parts.length);
            for (int i = 0; i < parts.length; i++) {
                parts[i] = new Part(sources.get(i), i);
            }
        }

        Future<T> begin() {
            for (Part part : parts) {
                if (part.source.isDone()) {
                    Object outcome = outcomeAfter(part.index, copyOf(part.source));
                    if (outcome != null) {
                        settle(outcome);
                    }
                } else {
                    part.source.addDependent(part);
                }
            }
            if (isDone()) {
                abandonSources();
            }
            return this;
        }

        @Override
        void leaveSources(Queue<Future<?>> orphans) {
            for (Part part : parts) {
                if (part.source.removeDependent(part)) {
                    orphans.add(part.source);
                }
            }
        }

        /** The outcome once the part {@code index} has one, or null if there is more to wait for. */
        abstract @Nullable Object outcomeAfter(int index, Object outcome);
    }

    private static final class All<T extends @Nullable Object> extends Multiple<T, List<T>> {
        private final @Nullable Object[] results;

        All(List<? extends Future<? extends T>> sources) {
            super(sources);
            results = new @Nullable Object[sources.size()];
        }

        @Override
        @SuppressWarnings("unchecked")
        @Nullable
        Object outcomeAfter(int index, Object outcome) {
            if (outcome instanceof Failed failed) {
                return new Failed(failed.cause);
            }
            results[index] = unmasked(outcome);
            return pending.decrementAndGet() > 0
                    ? null
                    : Collections.unmodifiableList((List<T>) Arrays.asList(results));
        }
    }

    private static final class Any<T extends @Nullable Object> extends Multiple<T, T> {
        Any(List<? extends Future<? extends T>> sources) {
            super(sources);
        }

        @Override
        @Nullable
        Object outcomeAfter(int index, Object outcome) {
            int left = pending.decrementAndGet();
            if (outcome instanceof Failed failed) {
                return left > 0 ? null : new Failed(failed.cause);
            }
            return outcome;
        }
    }
}
