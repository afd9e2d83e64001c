package rill.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.http.wire.Data;
import rill.http.wire.End;

/**
 * Sends a body that comes in pieces: asks for the next when the connection takes more. On the loop.
 *
 * <pre>
 *  ASKED ── a piece ──▶ written; the connection is full? ── taken ──▶ ASKED
 *    └── null: the end
 * </pre>
 */
final class Upload {
    private final ClientExchange exchange;
    private final ClientConnection connection;
    private final HttpBody body;
    private @Nullable Future<?> asked;
    private boolean over;

    Upload(ClientExchange exchange, ClientConnection connection, HttpBody body) {
        this.exchange = exchange;
        this.connection = connection;
        this.body = body;
    }

    void begin() {
        next();
    }

    private void next() {
        if (over) {
            return;
        }
        Future<@Nullable ByteBuf> piece;
        try {
            piece = body.next();
        } catch (RuntimeException e) {
            failed(e);
            return;
        }
        asked = piece;
        piece.onDone((bytes, failure) -> {
            asked = null;
            if (failure != null) {
                failed(failure);
            } else if (over) {
                if (bytes != null) {
                    bytes.release();
                }
            } else if (bytes == null) {
                end();
            } else {
                write(bytes);
            }
        });
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
        finish();
        connection.write(End.of());
        exchange.bodySent();
    }

    private void failed(Throwable why) {
        if (!over) {
            finish();
            exchange.bodyFailed(why);
        }
    }

    /** The rest is not wanted. */
    void stop() {
        if (!over) {
            finish();
            if (asked != null) {
                asked.cancel();
            }
        }
    }

    private void finish() {
        over = true;
        body.close();
    }

    @Override
    public String toString() {
        return "body of " + exchange;
    }
}
