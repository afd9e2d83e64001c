package rill.spi.readiness;

import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.AcceptedSocket;

/** A connection that a {@link ReadinessAcceptor} has accepted and that no Selector watches yet. A transport adds the descriptor. */
public abstract class ReadinessAccepted implements AcceptedSocket {
    private final AtomicBoolean taken = new AtomicBoolean();

    /** One that nobody has opened or closed yet. */
    protected ReadinessAccepted() {}

    /** Gives the descriptor back, which nobody has taken over. Called once, on any thread. Never throws. */
    protected abstract void closeSocket();

    /** Whoever calls this owns the descriptor. */
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
