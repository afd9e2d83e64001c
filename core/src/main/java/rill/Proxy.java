package rill;

import java.net.SocketAddress;

/**
 * A way to reach addresses that is not the direct one: something listens at an address of its own and, asked in its own protocol, connects
 * on. Given by {@link ConnectOptions#through}. Immutable; one serves any number of connections.
 *
 * <p><b>Threading:</b> any.
 */
public interface Proxy {
    /** Where the proxy itself is; a name in it is looked up as any other. */
    SocketAddress address();

    /**
     * The layer at the bottom of a connection to the proxy. It holds back what is written above it ({@link Context#holdWrites}) until the
     * proxy has connected on, and changes no byte from then on.
     *
     * @param target where to; a name in it has not been looked up, since that is the proxy's business
     * @throws IllegalArgumentException if the proxy's protocol has no words for such an address
     */
    ByteLayer to(SocketAddress target);
}
