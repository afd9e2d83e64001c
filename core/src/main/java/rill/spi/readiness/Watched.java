package rill.spi.readiness;

import java.io.IOException;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/**
 * A socket of a readiness Selector, connected or listening. It is notified of readiness, and may have events of its own to report.
 *
 * <p><b>Threading:</b> the Selector's driver.
 */
public abstract sealed class Watched permits ReadinessWire, ReadinessAcceptor {
    private boolean waits; // among the undelivered
    private boolean ended; // while it waited, within a select: it goes to the end

    /** The one after this among the undelivered. */
    @Nullable
    Watched next;

    Watched() {}

    // ---- what a transport adds

    /** The Selector that this socket belongs to. */
    protected abstract ReadinessSelector<?> selector();

    /**
     * Sets an option of a socket that is not closed.
     *
     * @throws IllegalArgumentException if the transport does not support the option: see {@link SocketFailures#noOption}
     */
    protected abstract <T> void option(SocketOption<T> option, T value) throws IOException;

    // ---- what its Selector does with it

    /**
     * Sets an option if it is allowed: see {@link #option}.
     *
     * @throws IllegalArgumentException for a close that lingers, which would block the loop
     */
    final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        SocketFailures.requireNoLinger(selector().transport(), option, value);
        option(option, value);
    }

    /**
     * Handles readiness that the Selector has found; a no-op after close. An error or hang-up counts as both: the calls then reveal which it is.
     * Interest that is no longer wanted is withdrawn only now, when its event has arrived, since by then it is often wanted again.
     */
    public abstract void ready(boolean readable, boolean writable);

    /** Closes the descriptor, and releases every buffer. Idempotent. */
    public abstract void close();

    /** Makes the Selector call {@link #tell} during the next select. */
    final void announce() {
        if (!waits) {
            selector().undelivered(this);
            waits = true;
        }
    }

    /**
     * Makes the Selector call {@link #tell} during a later select, for the last time. What a listener has closed is not told so by the present select,
     * even if it waits for its turn there.
     */
    final void announceEnd() {
        if (waits) {
            ended = selector().isSelecting();
        } else {
            announce();
        }
    }

    /** Called by the Selector, within select. */
    final void deliver() {
        waits = false;
        if (ended) {
            ended = false;
            announce();
        } else {
            tell();
        }
    }

    /** Delivers events that no readiness announces. */
    abstract void tell();
}
