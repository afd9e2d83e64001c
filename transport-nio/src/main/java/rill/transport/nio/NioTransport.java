package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.spi.SelectorProvider;
import java.util.function.Supplier;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.transport.nio.channels.NioSelector;

/**
 * TCP over IPv4 and IPv6, and Unix domain sockets, on {@code java.nio.channels}; works wherever there is a JDK.
 *
 * <p>Socket options are those that the JDK's channels support: {@link java.net.StandardSocketOptions} and, where the platform has them,
 * {@code jdk.net.ExtendedSocketOptions}.
 *
 * <p><b>Not guaranteed:</b> that a peer's reset is noticed while nothing is read, because reads are paused or the peer has ended its stream, and
 * nothing is written: a selector reports a reset only where it is asked for readiness. The next read or write notices it. Nor is it guaranteed that a
 * peer of a Unix domain socket is served whose own path has bytes that the platform's charset lacks (the locale {@code C}, say): the JDK drops it,
 * and leaks its descriptor.
 */
public final class NioTransport implements Transport {
    /** Creates the transport; it has no state, so any instance will do. */
    public NioTransport() {}

    @Override
    public String name() {
        return "nio";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        return NioSelector.open(name(), SelectorProvider.provider(), receiveBuffer);
    }

    @Override
    public String toString() {
        return name();
    }
}
