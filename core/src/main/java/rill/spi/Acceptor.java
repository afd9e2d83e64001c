package rill.spi;

import java.net.SocketAddress;

/**
 * A listening socket. Its turn is bounded (64 connections), so that a burst of connections does not hold up others.
 *
 * <p><b>Threading:</b> only on its Selector's driver, or a thread that carries a Task while the driver waits: see {@link Selector}.
 */
public interface Acceptor {
    /** The address it listens on, including the port that the system chose. */
    SocketAddress localAddress();

    /** Stops accepting at once, also within the present turn; connections wait in the backlog. Idempotent. */
    void pause();

    /** Undoes {@link #pause()}, and the pause after {@link AcceptListener#failed}. Idempotent. */
    void resume();

    /**
     * Stops listening and frees the address before it returns. Nothing is delivered afterwards. Connections that wait in the backlog are reset; those
     * that were accepted are not affected. Idempotent; afterwards {@code pause} and {@code resume} are no-ops. The file of a Unix domain socket is
     * removed as well, unless another one has taken its place. A file that existed before, stale or not, is never touched by listening.
     */
    void close();
}
