package rill;

/**
 * The graceful end of a connection's output. Made on first use; until then there is none.
 *
 * <pre>
 *                     while it is held up                  each session, from the top down
 *  shutdownOutput() ───▶ ASKED FOR ──▶┐
 *                                     ├──▶ closing messages ──▶ SILENT ──▶ SHUT, after shutdownOutput()
 *  close(), a failure ───────────────▶┘
 * </pre>
 *
 * <p>SILENT: answers that a session still writes by itself are no longer encoded by the layers below. SHUT: the end of the output was sent to the
 * peer, whose own output continues.
 */
final class OutputEnd {
    private final Link link;
    private final Outbound outbound;
    private boolean askedFor; // by shutdownOutput, and held up
    private boolean saidGoodBye;
    private boolean silent;
    private boolean shut;
    private boolean severed; // a byte layer failed to encode: what was above it never leaves, nor any closing message

    OutputEnd(Link link, Outbound outbound) {
        this.link = link;
        this.outbound = outbound;
    }

    /** Ends the output after everything written; the peer's output continues. */
    void shutdownOutput() {
        if (askedFor || saidGoodBye) {
            return;
        }
        outbound.refuse(link.outputShutDown());
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

    /** Nothing holds it up any more. */
    void shutNow() {
        askedFor = false;
        sayGoodBye();
        outbound.flush();
        shut = true;
        outbound.shutWire();
    }

    /** Lets each session, from the top down, write its closing message, after everything written before. Once. */
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

    /** Whether only this side's output ends, once nothing holds that up. */
    boolean isAskedFor() {
        return askedFor;
    }

    /** Whether the output can't end yet: something is held back, a session is being called, or an admitted write is on its way. */
    boolean isHeldUp() {
        return somethingIsHeldBack()
                || outbound.inSession()
                || outbound.reserved() > 0
                || (askedFor
                        && !link.closing()
                        && !link.stack().ready()); // only this half ends: the other needs the handshake
    }

    /** Whether a session keeps something that was written, in itself or above it. It may be far above, and not have reached the session yet. */
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

    boolean isSevered() {
        return severed;
    }

    boolean isShut() {
        return shut;
    }
}
