package rill;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a connection whose wire has failed: nothing leaves any more, and what the peer sent before, in good order, is delivered as
 * ever. Made when that happens.
 *
 * <pre>
 *                   no receiver, or one that takes nothing for a while ¹
 *  a write fails, ──────────────────────────────────────────────────────▶ onFailure and closed() are told early
 *  or the wire           │                                                     │
 *                        ├── all that came was received ◀──────────────────────┤
 *                        │      └──▶ the failure is told after the last message, and it is CLOSED
 *                        ├── it has taken nothing for {@link #IDLE_ROUNDS} times as long, or the loop closes ◀──┤
 *                        │      └──▶ what waits is dropped, and the failure told
 *                        └── close(), abort() ◀────────────────────────────────┘
 *                               └──▶ what waits is dropped, and nothing more is told
 * </pre>
 *
 * ¹ {@link ConnectionLimits#closeProgress}. A receiver that never asks would keep what waits for ever; that it is dropped is told, so that no
 * stream has a hole.
 */
final class Broken {
    private static final int IDLE_ROUNDS = 12;

    private final Link link;
    private final Audience audience;
    private int idleRounds;
    private @Nullable Handle timer; // once the receiver takes nothing

    Broken(Link link) {
        this.link = link;
        this.audience = link.audience();
    }

    /** Called whenever everything was decoded that could be. */
    void goOn(boolean somethingWaits, boolean wirePaused) {
        boolean wireGone = link.isWireGone();
        if (wireGone && !somethingWaits) {
            link.conclude(audience.failedWith());
        } else if (wireGone || wirePaused) {
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

    /** What came before may wait for long, or for ever. */
    private void tellEarly() {
        audience.tellEarly(Objects.requireNonNull(audience.failedWith()));
    }

    /** What waits is of no use to anybody: it is dropped, and the failure told. */
    void end() {
        Throwable cause = audience.failedWith();
        if (link.isWireGone()) {
            link.conclude(cause);
        } else if (cause != null) {
            audience.tellFailureLate(cause);
            letGo();
        }
    }

    /** Its owner closes it, and does not want to know more. */
    void close() {
        audience.forgetFailure();
        letGo();
    }

    /** What waits is dropped. */
    void letGo() {
        if (link.isWireGone()) {
            link.conclude(null);
        } else {
            link.drain();
            link.inbound().decodeNoMore();
            link.wire().close();
        }
    }

    /** It is broken no more, but ends. */
    void over() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
