package rill.http;

import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/** The end of a server or a client, for whoever waits for it: it is never a failure, and the end of its loop is one as well. Any thread. */
final class Ending {
    private final Loop loop;
    private @Nullable Promise<@Nullable Void> end; // once somebody waits for it
    private @Nullable Promise<@Nullable Void> untilLoopEnds; // which fails it
    private boolean over;

    Ending(Loop loop) {
        this.loop = loop;
    }

    /** Done at the end. The Future is the caller's own. */
    Future<@Nullable Void> future() {
        Promise<@Nullable Void> own;
        Promise<@Nullable Void> watch = null;
        synchronized (this) {
            if (over) {
                return loop.done(null);
            }
            if (end == null) {
                end = loop.promise();
                watch = loop.promise();
                untilLoopEnds = watch;
            }
            own = end;
        }
        if (watch != null) {
            var _ = watch.toCompletableFuture().whenComplete((nothing, loopEnded) -> tell());
        }
        return own.copy();
    }

    /** It has ended. Idempotent. */
    void tell() {
        Promise<@Nullable Void> waited;
        Promise<@Nullable Void> watch;
        synchronized (this) {
            over = true;
            waited = end;
            watch = untilLoopEnds;
        }
        if (waited != null && watch != null) {
            waited.complete(null);
            watch.complete(null);
        }
    }
}
