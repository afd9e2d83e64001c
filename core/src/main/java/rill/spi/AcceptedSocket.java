package rill.spi;

import java.net.SocketAddress;

/**
 * A connection that was accepted and belongs to no loop yet.
 *
 * <p><b>Threading:</b> may be handed to another thread. <b>Ownership:</b> the owner either passes it to {@link Selector#open} of a Selector of the
 * same transport, on that Selector's thread, or closes it; exactly once.
 */
public interface AcceptedSocket {
    /** This end's address. */
    SocketAddress localAddress();

    /** The peer's address. */
    SocketAddress remoteAddress();

    /** Closes the socket unused. Idempotent; a no-op after {@link Selector#open}. */
    void close();
}
