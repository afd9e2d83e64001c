package rill;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Promise whose value returns to its source if it is not taken: if all waiters gave up before being notified, or if {@code any} or {@code all} has
 * no use for it. {@link Parcel} defines what counts as waiting.
 *
 * <p>It is no larger than a Promise. The field that holds a Promise's cancellation action here holds the consumer that takes back unwanted values,
 * and stands for one claim. If that consumer is a Runnable as well, it also stops the work.
 */
final class Offer<T extends @Nullable Object> extends Promise<T> implements Parcel {
    private static final Object TAKEN = new Object();
    private static final Object GONE = new Object();

    /** Two or more claims. */
    private record Shared<T extends @Nullable Object>(Consumer<? super T> takesBack, int claims) {}

    /** A consumer of values that may be late or never arrive, by design: waiting for them is legitimate. */
    interface OpenEnded {}

    /** @param takesBack receives the value that nobody took: on the loop, once; after the loop has closed, on any thread */
    Offer(BareLoop loop, Consumer<? super T> takesBack) {
        super(loop, takesBack);
    }

    @Override
    boolean hasReasonToWait() {
        Object extra = extra();
        return extra != null && extra != TAKEN && extra != GONE && takesBack(extra) instanceof OpenEnded;
    }

    @Override
    @Nullable
    Purpose purpose() {
        Object extra = extra();
        return extra != null && extra != TAKEN && extra != GONE && takesBack(extra) instanceof Purpose known
                ? known
                : null;
    }

    @Override
    public boolean claim() {
        while (true) {
            Object now = extra();
            if (now == TAKEN || now == GONE) {
                return now == TAKEN;
            }
            if (changeExtra(now, new Shared<>(takesBack(now), claims(now) + 1))) {
                return true;
            }
        }
    }

    @Override
    public void drop() {
        while (true) {
            Object now = extra();
            if (now == TAKEN || now == GONE) {
                return;
            }
            int left = claims(now) - 1;
            Consumer<? super T> takesBack = takesBack(now);
            if (changeExtra(now, left == 0 ? GONE : left == 1 ? takesBack : new Shared<>(takesBack, left))) {
                if (left == 0) {
                    goBack(takesBack);
                }
                return;
            }
        }
    }

    @Override
    public boolean take() {
        while (true) {
            Object now = extra();
            if (now == TAKEN || now == GONE) {
                return now == TAKEN;
            }
            if (changeExtra(now, TAKEN)) {
                return true;
            }
        }
    }

    @Override
    public boolean gone() {
        return extra() == GONE;
    }

    private static int claims(@Nullable Object extra) {
        return extra instanceof Shared<?> shared ? shared.claims : 1;
    }

    @SuppressWarnings("unchecked")
    private Consumer<? super T> takesBack(@Nullable Object extra) {
        return extra instanceof Shared<?> shared
                ? (Consumer<? super T>) shared.takesBack
                : (Consumer<? super T>) Objects.requireNonNull(extra);
    }

    /** Done at once if this is the loop, so that the next caller finds the value there. */
    private void goBack(Consumer<? super T> takesBack) {
        if (loop.isCurrent()) {
            giveBack(takesBack);
        } else {
            loop.enqueue(new Return(takesBack));
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null only where T allows it
    private void giveBack(Consumer<? super T> takesBack) {
        loop.runReporting("the return of what nobody took from " + describe(), () -> takesBack.accept((T) value()));
    }

    /** A value on its way back from another thread. */
    private final class Return extends Node {
        private final Consumer<? super T> takesBack;

        Return(Consumer<? super T> takesBack) {
            this.takesBack = takesBack;
        }

        @Override
        void execute() {
            giveBack(takesBack);
        }

        @Override
        void discard() {
            giveBack(takesBack);
        }

        @Override
        String label() {
            return "return of " + describe();
        }
    }
}
