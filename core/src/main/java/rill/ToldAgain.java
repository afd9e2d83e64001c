package rill;

/** A Future has kept its value, and somebody has come for it: whoever waits for it when this Handle runs is told. */
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
