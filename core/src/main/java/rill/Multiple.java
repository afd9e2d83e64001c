package rill;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import rill.Parcel.Carried;

/** A Future derived from several, which may belong to several loops: {@code all}, {@code any} and {@code settled}. */
abstract class Multiple<P extends @Nullable Object, T extends @Nullable Object> extends Derived<T> {
    private final Part[] parts;
    private int pending; // guarded by this, since the parts may settle on several loops
    private boolean decided; // likewise

    /** The interest in one of the Futures. */
    private final class Part implements Dependent {
        final Future<? extends P> source;
        final int index;
        boolean unseen; // its failure, by this Future

        Part(Future<? extends P> source, int index) {
            this.source = source;
            this.index = index;
        }

        @Override
        public void settled(Future<?> settled) {
            unseen = !uses() && settled.hasFailed();
            Object outcome = outcomeWith(this, uses() ? settled.shared() : mask(null));
            if (outcome != null && settleFrom(settled, outcome)) {
                abandonSources();
            }
            if (isDone()) {
                watchUnseen();
            }
        }

        @Override
        public void closedBefore(Future<?> settled) {
            settled(settled);
        }

        @Override
        public BareLoop home() {
            return loop;
        }

        /** Who waits for the others may look at this one's failure then. */
        @Override
        public boolean looks() {
            return true;
        }

        @Override
        public boolean owns() {
            return uses();
        }
    }

    Multiple(List<? extends Future<? extends P>> sources) {
        super(sources.getFirst().loop);
        @SuppressWarnings({"unchecked", "rawtypes"})
        Part[] array = (Part[]) new Multiple.Part[sources.size()];
        parts = array;
        pending = parts.length;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new Part(sources.get(i), i);
        }
    }

    final Future<T> begin() {
        for (Part part : parts) {
            if (isDone()) {
                part.source.decline(); // decided before this part was reached
            } else if (part.source.isDone()) {
                Object outcome = outcomeWith(part, uses() ? part.source.handedOver() : mask(null));
                if (outcome != null && !settle(outcome)) {
                    unshare(outcome);
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

    private @Nullable Object outcomeWith(Part part, Object outcome) {
        synchronized (this) {
            if (!isDone() && !decided) {
                pending--;
                Object decision = outcomeAfter(part.index, outcome, pending);
                decided = decision != null;
                return decision;
            }
        }
        unshare(outcome);
        return null;
    }

    @Override
    boolean addSources(Sources sources) {
        for (Part part : parts) {
            if (!part.source.isDone()) {
                sources.add(part.source);
            }
        }
        return true;
    }

    /** From now on somebody has to look at the failures that it was told and did not use. */
    private void watchUnseen() {
        for (Part part : parts) {
            if (part.unseen) {
                part.unseen = false;
                part.source.watchFailure();
            }
        }
    }

    @Override
    final void leaveSources(Queue<Future<?>> orphans) {
        for (Part part : parts) {
            leave(part.source, part, orphans);
        }
        watchUnseen();
        letGoOfResults();
    }

    /**
     * Returns the outcome once the part {@code index} has one, or null if there is more to wait for. In that case the part's outcome must be kept, or
     * unshared.
     */
    abstract @Nullable Object outcomeAfter(int index, Object outcome, int left);

    /** Whether it uses the outcomes of its parts. Otherwise they are left to these, and the result of {@link #outcomeAfter} is not made of any. */
    boolean uses() {
        return true;
    }

    /** Releases kept outcomes that the decision did not use. */
    void letGoOfResults() {}

    static final class All<T extends @Nullable Object> extends Multiple<T, List<T>> {
        private static final @Nullable Object[] NONE = {};

        private @Nullable Object[] outcomes; // of the parts that are done, until passed on; guarded by this

        All(List<? extends Future<? extends T>> sources) {
            super(sources);
            outcomes = new @Nullable Object[sources.size()];
        }

        @Override
        String kind() {
            return "a Future of all";
        }

        @Override
        @Nullable
        Object outcomeAfter(int index, Object outcome, int left) {
            if (outcome instanceof Failed failed) {
                return new Failed(failed.cause);
            }
            outcomes[index] = outcome;
            return left > 0 ? null : listOf(passOn());
        }

        private synchronized @Nullable Object[] passOn() {
            @Nullable Object[] all = outcomes;
            outcomes = NONE;
            return all;
        }

        @SuppressWarnings("unchecked")
        private Object listOf(@Nullable Object[] all) {
            var values = new @Nullable Object[all.length];
            for (int i = 0; i < all.length; i++) {
                Object outcome = Objects.requireNonNull(all[i]);
                values[i] = unmasked(outcome instanceof Carried carried ? carried.value() : outcome);
            }
            List<T> list = Collections.unmodifiableList((List<T>) Arrays.asList(values));
            Parcel parcel = Parcel.Several.of(all);
            return parcel == null ? list : new Carried(list, parcel);
        }

        @Override
        void letGoOfResults() {
            for (Object each : passOn()) {
                unshare(each);
            }
        }
    }

    static final class Any<T extends @Nullable Object> extends Multiple<T, T> {
        Any(List<? extends Future<? extends T>> sources) {
            super(sources);
        }

        @Override
        String kind() {
            return "a Future of any";
        }

        @Override
        boolean addSources(Sources sources) {
            sources.choice();
            return super.addSources(sources);
        }

        @Override
        @Nullable
        Object outcomeAfter(int index, Object outcome, int left) {
            if (outcome instanceof Failed failed) {
                return left > 0 ? null : new Failed(failed.cause);
            }
            return outcome;
        }
    }

    static final class Settled extends Multiple<@Nullable Object, @Nullable Void> {
        Settled(List<? extends Future<?>> sources) {
            super(sources);
        }

        @Override
        String kind() {
            return "a Future of what settles";
        }

        @Override
        boolean uses() {
            return false;
        }

        @Override
        @Nullable
        Object outcomeAfter(int index, Object outcome, int left) {
            return left > 0 ? null : outcome;
        }
    }
}
