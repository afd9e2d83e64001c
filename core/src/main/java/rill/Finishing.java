package rill;

import org.jspecify.annotations.Nullable;

/**
 * What the owner of a connection does when it is to finish: the {@link Connection#onFinish} or {@link Connection#onFinishing} handler. Created when
 * the owner sets one; on other connections the receiver is asked to finish.
 *
 * <pre>
 *          the loop closes
 *   set ───────────────────▶ told: messages are no longer delivered (onFinish), or are as before (onFinishing)
 *    │                         │
 *    └────────────┬────────────┘
 *                 └ become, with onFinishing: over; the next receiver is notified as if there had been no handler
 * </pre>
 */
final class Finishing {
    private final Link link;
    private @Nullable Runnable handler; // null once called
    private boolean receivesOn; // although the owner was told
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

    /** Whether the owner was told, so that a new receiver need not be asked. */
    boolean isTold() {
        return told;
    }

    /**
     * Calls the handler, once. A connection that opens while the close of the loop is in the queue is asked to finish twice; the second time, its
     * owner is already finishing.
     */
    void tell() {
        Runnable own = handler;
        if (own == null) {
            return;
        }
        handler = null;
        told = true;
        link.guarded(own);
        if (!receivesOn) {
            Inbound inbound = link.inbound();
            inbound.finish(inbound.hasReceiver() && inbound.receiver() instanceof Pulling);
        }
    }

    /** Another pipeline takes over. Returns false if the handler concerned the messages of the old one, and is over with them. */
    boolean staysAcrossBecome() {
        if (receivesOn && told) {
            link.inbound().finish(false); // the new receiver has not been notified of that
        }
        return !receivesOn;
    }
}
