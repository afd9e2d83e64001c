package rill;

import org.jspecify.annotations.Nullable;

/**
 * What the owner of a connection does himself when it is to finish: his {@link Connection#onFinish} or {@link Connection#onFinishing}. Made
 * when he sets one; of other connections the receiver is asked to finish, and there is none of this.
 *
 * <pre>
 *          the loop closes
 *   set ───────────────────▶ told: no message is handed out any more (onFinish), or all are as before (onFinishing)
 *    │                         │
 *    └────────────┬────────────┘
 *                 └ become, of onFinishing: over; whoever receives then is told as if there had been none
 * </pre>
 */
final class Finishing {
    private final Link link;
    private @Nullable Runnable handler; // until it is called
    private boolean receivesOn; // although he was told
    private boolean told;

    Finishing(Link link) {
        this.link = link;
    }

    void onFinish(Runnable newHandler) {
        handler = newHandler;
        receivesOn = false;
    }

    void onFinishing(Runnable newHandler) {
        handler = newHandler;
        receivesOn = true;
    }

    /** Whether its owner was told, so that a receiver that comes now need not be asked. */
    boolean isTold() {
        return told;
    }

    /** Tells its owner, once; false if there is nothing to tell him. */
    boolean tell() {
        Runnable own = handler;
        if (own == null) {
            return false;
        }
        handler = null;
        told = true;
        link.guarded(own);
        if (!receivesOn) {
            Inbound inbound = link.inbound();
            inbound.finish(inbound.hasReceiver() && inbound.receiver() instanceof Pulling);
        }
        return true;
    }

    /** Another pipeline takes over. False if that was of messages that are not received any more, and is over with them. */
    boolean staysAcrossBecome() {
        if (receivesOn && told) {
            link.inbound().finish(false); // of which the new receiver has not heard
        }
        return !receivesOn;
    }
}
