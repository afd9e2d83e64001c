package rill.transport.epoll.linux;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * This end's addresses of the connections that one listener has accepted. Unless it listens at the wildcard, all came in at the same
 * address; else the next one's is likely to be that of the last, whose object serves again.
 *
 * <p><b>Threading:</b> the selector's driver.
 */
public final class OwnAddresses {
    private final Sockets sockets;
    private long last4 = SocketAddressArea.NOT_INET4;
    private @Nullable SocketAddress last;

    /** Of connections that no one was made of yet. */
    public OwnAddresses(Sockets sockets) {
        this.sockets = sockets;
    }

    /** That of a connection which a listener at this address has accepted. */
    public SocketAddress of(int accepted, SocketAddress listening) throws IOException {
        if (!(listening instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress())) {
            return listening;
        }
        SocketAddressArea address = sockets.askLocalAddress(accepted);
        long its4 = address.inet4();
        if (its4 == SocketAddressArea.NOT_INET4) {
            return address.get();
        }
        SocketAddress same = last;
        if (same == null || its4 != last4) {
            same = SocketAddressArea.inet4(its4);
            last = same;
            last4 = its4;
        }
        return same;
    }
}
