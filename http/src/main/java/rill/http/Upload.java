package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.Data;
import rill.http.wire.End;

/**
 * The body of a request on its way to the server, which may first be asked for permission. On the loop, wherever the pieces come from.
 *
 * <pre>
 *  ASKING (Expect) ── 100, or the timeout ──▶ SENDING ── its end ──▶ LEAVING ── flushed ──▶ SENT
 *     └── an answer ──▶ NOT_WANTED ◀── an error is answered ──┘
 *
 *  SENDING:  the next piece is asked for ── a piece ──▶ written; the connection is full? ── taken ──▶ the next …
 * </pre>
 */
final class Upload {
    private enum State {
        ASKING,
        SENDING,
        LEAVING,
        SENT,
        NOT_WANTED
    }

    /** Larger bodies of bytes are sent in slices, so that progress is visible. */
    private static final int SLICE = 64 * 1024;

    private static final int FIRST_ERROR = 400;

    private final ClientExchange exchange;
    private final ClientConnection connection;
    private final Loop loop;
    private HttpBody body;
    private State state = State.ASKING;
    private @Nullable Pulling pulling; // once sending has begun
    private boolean over; // no further piece is asked for

    Upload(ClientExchange exchange, ClientConnection connection, Loop loop, HttpBody body) {
        this.exchange = exchange;
        this.connection = connection;
        this.loop = loop;
        this.body = body;
    }

    // ---- state

    /** Whether the server has been asked for permission. */
    boolean isAsking() {
        return state == State.ASKING;
    }

    /** Whether more of it has to be sent. */
    boolean isUnfinished() {
        return state == State.SENDING;
    }

    /** Whether some of it has not left. */
    boolean isMoving() {
        return state == State.SENDING || state == State.LEAVING;
    }

    boolean isUnwanted() {
        return state == State.NOT_WANTED;
    }

    // ---- sending

    /** With a timeout, the server has this long to permit the body. */
    void begin(@Nullable Duration timeout) {
        if (timeout == null) {
            send();
        } else {
            connection.within(timeout);
        }
    }

    /** The server permits the body, or has not refused it in time. */
    void send() {
        if (body instanceof BytesBody bytes) {
            if (bytes.length() <= SLICE) {
                state = State.SENT;
                connection.write(Data.last(Unpooled.wrappedBuffer(bytes.array())));
                return;
            }
            body = HttpBody.stream(bytes.length(), new Slices(bytes.array(), SLICE));
        }
        state = State.SENDING;
        if (exchange.isFinishing()) {
            body.finishing();
        }
        var pieces = new Pulling(loop, body, this::took);
        pulling = pieces;
        pieces.goOn();
    }

    private boolean took(@Nullable ByteBuf bytes, @Nullable Throwable failure) {
        if (failure != null) {
            failed(failure);
        } else if (over) {
            release(bytes);
        } else if (bytes == null) {
            end();
        } else {
            Future<@Nullable Void> written = connection.write(Data.of(bytes));
            if (!written.isDone()) {
                exchange.sent(); // from now on the server has time to take it
            }
            return Objects.requireNonNull(pulling).after(written, this::goesOn);
        }
        return false;
    }

    private static void release(@Nullable ByteBuf bytes) {
        if (bytes != null) {
            bytes.release();
        }
    }

    private boolean goesOn(@Nullable Throwable failure) {
        if (failure != null || over) {
            return false; // the connection has failed, and reports it
        }
        exchange.sent();
        return !over;
    }

    private void end() {
        over = true;
        connection.write(End.of());
        connection.flush().onDone((nothing, failure) -> {
            if (failure == null) { // otherwise the connection has failed, and reports it
                left();
            }
        });
        state = State.LEAVING;
        exchange.bodySent();
        body.close();
    }

    private void left() {
        if (state == State.LEAVING) {
            state = State.SENT;
            exchange.bodyLeft(this);
        }
    }

    private void failed(Throwable why) {
        if (!over) {
            over = true;
            exchange.bodyFailed(why);
            body.close();
        }
    }

    // ---- ends

    /** A response has begun. True if the rest is not wanted: {@link #stop} follows. */
    boolean answered(int status) {
        if (state == State.ASKING || (state == State.SENDING && status >= FIRST_ERROR)) {
            state = State.NOT_WANTED;
        }
        return state == State.NOT_WANTED;
    }

    /** The client finishes. */
    void finishing() {
        if (state == State.SENDING) {
            body.finishing();
        }
    }

    /** The rest is not wanted. */
    void stop() {
        if (!over) {
            over = true;
            if (pulling != null) {
                pulling.giveUp();
            }
            body.close();
        }
    }

    @Override
    public String toString() {
        return "body of " + exchange;
    }
}
