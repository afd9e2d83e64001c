package rill;

import java.io.IOException;

/**
 * The end of a connection's output in good order. Made when it is asked for; until then there is none.
 *
 * <pre>
 *                     while it is held up                  each session, from the top down
 *  shutdownOutput() ───▶ ASKED FOR ──▶┐
 *                                     ├──▶ good-byes are said ──▶ SILENT ──▶ SHUT, after shutdownOutput()
 *  close(), a failure ───────────────▶┘
 * </pre>
 *
 * <p>SILENT: what a session would still answer by itself, no layer encodes any more. SHUT: the peer has been told that our stream has ended, and
 * its own goes on.
 */
final class OutputEnd {
    private final Link link;
    private final Outbound outbound;
    private boolean askedFor; // by shutdownOutput, and held up
    private boolean saidGoodBye;
    private boolean silent;
    private boolean shut;
    private boolean
            severed; // a byte layer has failed to encode: what was above it will never leave, nor will any good-bye

    OutputEnd(Link link, Outbound outbound) {
        this.link = link;
        this.outbound = outbound;
    }

    /** Ends our stream after everything written; the peer's goes on. */
    void shutdownOutput() {
        if (askedFor || saidGoodBye) {
            return;
        }
        outbound.refuse(new IOException(link + ": its output was shut down"));
        askedFor = true;
        outbound.settle();
        if (!link.open()) {
            return; // a layer has failed
        }
        if (isHeldUp()) {
            link.dirty();
        } else {
            shutNow();
        }
    }

    /** What had held it up does so no more. */
    void shutNow() {
        askedFor = false;
        sayGoodBye();
        outbound.flush();
        shut = true;
        outbound.shutWire();
    }

    /** Lets each session, from the top down, say its good-bye, after everything written before. Once. */
    void sayGoodBye() {
        if (saidGoodBye) {
            return;
        }
        saidGoodBye = true;
        if (outbound.holdsMessages()) {
            outbound.encodeThrough();
        }
        Stack stack = link.stack();
        for (int i = stack.size() - 1; i >= 0 && !severed; i--) {
            outbound.sayGoodBye(stack.get(i));
        }
        silent = true;
    }

    /** A byte layer has failed to encode. */
    void sever() {
        severed = true;
    }

    // ---- asking

    /** Whether our half alone ends once nothing holds that up. */
    boolean isAskedFor() {
        return askedFor;
    }

    /** Whether our stream can't end yet: something is held back, a session is being called, or what was admitted is on its way. */
    boolean isHeldUp() {
        return somethingIsHeldBack()
                || outbound.inSession()
                || outbound.reserved() > 0
                || (askedFor
                        && !link.closing()
                        && !link.stack().ready()); // our half alone ends: the other needs the handshake
    }

    /** Whether a session keeps what was written, in itself or above it, however far above: that may not have come down to it yet. */
    private boolean somethingIsHeldBack() {
        if (outbound.holdsMessages()) {
            return true;
        }
        boolean written = false;
        Stack stack = link.stack();
        for (int i = stack.size() - 1; i >= 0; i--) {
            Stage stage = stack.get(i);
            if (stage.keeps() || (written && stage.holdsWrites())) {
                return true;
            }
            written |= stage.output.bytes() > 0;
        }
        return false;
    }

    boolean isSilent() {
        return silent;
    }

    boolean isShut() {
        return shut;
    }
}
