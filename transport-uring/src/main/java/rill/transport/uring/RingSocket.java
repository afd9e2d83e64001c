package rill.transport.uring;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import org.jspecify.annotations.Nullable;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.LibC;

/**
 * A socket of a {@link UringSelector}. It owns its descriptor, and closes it once, not before the last of its own requests has been answered.
 *
 * <pre>
 *  what is wanted changes ──▶ {@link #advance}, before the next enter: requests what is wanted and not under way,
 *                             and cancels what is under way and not wanted
 *  an answer ──▶ {@link #answered}
 *  something to report ──▶ {@link #tell}, with the next select
 * </pre>
 *
 * <p><b>Threading:</b> the Selector's driver.
 */
abstract class RingSocket {
    /** The most requests that {@link #advance} adds. */
    static final int MOST_REQUESTS = 4;

    /** Stands for a descriptor that was closed. */
    static final int GONE = -1;

    final UringSelector selector;
    private int slot = GONE; // among the registrations
    private int fd;
    private boolean ended; // while it was undelivered, within a select: it goes to the end

    /** The one after this in {@link SocketQueue.Changed}. */
    @Nullable
    RingSocket nextChanged;

    /** The one after this in {@link SocketQueue.Undelivered}. */
    @Nullable
    RingSocket nextUndelivered;

    /** The one after this in {@link SocketQueue.Unserved}. */
    @Nullable
    RingSocket nextUnserved;

    RingSocket(UringSelector selector, int fd) {
        this.selector = selector;
        this.fd = fd;
    }

    /** Registers it, so that answers reach it. The last step of the constructor: if another fails, nobody knows of this socket. */
    final void register() {
        if (fd != GONE) {
            slot = selector.registrations().add(this);
        }
    }

    final int fd() {
        return fd;
    }

    /** Returns whether its descriptor was closed. */
    final boolean isGone() {
        return fd == GONE;
    }

    /** Returns the data for a request of this kind. */
    final long data(int kind) {
        return Request.data(selector.registrations().data(slot), kind);
    }

    /** Notes that what is wanted may differ from what is under way. */
    final void changed() {
        selector.changed(this);
    }

    /** Makes requests, at most {@value #MOST_REQUESTS}; there is room for them. Called by the Selector, before it enters. */
    abstract void advance();

    /** Handles the answer to a request of this kind. */
    abstract void answered(int kind, int result, int flags);

    /** Fails this socket alone, because one of its methods has thrown. */
    abstract void broken(Throwable e);

    /** Tries again what could not be done, some time after {@link UringSelector#later} was called. */
    void again() {
        changed();
    }

    /** Schedules {@link #tell} for the next select. */
    final void announce() {
        selector.undelivered(this);
    }

    /**
     * Schedules {@link #tell} for a later select, for the last time. What a listener has closed is not told so by the present select, even if it waits
     * for its turn there.
     */
    final void announceEnd() {
        if (nextUndelivered == null) {
            announce();
        } else {
            ended = selector.isSelecting();
        }
    }

    /** Called by the Selector, within select. */
    final void deliver() {
        if (ended) {
            ended = false;
            announce();
        } else {
            tell();
        }
    }

    /** Delivers events that no answer announces. */
    abstract void tell();

    /** Abandons everything, because the Selector closes: no more events are delivered, and what is under way is given up. */
    abstract void abandon();

    /**
     * Sees to it that what is still under way reads and writes no memory: the Selector closes on a thread that can't wait for the answers. A kernel
     * before September 2025 may carry out a request for a ring that is closed, before it cancels the rest.
     */
    abstract void cutOff();

    /** Closes the descriptor and releases every buffer: the Selector closes, and no request uses them any more. Never throws. */
    abstract void release();

    /** Closes the descriptor; events for it no longer reach anyone. */
    final void closeDescriptor(boolean reset) {
        if (fd == GONE) {
            return;
        }
        if (reset) {
            try {
                selector.options().set(fd, StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException notConnected) {
                // Then there is no peer to send a reset to.
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
