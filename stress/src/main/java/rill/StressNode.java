package rill;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts how often it ran and how often it was let go. */
final class StressNode extends Node {
    final AtomicInteger runs = new AtomicInteger();
    final AtomicInteger discards = new AtomicInteger();

    @Override
    void execute() {
        runs.incrementAndGet();
    }

    @Override
    void discard() {
        discards.incrementAndGet();
    }

    @Override
    String label() {
        return "stress";
    }
}
