package rill.spi.readiness;

import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.AcceptedSocket;

/** A connection that a {@link ReadinessAcceptor} has accepted and that no Selector watches yet. A transport adds the descriptor. */
public abstract class ReadinessAccepted implements AcceptedSocket {
    private final AtomicBoolean taken = new AtomicBoolean();

    /** Creates a socket that was not opened or closed yet. */
    protected ReadinessAccepted() {}

    /** Closes the descriptor, whose ownership nobody has taken. Called once, on any thread. Never throws. */
    protected abstract void closeSocket();

    /** Transfers ownership of the descriptor to the caller. */
    protected final void take() {
        if (!taken.compareAndSet(false, true)) {
            throw new IllegalStateException("the socket from " + remoteAddress() + " was opened or closed before");
        }
    }

    @Override
    public final void close() {
        if (taken.compareAndSet(false, true)) {
            closeSocket();
        }
    }
}
