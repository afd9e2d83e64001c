package rill;

import java.net.SocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The peer of one server connection, as its {@link Service} sees it.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class Peer {
    private final Link link;

    Peer(Link link) {
        this.link = link;
    }

    /** The peer's address. */
    public SocketAddress remoteAddress() {
        return link.remoteAddress();
    }

    /** The address of this end. */
    public SocketAddress localAddress() {
        return link.localAddress();
    }

    /** The {@link Connection#info} of the connection. On the loop only. */
    public <T> Optional<T> info(Class<T> type) {
        link.loop().requireConfined("info", link);
        return Optional.ofNullable(link.stack().info(type));
    }

    /** The loop of its connection. */
    public Loop loop() {
        return link.loop();
    }

    /** Whether answers can still be written. */
    public boolean isOpen() {
        return link.outbound().closed() == null;
    }

    /**
     * Takes no more requests, lets the answers of those in flight leave, and closes the connection.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> finish() {
        link.onLoop("finish", link::finish);
        return closed();
    }

    /**
     * Closes the connection at once, with a reset: unsent answers are lost.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> abort() {
        link.onLoop("abort", link::abort);
        return closed();
    }

    /** Done, never failed, when the connection is gone. The Future is the caller's own. */
    public Future<@Nullable Void> closed() {
        return link.audience().closed();
    }

    @Override
    public String toString() {
        return "peer of a " + link;
    }
}
