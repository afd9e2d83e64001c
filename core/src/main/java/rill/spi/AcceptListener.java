package rill.spi;

import java.io.IOException;

/** The receiver of a listening socket's events. <b>Threading:</b> called within {@link Selector#select} only. */
public interface AcceptListener {
    /**
     * A connection was accepted. The receiver owns the socket: it opens it on a Selector, or closes it. If this throws, the Acceptor closes a socket
     * that was not opened.
     */
    void accepted(AcceptedSocket socket);

    /**
     * Accepting failed for a reason that does not concern a single connection (no descriptors, no memory). The Acceptor has paused itself, so that
     * the waiting connection does not make it spin; {@link Acceptor#resume()} tries again.
     */
    void failed(IOException cause);
}
