package rill.http;

import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/** From loop to loop: what reads and writes a body is often on another loop than what the body comes from, and each works on its own alone. */
final class Hop {
    private Hop() {}

    /**
     * Tells on this loop what has become of a Future, whatever loop that is of: if the other one closes, that it has failed. If this one closes, nobody is
     * told; what comes is released, since it is nobody's.
     *
     * @param closed is run if this loop closes before it has told; on any thread
     * @return the Future
     */
    static <T extends @Nullable Object> Future<T> onDone(
            Loop loop,
            Future<T> future,
            BiConsumer<? super @Nullable T, ? super @Nullable Throwable> callback,
            Runnable closed) {
        if (future.executor() == loop) {
            return future.onDone(callback);
        }
        Promise<T> here = loop.promise(ReferenceCountUtil::release, () -> {});
        Promise<@Nullable Void> told = loop.promise();
        here.onDone((value, failure) -> {
            told.complete(null);
            callback.accept(value, failure);
        });
        var _ = told.toCompletableFuture().whenComplete((nothing, loopClosed) -> {
            if (loopClosed != null) {
                closed.run();
            }
        });
        var _ = future.toCompletableFuture().whenComplete((value, failure) -> {
            if (failure == null) {
                here.complete(value);
            } else {
                here.fail(failure);
            }
        });
        return future;
    }

    /** Does something on this loop: now, if this is it. False if the loop is closed. */
    static boolean run(Loop loop, Runnable action) {
        if (Loop.current() == loop) {
            action.run();
            return true;
        }
        try {
            loop.execute(action);
            return true;
        } catch (RejectedExecutionException closed) {
            return false;
        }
    }
}
