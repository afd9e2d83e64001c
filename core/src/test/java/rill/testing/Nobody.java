package rill.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A loopback address at which nobody listens, and nobody else can while this is open. A port number that was free a moment ago is not enough: on a
 * busy machine it is soon taken.
 */
public final class Nobody implements AutoCloseable {
    private final Socket holder = new Socket();

    public Nobody() throws IOException {
        holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) holder.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
        holder.close();
    }
}
