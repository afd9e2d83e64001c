package rill.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;

/** Reads a whole body into one array, which grows with the bytes that arrive, not with the announced length. */
final class Gathering {
    private static final byte[] NONE = {};
    private static final int FIRST_SPACE = 8 * 1024;

    private final HttpBody body;
    private final int limit;
    private final Pulling pulling;
    private final Promise<byte[]> whole;
    private byte[] bytes = NONE;
    private int size;

    Gathering(HttpBody body, int limit) {
        this.body = body;
        this.limit = limit;
        Loop loop = Loop.current();
        if (loop == null) {
            throw new IllegalStateException("a body is read on its loop");
        }
        pulling = new Pulling(loop, body, this::took);
        whole = loop.promise();
    }

    Future<byte[]> start() {
        whole.onCancel(pulling::giveUp);
        pulling.goOn();
        return whole;
    }

    private boolean took(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        if (failure != null) {
            stop(failure);
            return false;
        }
        try {
            if (piece == null) {
                body.close();
                whole.complete(size == bytes.length ? bytes : Arrays.copyOf(bytes, size));
                return false;
            }
            return takeOver(piece);
        } catch (Throwable t) { // out of memory
            stop(t);
            return false;
        }
    }

    private void stop(Throwable why) {
        bytes = NONE;
        body.close();
        whole.fail(why);
    }

    private boolean takeOver(ByteBuf piece) {
        int more = piece.readableBytes();
        boolean fits = !whole.isDone() && more <= limit - size;
        try {
            if (fits) {
                add(piece, more);
            }
        } finally {
            piece.release();
        }
        if (!fits) {
            stop(body.tooLarge(limit));
        }
        return fits;
    }

    private void add(ByteBuf piece, int more) {
        if (more > bytes.length - size) {
            int announced = (int) Math.min(Math.max(0, body.length()), FIRST_SPACE);
            int twice = (int) Math.min(2L * bytes.length, limit);
            bytes = Arrays.copyOf(bytes, Math.max(size + more, Math.max(announced, twice)));
        }
        piece.readBytes(bytes, size, more);
        size += more;
    }
}
