package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A body received from a peer. Pieces not yet asked for wait here, and are counted; the connection stops reading when there are too many.
 *
 * <pre>
 *  COMING ── its end ──▶ ENDED
 *     ├── its connection fails ──▶ FAILED
 *     └── close: CLOSED, later pieces are discarded; if some of it was unread, further reads fail
 *
 *  a piece:  arrived ──▶ waiting ──▶ given ── nobody saw it ──▶ returned ──▶ given
 * </pre>
 */
final class IncomingBody extends HttpBody implements Asking.Giver {
    /** The overhead counted for each piece, beside its bytes. */
    static final int PIECE = 128;

    private static final String AWAITED = "next: the piece before has not come yet";

    /** The source of a body. */
    interface Origin {
        /** The body is being read, perhaps for the first time. */
        void wanted(IncomingBody body);

        /** Fewer bytes wait than before, or none ever will again. */
        void relieved(IncomingBody body);
    }

    private final Loop loop;
    private final Origin origin;
    private final long length;
    private final HttpFields fields; // of the head it came with
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(2);
    private final Returned returned = new Returned(); // precede those
    private int weight; // of both
    private long given; // pieces handed out
    private long received;
    private long thrownAway;
    private @Nullable Asking asked;
    private volatile boolean whole; // whether the body is read as a whole
    private long taken; // pieces that a reader may have seen
    private volatile boolean begun; // whether there are any such pieces
    private boolean complete; // it has arrived to its end
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

    /** A piece has arrived; takes ownership of it. */
    void arrived(ByteBuf piece) {
        received += piece.readableBytes();
        if (closed || failure != null) {
            thrownAway += piece.readableBytes();
            piece.release();
            return;
        }
        waiting.add(piece);
        weight += weight(piece);
        advance();
    }

    private static int weight(ByteBuf piece) {
        return piece.readableBytes() + PIECE;
    }

    /** It has arrived completely. */
    void ended(HttpFields last) {
        complete = true;
        trailers = last;
        advance();
    }

    /** The rest will never arrive; pieces already received can still be read. */
    void failed(Throwable cause) {
        if (!complete && failure == null) {
            failure = cause;
            advance();
        }
    }

    /** Delivers what is available to the pending reader. */
    private void advance() {
        Asking to = asked;
        if (to == null) {
            return;
        }
        Piece piece = poll();
        if (piece != null) {
            asked = null;
            begun = ++taken > 0;
            to.give(piece);
        } else if (failure != null) {
            asked = null;
            to.promise.fail(failure);
        } else if (complete) {
            asked = null;
            to.promise.complete(null);
        }
    }

    private @Nullable Piece poll() {
        Piece piece = returned.poll();
        if (piece == null) {
            ByteBuf first = waiting.poll();
            piece = first == null ? null : new Piece(given++, first);
        }
        if (piece != null) {
            weight -= weight(piece.bytes());
        }
        return piece;
    }

    /** The weight of the pieces that wait for a reader. */
    int weight() {
        return weight;
    }

    long received() {
        return received;
    }

    /** The number of bytes that arrived after nobody wanted them. */
    long thrownAway() {
        return thrownAway;
    }

    /** Whether it has arrived completely. */
    boolean isComplete() {
        return complete;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether a reader waits for more of it. */
    boolean isAwaited() {
        return asked != null && asked.isOpen();
    }

    // ---- for the reader

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
        var asking = new Asking(loop, this);
        if (!Hop.run(loop, () -> ask(asking))) {
            asking.promise.fail(new IOException("next: the loop is closed"));
        }
        return asking.promise;
    }

    /** A second reader would take what is missing for nothing, and so gets an exception. */
    @Override
    void beginWhole(String what) {
        if (whole || begun) {
            throw new IllegalStateException(
                    what + ": the body of the request was read before, and nothing of it is kept");
        }
        whole = true;
    }

    private void ask(Asking asking) {
        if (isAwaited()) {
            asking.promise.fail(new IllegalStateException(AWAITED));
            return;
        }
        int before = weight;
        asked = asking;
        advance();
        if (asked == asking) {
            origin.wanted(this);
        } else if (weight < before) {
            origin.relieved(this);
        }
    }

    @Override
    public void takeBack(Piece piece) {
        begun = --taken > 0;
        if (closed) {
            piece.bytes().release();
            cut();
            return;
        }
        returned.add(piece);
        weight += weight(piece.bytes());
        advance();
    }

    @Override
    public void givenUp(Asking asking) {
        if (asked == asking) {
            asked = null;
        }
    }

    @Override
    public HttpFields trailers() {
        return weight == 0 ? trailers : HttpFields.none();
    }

    @Override
    public void close() {
        Hop.run(loop, this::closeNow); // a closed loop has closed the body with its connection
    }

    private void closeNow() {
        if (closed) {
            return;
        }
        closed = true;
        if (!complete || weight > 0) {
            cut();
        }
        returned.releaseAll();
        for (ByteBuf piece = waiting.poll(); piece != null; piece = waiting.poll()) {
            piece.release();
        }
        weight = 0;
        advance();
        origin.relieved(this);
    }

    /** Some of it was discarded, so no reader may take its part for the whole body. */
    private void cut() {
        if (failure == null) {
            failure = new IOException("next: the body was closed, or its request was answered");
        }
    }
}
