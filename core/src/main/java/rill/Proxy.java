package rill;

import java.net.SocketAddress;

/**
 * An indirect way to reach addresses: the proxy listens at its own address and, when asked in its protocol, connects onward. Set by
 * {@link ConnectOptions#proxy}. Immutable; one object serves any number of connections.
 *
 * <p><b>Threading:</b> any.
 */
public interface Proxy {
    /** The address of the proxy itself; a host name in it is resolved like any other. */
    SocketAddress address();

    /**
     * The layer at the bottom of a connection to the proxy. It holds back everything written above it ({@link Context#holdWrites}) until the proxy
     * has connected onward, and changes no byte from then on.
     *
     * @param target the destination; a host name in it has not been resolved, since the proxy does that
     * @throws IllegalArgumentException if the proxy's protocol can't express such an address
     */
    ByteLayer to(SocketAddress target);
}
