package rill.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;

/**
 * Asks a body for one piece after the other, for as long as they are wanted. Pieces that are there already come in one Handle, so that they can leave
 * together, up to a number: others of the loop want their turn. On the loop, wherever the pieces come from.
 *
 * <pre>
 *  IDLE ── goOn ──▶ ASKING ── a piece, and more is wanted ──▶ ASKING
 *    ▲                 └── a piece, and that is enough; the end; a failure; giveUp ──┐
 *    └───────────────────────────────────────────────────────────────────────────────┘
 * </pre>
 */
final class Pulling {
    private static final int AT_ONCE = 64;

    /** Where the pieces go. */
    @FunctionalInterface
    interface Taker {
        /**
         * A piece, which is the taker's; or the end, if both are null; or a failure.
         *
         * @return whether the next one may come at once; if not, {@link #goOn} asks for it
         */
        boolean take(@Nullable ByteBuf piece, @Nullable Throwable failure);
    }

    private final Loop loop;
    private final HttpBody body;
    private final Taker taker;
    private @Nullable Future<@Nullable ByteBuf> asked;

    Pulling(Loop loop, HttpBody body, Taker taker) {
        this.loop = loop;
        this.body = body;
        this.taker = taker;
    }

    /** Asks for the next piece. */
    void goOn() {
        for (int taken = 0; ; taken++) {
            Future<@Nullable ByteBuf> next;
            try {
                next = body.next();
            } catch (Throwable t) { // it is read already, or its source throws
                taker.take(null, t);
                return;
            }
            if (taken == AT_ONCE || !next.isDone()) {
                asked = Hop.<@Nullable ByteBuf>onDone(loop, next, this::came, body::close);
                return;
            }
            Throwable failure = next.failure();
            if (!taker.take(failure == null ? next.result() : null, failure)) {
                return;
            }
        }
    }

    private void came(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        asked = null;
        if (taker.take(piece, failure)) {
            goOn();
        }
    }

    /** The piece that was asked for is not wanted any more. If it is on its way already, it comes all the same. */
    void giveUp() {
        Future<?> pending = asked;
        if (pending != null) {
            pending.cancel();
        }
    }
}
