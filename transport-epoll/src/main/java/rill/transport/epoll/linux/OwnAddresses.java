package rill.transport.epoll.linux;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The local addresses of the connections that one listener has accepted. Unless it listens at the wildcard, all have the same address. At the
 * wildcard, the next one is likely to have the address of the last, so that object is reused.
 *
 * <p><b>Threading:</b> the selector's driver.
 */
public final class OwnAddresses {
    private final Sockets sockets;
    private long last4 = SocketAddressArea.NOT_INET4;
    private @Nullable SocketAddress last;

    /** Starts without an address to reuse. */
    public OwnAddresses(Sockets sockets) {
        this.sockets = sockets;
    }

    /** Returns the local address of a connection accepted by a listener at this address. */
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
