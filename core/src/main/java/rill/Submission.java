package rill;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The work that {@link Loop#submit} queues. */
final class Submission<T extends @Nullable Object> extends Node {
    private final BareLoop loop;
    private final Callable<? extends T> work;
    private final Promise<T> promise;

    Submission(BareLoop loop, Callable<? extends T> work, Promise<T> promise) {
        this.loop = loop;
        this.work = work;
        this.promise = promise;
    }

    @Override
    void execute() {
        if (promise.isDone()) {
            return;
        }
        try {
            promise.complete(work.call());
        } catch (Throwable t) {
            promise.fail(t);
        }
    }

    @Override
    void discard() {
        promise.fail(loop.cancelledByClose("submit"));
    }

    @Override
    String label() {
        return ActionNames.of(work);
    }
}
