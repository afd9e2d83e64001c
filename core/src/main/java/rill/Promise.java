package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Future that somebody completes: the write side. Made by {@link Loop#promise()}.
 *
 * <p><b>Threading:</b> any thread. The first of {@link #complete}, {@link #fail} and {@link #cancel} wins; the others return
 * false.
 *
 * @param <T> the type of the value
 */
public final class Promise<T extends @Nullable Object> extends Future<T> {
    private static final VarHandle ON_CANCEL;

    static {
        try {
            ON_CANCEL = MethodHandles.lookup().findVarHandle(Promise.class, "onCancel", Runnable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable Runnable onCancel;

    Promise(Loop loop) {
        super(loop);
    }

    static <T extends @Nullable Object> Future<T> done(Loop loop, T value) {
        var promise = new Promise<T>(loop);
        promise.settleValue(value);
        return promise;
    }

    /**
     * Gives the value. The callbacks run later, in a Handle.
     *
     * @return whether it was pending
     */
    public boolean complete(T value) {
        return settleValue(value);
    }

    /**
     * Gives a failure. The callbacks run later, in a Handle.
     *
     * @return whether it was pending
     */
    public boolean fail(Throwable cause) {
        return settle(new Failed(Objects.requireNonNull(cause, "cause")));
    }

    /**
     * Says what stops the work behind this Promise if it is cancelled. Runs on the loop, in a Handle, at most once; replaces
     * what was said before.
     *
     * @return this
     */
    public Promise<T> onCancel(Runnable stop) {
        onCancel = Objects.requireNonNull(stop, "stop");
        if (isCancelled()) {
            loop.enqueue(new Handle(loop, "cancellation of " + describe(), this::afterwards));
        }
        return this;
    }

    @Override
    boolean hasWorkAfterwards() {
        return onCancel != null && isCancelled();
    }

    @Override
    void afterwards() {
        if (onCancel == null || !isCancelled()) {
            return;
        }
        Runnable stop = (Runnable) ON_CANCEL.getAndSet(this, null);
        if (stop != null) {
            loop.runReporting("the cancellation of " + describe(), stop);
        }
    }
}
