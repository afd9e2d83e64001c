package rill.http;

import io.netty.buffer.ByteBuf;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;

/**
 * Asks a body for one piece after another, as long as they are wanted. Pieces that are already available are delivered in one Handle, so that they can
 * leave together, but only up to a number and for a millisecond, so that others on the loop get their turn. On the loop, wherever the pieces come from.
 *
 * <pre>
 *  IDLE ── goOn ──▶ ASKING ── a piece, and more is wanted ──▶ ASKING
 *    ▲                 └── a piece, and that is enough; the end; a failure; giveUp ──┐
 *    └───────────────────────────────────────────────────────────────────────────────┘
 * </pre>
 */
final class Pulling {
    private static final int AT_ONCE = 64;
    private static final long NANOS_AT_ONCE = 1_000_000;

    /** Receives the pieces. */
    @FunctionalInterface
    interface Taker {
        /**
         * Takes a piece, whose ownership is transferred; or the end, if both are null; or a failure.
         *
         * @return whether to ask for the next piece immediately; if not, {@link #goOn} does
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
        long began = loop.nanoTime();
        for (int taken = 0; ; taken++) {
            Future<@Nullable ByteBuf> next;
            try {
                next = Objects.requireNonNull(body.next(), "the Future of a source");
                if (!next.isDone() || isEnough(taken, began)) {
                    asked = Hop.<@Nullable ByteBuf>onDone(loop, next, this::came, body::close);
                    return;
                }
            } catch (Throwable t) { // it was read before, its source throws, or there is no memory
                taker.take(null, t);
                return;
            }
            Throwable failure = next.failure();
            if (!taker.take(failure == null ? next.result() : null, failure)) {
                return;
            }
        }
    }

    /**
     * For a taker that has written a piece: whether to ask for the next one immediately. If the write waits for the peer, asks once it is done.
     *
     * @param goesOn is passed the failure of the write, or null
     */
    boolean after(Future<@Nullable Void> written, Predicate<@Nullable Throwable> goesOn) {
        if (written.isDone()) {
            return goesOn.test(written.failure());
        }
        written.onDone((nothing, failure) -> {
            if (goesOn.test(failure)) {
                goOn();
            }
        });
        return false;
    }

    private boolean isEnough(int taken, long began) {
        return taken == AT_ONCE || (taken > 0 && loop.nanoTime() - began > NANOS_AT_ONCE);
    }

    private void came(@Nullable ByteBuf piece, @Nullable Throwable failure) {
        asked = null;
        if (taker.take(piece, failure)) {
            goOn();
        }
    }

    /** The piece asked for is no longer wanted. If it is already on its way, it is delivered all the same. */
    void giveUp() {
        Future<?> pending = asked;
        if (pending != null) {
            pending.cancel();
        }
    }
}
