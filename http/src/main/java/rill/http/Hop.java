package rill.http;

import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/** Hops between loops. The reader or writer of a body is often on another loop than the body's source, and each works only on its own loop. */
final class Hop {
    private Hop() {}

    /**
     * Delivers the result of a Future on this loop, whatever loop it belongs to; if the other loop closes, as a failure. If this loop closes, the
     * callback is not called, and the value, which nobody owns, is released.
     *
     * @param closed is run if this loop closes before the result of a Future of another loop was delivered; on any thread
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
                reporting(loop, closed);
            }
        });
        var _ = future.toCompletableFuture().whenComplete((value, failure) -> {
            if (failure == null) {
                reporting(loop, () -> here.complete(value));
            } else {
                reporting(loop, () -> here.fail(failure));
            }
        });
        return future;
    }

    /** A stage keeps to itself what its functions throw. */
    private static void reporting(Loop loop, Runnable action) {
        try {
            action.run();
        } catch (Throwable t) {
            loop.report("a result from another loop", t);
        }
    }

    /** Runs an action on this loop; immediately, if it is the current one. False if the loop is closed. */
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
