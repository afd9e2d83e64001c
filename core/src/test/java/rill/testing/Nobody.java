package rill.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * An address on the loopback where nobody listens, and nobody else can while this is open. The number of a port that was free a
 * moment ago will not do: on a busy machine somebody else has it soon.
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
