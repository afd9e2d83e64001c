package rill.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.Data;
import rill.http.wire.End;

/**
 * Sends a body that comes in pieces: asks for the next when the connection takes more. On the loop, wherever the pieces come from.
 *
 * <pre>
 *  ASKED ── a piece ──▶ written; the connection is full? ── taken ──▶ ASKED
 *    └── null: the end; once it has left, that is told as well
 * </pre>
 */
final class Upload {
    /** Bytes that are there are sent by so many at a time, so that it shows whether they move. */
    private static final int SLICE = 64 * 1024;

    private final ClientExchange exchange;
    private final ClientConnection connection;
    private final Loop loop;
    private final HttpBody body;
    private @Nullable Future<?> asked;
    private boolean over;

    Upload(ClientExchange exchange, ClientConnection connection, Loop loop, HttpBody body) {
        this.exchange = exchange;
        this.connection = connection;
        this.loop = loop;
        this.body = body instanceof BytesBody bytes
                ? HttpBody.stream(bytes.length(), new Slices(bytes.array(), SLICE))
                : body;
    }

    /** Whether so many bytes are sent in slices. */
    static boolean slices(long length) {
        return length > SLICE;
    }

    void begin() {
        next();
    }

    private void next() {
        if (over) {
            return;
        }
        try { // a source may be of another loop: the response of a client there, or the request of a server
            asked = Hop.<@Nullable ByteBuf>onDone(loop, body.next(), this::took);
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    private void took(@Nullable ByteBuf bytes, @Nullable Throwable failure) {
        asked = null;
        if (failure != null) {
            failed(failure);
        } else if (over) {
            release(bytes);
        } else if (bytes == null) {
            end();
        } else {
            write(bytes);
        }
    }

    private static void release(@Nullable ByteBuf bytes) {
        if (bytes != null) {
            bytes.release();
        }
    }

    private void write(ByteBuf bytes) {
        Future<@Nullable Void> taken = connection.write(Data.of(bytes));
        taken.onDone((nothing, failure) -> {
            if (failure == null && !over) { // otherwise the connection has failed, and tells
                exchange.sent();
                next();
            }
        });
    }

    private void end() {
        over = true;
        connection.write(End.of());
        connection.flush().onDone((nothing, failure) -> {
            if (failure == null) { // otherwise the connection has failed, and tells
                exchange.bodyLeft(this);
            }
        });
        exchange.bodySent();
        body.close();
    }

    private void failed(Throwable why) {
        if (!over) {
            over = true;
            exchange.bodyFailed(why);
            body.close();
        }
    }

    /** The rest is not wanted. */
    void stop() {
        if (!over) {
            over = true;
            if (asked != null) {
                asked.cancel();
            }
            body.close();
        }
    }

    @Override
    public String toString() {
        return "body of " + exchange;
    }
}
