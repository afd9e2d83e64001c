package rill;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a connection whose wire has failed, or of which a layer's output is over: nothing that is written leaves any more, but what the
 * peer sent before, in good order, is still delivered. Created when that happens.
 *
 * <pre>
 *                   no receiver, or one that takes nothing for a while ¹
 *  a write fails, ──────────────────────────────────────────────────────▶ onFailure and closed() are notified early
 *  the wire, or a layer  │                                                     │
 *                        ├── all input was received ◀──────────────────────────┤
 *                        │      └──▶ the failure is delivered after the last message, and it is CLOSED
 *                        ├── nothing taken for longer ², or the loop closes ◀─────┤
 *                        │      └──▶ waiting input is dropped, and the failure delivered
 *                        └── close(), abort() ◀────────────────────────────────┘
 *                               └──▶ waiting input is dropped, and nobody is notified any more
 * </pre>
 *
 * <p>¹ {@link ConnectionLimits#closeProgress}. A receiver that never asks would keep waiting input for ever; dropping it is reported, so that no
 * stream has a hole.
 *
 * <p>² {@link #IDLE_ROUNDS} times as long.
 *
 * <p>If it is by a layer, the wire still works: at the end what has passed the layers leaves, as on any other connection that fails.
 */
final class Broken {
    private static final int IDLE_ROUNDS = 12;

    private final Link link;
    private final Audience audience;
    private final boolean byLayer; // the wire may still work
    private int idleRounds;
    private @Nullable Handle timer; // set once the receiver takes nothing

    /**
     * @param byLayer whether only a layer's output is over, after which its peer says nothing more of interest
     */
    Broken(Link link, boolean byLayer) {
        this.link = link;
        this.audience = link.audience();
        this.byLayer = byLayer;
    }

    boolean isByLayer() {
        return byLayer;
    }

    /** Called whenever everything that could be decoded was decoded. */
    void goOn(boolean somethingWaits, boolean wirePaused) {
        boolean noMoreComes = byLayer || link.isWireGone();
        if (noMoreComes && !somethingWaits) {
            end();
            return;
        }
        if (noMoreComes && link.stack().isNeverReady()) {
            audience.tellUnready(); // so that there is a receiver for what waits
            if (!link.mayFail()) {
                return; // its owner has ended it
            }
        }
        if (noMoreComes || wirePaused) {
            if (link.inbound().finishing()) {
                end();
            } else {
                if (timer == null) {
                    watchReceiver();
                }
                if (!link.inbound().hasReceiver()) {
                    tellEarly();
                }
            }
        } // else there is more to be read
    }

    private void watchReceiver() {
        long before = link.stack().taken();
        timer = link.loop()
                .schedule(
                        link.limits().closeProgress(),
                        "the receiver of ",
                        link,
                        () -> link.attempt(() -> receiverHadTime(before)));
    }

    private void receiverHadTime(long takenBefore) {
        idleRounds = link.stack().taken() == takenBefore ? idleRounds + 1 : 0;
        if (idleRounds == IDLE_ROUNDS) {
            end();
            return;
        }
        watchReceiver();
        if (idleRounds == 1) {
            tellEarly();
        }
    }

    /** Notifies early, since the earlier input may wait for long, or for ever. */
    private void tellEarly() {
        audience.tellEarly(Objects.requireNonNull(audience.failedWith()));
    }

    /** The failure is delivered; input that still waits can't be, and is dropped. */
    void end() {
        Throwable cause = audience.failedWith();
        if (link.isWireGone()) {
            link.conclude(cause);
        } else if (cause != null) {
            audience.tellFailureLate(cause);
            letGo();
        }
    }

    /** Its owner closes it, and does not want to be notified any more. */
    void close() {
        audience.forgetFailure();
        letGo();
    }

    /** Drops waiting input. */
    void letGo() {
        if (link.isWireGone()) {
            link.conclude(null);
        } else if (byLayer && link.outbound().leaves()) {
            over();
            link.sayGoodBye();
        } else {
            link.drain();
            link.inbound().decodeNoMore();
            link.wire().close();
        }
    }

    /** It is no longer broken, but ends. */
    void over() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
