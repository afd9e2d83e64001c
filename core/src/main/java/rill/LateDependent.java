package rill;

import org.jspecify.annotations.Nullable;

/** Notifies a dependent that was added after the others were notified. Until then it has a claim to a value that must not get lost. */
final class LateDependent extends Node {
    private final Future<?> future;
    private final Object dependent;
    private final @Nullable Parcel claimed;

    LateDependent(Future<?> future, Object dependent, @Nullable Parcel claimed) {
        this.future = future;
        this.dependent = dependent;
        this.claimed = claimed;
    }

    @Override
    void execute() {
        future.loop.ticking().dispatchLate(future, dependent);
        drop();
    }

    @Override
    void discard() {
        future.tellAfterClose(dependent);
        drop();
    }

    private void drop() {
        if (claimed != null) {
            claimed.drop();
        }
    }

    @Override
    String label() {
        return future.label();
    }
}
