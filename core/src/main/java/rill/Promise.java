package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The write side of a Future: a Future that is completed by a call. Made by {@link Loop#promise()}.
 *
 * <p><b>Threading:</b> any thread. The first of {@link #complete}, {@link #fail} and {@link #cancel} wins; the others return false.
 *
 * @param <T> the type of the value
 */
public sealed class Promise<T extends @Nullable Object> extends Future<T> permits Offer {
    private static final VarHandle EXTRA;

    static {
        try {
            EXTRA = MethodHandles.lookup().findVarHandle(Promise.class, "extra", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The kinds of Promises of which Rill knows no more. */
    enum Kind {
        WORK("submitted work"),
        BLOCKING("blocking work");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    private volatile @Nullable Object
            extra; // a Runnable that stops the work if it is cancelled, a Purpose, or a Kind; an Offer has its own use

    Promise(BareLoop loop) {
        super(loop);
    }

    /** An Offer, or one with a Purpose or a Kind. */
    Promise(BareLoop loop, Object extra) {
        super(loop);
        this.extra = extra;
    }

    /** A Promise that is done. */
    private Promise(Object outcome, BareLoop loop) {
        super(loop, outcome);
    }

    final @Nullable Object extra() {
        return extra;
    }

    final boolean changeExtra(@Nullable Object from, Object to) {
        return EXTRA.compareAndSet(this, from, to);
    }

    /** The Promise of an end, which may stay pending for ever by design; it is never handed out to code outside Rill. */
    static Promise<@Nullable Void> ofEnd(BareLoop loop, Object of) {
        return new Promise<>(loop, new Purpose.End(of));
    }

    @Override
    boolean hasReasonToWait() {
        return extra instanceof Offer.OpenEnded || extra instanceof BareLoop.DelayCancellation;
    }

    /** What it is for; null if that is not known, or no longer. */
    @Nullable
    Purpose purpose() {
        return extra instanceof Purpose known ? known : null;
    }

    /** Its purpose is over, and with that what the Purpose refers to. */
    final void forgetPurpose() {
        Object now = extra;
        if (now instanceof Purpose) {
            EXTRA.compareAndSet(this, now, null);
        }
    }

    static <T extends @Nullable Object> Future<T> done(BareLoop loop, T value) {
        return new Promise<>(mask(value), loop);
    }

    /**
     * Completes this Promise with a value. The callbacks run later, in a Handle.
     *
     * @return whether it was pending
     */
    public final boolean complete(T value) {
        return settleValue(value);
    }

    /**
     * Completes this Promise with a failure. The callbacks run later, in a Handle.
     *
     * @return whether it was pending
     */
    public final boolean fail(Throwable cause) {
        return settle(new Failed(Objects.requireNonNull(cause, "cause")));
    }

    /** Completes this Promise with the failure of a connection, which is reported as such if nobody looks at it. */
    final boolean fail(Throwable cause, String connection) {
        return settle(new Failed(cause, connection));
    }

    /**
     * Sets the action that stops the work behind this Promise if the Promise is cancelled. The action runs on the loop, in a Handle, at most once; it
     * replaces an action set before.
     *
     * @return this
     */
    public final Promise<T> onCancel(Runnable stop) {
        if (this instanceof Offer) {
            throw new IllegalStateException("onCancel of " + describe() + ", which Rill has made");
        }
        extra = Objects.requireNonNull(stop, "stop");
        if (wasCancelled()) {
            loop.enqueue(new Handle(loop, "cancellation of " + describe(), this::afterwards));
        }
        return this;
    }

    @Override
    String kind() {
        return switch (extra) {
            case Kind known -> known.words;
            case BareLoop.DelayCancellation _ -> "a delay";
            case null, default -> "a Promise";
        };
    }

    @Override
    String describe() {
        Purpose purpose = purpose();
        return purpose == null ? super.describe() : purpose.purpose();
    }

    @Override
    final boolean hasWorkAfterwards() {
        return wasCancelled() && extra instanceof Runnable;
    }

    @Override
    final void afterwards() {
        if (wasCancelled() && EXTRA.getAndSet(this, null) instanceof Runnable stop) {
            loop.runReporting("the cancellation of " + describe(), stop);
        }
    }
}
