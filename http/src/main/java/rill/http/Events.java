package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/** The source of a stream of events, which ends as soon as its sender finishes: an event that is still to come is not waited for. On the loop. */
final class Events implements HttpBody.Source {
    private final HttpBody body;
    private @Nullable Future<@Nullable ByteBuf> coming; // from the body
    private @Nullable Promise<@Nullable ByteBuf> asked; // that it completes
    private boolean over;

    Events(HttpBody body) {
        this.body = body;
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        if (over) {
            return Future.of(null);
        }
        Future<@Nullable ByteBuf> next = body.next();
        if (next.isDone()) {
            return next;
        }
        if (over) { // it has closed the server, which ends the events
            next.cancel();
            return Future.of(null);
        }
        Loop loop = Objects.requireNonNull(Loop.current(), "a loop: a body is read on one");
        Promise<@Nullable ByteBuf> event = loop.promise(ReferenceCountUtil::release, next::cancel);
        coming = next;
        asked = event;
        Hop.<@Nullable ByteBuf>onDone(loop, next, (piece, failure) -> came(event, piece, failure), body::close);
        return event;
    }

    private static void came(Promise<@Nullable ByteBuf> event, @Nullable ByteBuf piece, @Nullable Throwable failure) {
        if (failure != null) {
            event.fail(failure);
        } else if (!event.complete(piece)) {
            ReferenceCountUtil.release(piece); // it came too late
        }
    }

    @Override
    public void finishing() {
        body.finishing();
        over = true;
        Future<@Nullable ByteBuf> pending = coming;
        if (asked != null && pending != null && !pending.isDone()) {
            asked.complete(null);
            pending.cancel();
        }
    }

    @Override
    public void close() {
        over = true;
        body.close();
    }
}
