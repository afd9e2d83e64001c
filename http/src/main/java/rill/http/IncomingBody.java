package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A body that comes from a peer. What was not asked for yet waits here, and counts; its connection stops reading when that becomes too much.
 *
 * <pre>
 *  COMING ── its end ──▶ ENDED
 *     ├── its connection fails ──▶ FAILED
 *     └── close: CLOSED, what still comes is thrown away; where there was more to read, whoever reads on is told so
 * </pre>
 *
 * As a Consumer it takes back a piece that nobody saw.
 */
final class IncomingBody extends HttpBody implements Consumer<@Nullable ByteBuf> {
    /** What a piece counts for beside its bytes. */
    private static final int PIECE = 128;

    private static final String AWAITED = "next: the piece before has not come yet";

    /** Where it comes from. */
    interface Origin {
        /** Somebody reads it, perhaps for the first time. */
        void wanted(IncomingBody body);

        /** Fewer bytes wait than before, or none ever will again. */
        void relieved(IncomingBody body);
    }

    private final Loop loop;
    private final Origin origin;
    private final long length;
    private final HttpFields fields; // of the head that it came with
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(2);
    private int weight; // of those
    private long received;
    private long thrownAway;
    private @Nullable Promise<@Nullable ByteBuf> next;
    private boolean complete; // all of it has come
    private boolean closed;
    private @Nullable Throwable failure;
    private HttpFields trailers = HttpFields.none();

    IncomingBody(Loop loop, Origin origin, RequestHead head) {
        this.loop = loop;
        this.origin = origin;
        this.length = head.bodyLength();
        this.fields = head.fields();
    }

    // ---- from the connection

    /** A piece has come; takes it over. */
    void arrived(ByteBuf piece) {
        received += piece.readableBytes();
        if (closed || failure != null) {
            thrownAway += piece.readableBytes();
            piece.release();
            return;
        }
        Promise<@Nullable ByteBuf> asked = next;
        if (asked != null && waiting.isEmpty() && asked.complete(piece)) {
            next = null;
            return;
        }
        waiting.add(piece);
        weight += piece.readableBytes() + PIECE;
    }

    /** It is complete. */
    void ended(HttpFields last) {
        complete = true;
        trailers = last;
        Promise<@Nullable ByteBuf> asked = next;
        if (asked != null && waiting.isEmpty()) {
            next = null;
            asked.complete(null);
        }
    }

    /** The rest will never come; what has come is still read. */
    void failed(Throwable cause) {
        if (complete || failure != null) {
            return;
        }
        failure = cause;
        Promise<@Nullable ByteBuf> asked = next;
        if (asked != null) {
            next = null;
            asked.fail(cause);
        }
    }

    /** How much waits for somebody who reads it. */
    int weight() {
        return weight;
    }

    long received() {
        return received;
    }

    /** How much has come that nobody wanted any more. */
    long thrownAway() {
        return thrownAway;
    }

    /** Whether all of it has come. */
    boolean isComplete() {
        return complete;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether somebody waits for more of it. */
    boolean isAwaited() {
        return next != null && !next.isDone();
    }

    // ---- for whoever reads it

    @Override
    public long length() {
        return length;
    }

    @Override
    Charset charset() {
        return MediaTypes.charset(fields.get("content-type"));
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        if (Loop.current() == loop && isAwaited()) {
            throw new IllegalStateException(AWAITED);
        }
        Promise<@Nullable ByteBuf> promise = loop.promise(this);
        if (!Hop.run(loop, () -> give(promise))) {
            promise.fail(new IOException("next: the loop is closed"));
        }
        return promise;
    }

    private void give(Promise<@Nullable ByteBuf> promise) {
        if (isAwaited()) {
            promise.fail(new IllegalStateException(AWAITED));
            return;
        }
        ByteBuf first = waiting.poll();
        if (first != null) {
            weight -= first.readableBytes() + PIECE;
            if (!promise.complete(first)) {
                accept(first);
            }
            origin.relieved(this);
        } else if (failure != null) {
            promise.fail(failure);
        } else if (complete) {
            promise.complete(null);
        } else {
            next = promise;
            origin.wanted(this);
        }
    }

    /** Nobody saw it: it is for the next call. */
    @Override
    public void accept(@Nullable ByteBuf piece) {
        if (piece == null) {
            return;
        }
        if (closed) {
            piece.release();
            cut();
            return;
        }
        Promise<@Nullable ByteBuf> asked = next;
        if (asked != null && asked.complete(piece)) {
            next = null;
            return;
        }
        waiting.addFirst(piece);
        weight += piece.readableBytes() + PIECE;
    }

    @Override
    public HttpFields trailers() {
        return waiting.isEmpty() ? trailers : HttpFields.none();
    }

    @Override
    public void close() {
        Hop.run(loop, this::closeNow); // when that is closed, so is this: with its connection
    }

    private void closeNow() {
        if (closed) {
            return;
        }
        closed = true;
        if (!complete || !waiting.isEmpty()) {
            cut();
        }
        for (ByteBuf piece = waiting.poll(); piece != null; piece = waiting.poll()) {
            piece.release();
        }
        weight = 0;
        Promise<@Nullable ByteBuf> asked = next;
        if (asked != null) {
            next = null;
            asked.fail(Objects.requireNonNull(failure));
        }
        origin.relieved(this);
    }

    /** Some of it was thrown away, so nobody is to take what he has read for all of it. */
    private void cut() {
        if (failure == null) {
            failure = new IOException("next: the body was closed, or its request was answered");
        }
    }
}
