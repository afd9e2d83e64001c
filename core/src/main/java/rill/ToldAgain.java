package rill;

/** A Future has kept its value, and was then asked for it: its dependents at the time when this Handle runs are notified. */
final class ToldAgain extends Node {
    private final Future<?> future;

    ToldAgain(Future<?> future) {
        this.future = future;
    }

    @Override
    void execute() {
        future.loop.ticking().dispatchAgain(future);
    }

    @Override
    void discard() {
        Discarding.discard(future);
    }

    @Override
    String label() {
        return future.label();
    }
}
