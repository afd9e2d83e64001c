package rill.spi.readiness;

import java.io.IOException;
import java.net.SocketOption;

/**
 * A socket of a readiness Selector, connected or listening: it is told of readiness, and may have something to tell itself.
 *
 * <p><b>Threading:</b> the Selector's driver.
 */
public abstract sealed class Watched permits ReadinessWire, ReadinessAcceptor {
    private boolean waits; // among the undelivered

    Watched() {}

    // ---- what a transport adds

    /** The Selector that it belongs to. */
    protected abstract ReadinessSelector<?> selector();

    /**
     * Sets an option of a socket that is not closed.
     *
     * @throws IllegalArgumentException if the transport has no such option: see {@link SocketFailures#noOption}
     */
    protected abstract <T> void option(SocketOption<T> option, T value) throws IOException;

    // ---- what its Selector does with it

    /**
     * {@link #option}, of what may be asked for.
     *
     * @throws IllegalArgumentException for a close that lingers, which would block the loop
     */
    final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        SocketFailures.requireNoLinger(selector().transport(), option, value);
        option(option, value);
    }

    /**
     * What the Selector has found out; after close it means nothing. An error or hang-up counts as both: the calls then say what it
     * is. What is not wanted any more is withdrawn only now that it has come, since often it is wanted again by then.
     */
    public abstract void ready(boolean readable, boolean writable);

    /** Gives back the descriptor, and every buffer. Idempotent. */
    public abstract void close();

    /** Its Selector is to {@link #tell} with the next select. */
    final void announce() {
        if (!waits) {
            waits = true;
            selector().undelivered(this);
        }
    }

    /** Called by the Selector, within select. */
    final void deliver() {
        waits = false;
        tell();
    }

    /** Tells what no readiness will. */
    abstract void tell();
}
