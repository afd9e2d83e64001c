package rill.http;

import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;

/** From loop to loop: what reads and writes a body is often on another loop than what the body comes from, and each works on its own alone. */
final class Hop {
    private Hop() {}

    /**
     * Tells on this loop what has become of a Future, whatever loop that is of. What comes when the loop is closed is released, since it is nobody's.
     *
     * @return the Future
     */
    static <T extends @Nullable Object> Future<T> onDone(
            Loop loop, Future<T> future, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> callback) {
        return future.onDone((value, failure) -> {
            if (!run(loop, () -> callback.accept(value, failure))) {
                ReferenceCountUtil.release(value);
            }
        });
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
