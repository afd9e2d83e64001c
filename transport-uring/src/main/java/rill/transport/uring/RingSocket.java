package rill.transport.uring;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.LibC;

/**
 * A socket of a {@link UringSelector}: its descriptor's owner, which gives it back once, and not before the last
 * request of its own has been answered.
 *
 * <pre>
 *  what is wanted changes ──▶ {@link #advance}, before the next enter: asks the ring for what is wanted and not under way,
 *                             and cancels what is under way and not wanted
 *  an answer ──▶ {@link #answered}
 *  something to tell ──▶ {@link #tell}, with the next select
 * </pre>
 *
 * <p><b>Threading:</b> the Selector's driver.
 */
abstract class RingSocket {
    /** The most requests that {@link #advance} adds. */
    static final int MOST_REQUESTS = 4;

    /** In place of a descriptor that was given back. */
    static final int GONE = -1;

    final UringSelector selector;
    private final int slot; // among the registrations
    private int fd;
    private boolean changed;
    private boolean announced;

    RingSocket(UringSelector selector, int fd) {
        this.selector = selector;
        this.fd = fd;
        slot = fd == GONE ? GONE : selector.registrations().add(this);
    }

    final int fd() {
        return fd;
    }

    /** Whether its descriptor was given back. */
    final boolean isGone() {
        return fd == GONE;
    }

    /** The data for a request of this kind. */
    final long data(int kind) {
        return Request.data(selector.registrations().data(slot), kind);
    }

    /** What is wanted may differ from what is under way. */
    final void changed() {
        if (!changed) {
            selector.changed(this);
            changed = true;
        }
    }

    /** Called by the Selector, before it enters. */
    final void beforeEnter() {
        changed = false;
        advance();
    }

    /** Makes requests, at most {@value #MOST_REQUESTS}, for which there is room. */
    abstract void advance();

    /** The answer to a request of this kind. */
    abstract void answered(int kind, int result, int flags);

    /** What it was asked has thrown: it alone suffers. */
    abstract void broken(Throwable e);

    /** A little later than it had asked for that: what could not be done may be possible now. */
    void again() {
        changed();
    }

    /** It is to {@link #tell} with the next select. */
    final void announce() {
        if (!announced) {
            selector.undelivered(this);
            announced = true;
        }
    }

    /** Called by the Selector, within select. */
    final void deliver() {
        announced = false;
        tell();
    }

    /** Tells what no answer will. */
    abstract void tell();

    /** The Selector closes: it tells nothing more, and gives up what is under way. */
    abstract void abandon();

    /** The Selector closes, and nothing is under way any more: gives back the descriptor, and every buffer. Never throws. */
    abstract void release();

    /** Gives the descriptor back; nothing that was said of it reaches anybody any more. */
    final void closeDescriptor(boolean reset) {
        if (fd == GONE) {
            return;
        }
        if (reset) {
            try {
                selector.options().set(fd, StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException notConnected) {
                // Then there is nobody to send a reset to.
            }
        }
        selector.registrations().remove(slot);
        LibC.close(fd);
        fd = GONE;
    }

    /**
     * Sets an option of a socket that is not closed.
     *
     * @throws IllegalArgumentException for a close that lingers, which would block the loop
     */
    final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        SocketFailures.requireNoLinger(UringSelector.NAME, option, value);
        selector.options().set(fd, option, value);
    }
}
