package rill.spi;

import java.net.SocketAddress;

/**
 * A listening socket. Its turn is bounded (64 connections), so that a storm of them does not hold up others.
 *
 * <p><b>Threading:</b> only on its Selector's driver.
 */
public interface Acceptor {
    /** The address it listens on, with the port that the system chose. */
    SocketAddress localAddress();

    /**
     * Stops accepting at once; connections wait in the backlog. Nothing is accepted after it within the same turn, either.
     * Idempotent.
     */
    void pause();

    /** Undoes {@link #pause()}, and the pause after {@link AcceptListener#failed}. Idempotent. */
    void resume();

    /**
     * Stops listening and gives the address back, before it returns. Nothing is delivered afterwards. Connections that wait in the
     * backlog are reset; those that were accepted are not concerned. Idempotent; afterwards {@code pause} and {@code resume} do nothing. The file of a
     * Unix domain socket goes as well, unless another one has taken its place; a file that is there before, stale or not, is never
     * touched by listening.
     */
    void close();
}
