package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.spi.SelectorProvider;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AbstractSocketAddress;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.transport.nio.channels.NioSelector;

/**
 * TCP and Unix domain sockets on the JDK's own epoll: always available on Linux, without any flag.
 *
 * <p>It is the code of {@link rill.transport.nio.NioTransport} on a selector that is known to be epoll: each socket is registered once, interest that
 * is no longer wanted is withdrawn only when an event arrives for it, and events go straight to their sockets without key sets.
 *
 * <p>Socket options: {@link java.net.StandardSocketOptions}, and {@code jdk.net.ExtendedSocketOptions} with TCP_QUICKACK, TCP_KEEPIDLE,
 * TCP_KEEPINTERVAL, TCP_KEEPCOUNT, SO_INCOMING_NAPI_ID and, for Unix domain sockets, SO_PEERCRED. Those of {@link EpollOptions} and
 * {@link AbstractSocketAddress} need {@link EpollTransport}.
 */
public final class EpollNioTransport implements Transport {
    private static final String EPOLL_PROVIDER = "sun.nio.ch.EPollSelectorProvider";

    /** Creates the transport; it has no state, so any instance will do. */
    public EpollNioTransport() {}

    @Override
    public String name() {
        return "epoll-nio";
    }

    @Override
    public @Nullable String unavailable() {
        String system = System.getProperty("os.name", "");
        if (!system.equals("Linux")) {
            return "epoll is part of Linux, and this is " + system;
        }
        String provider = SelectorProvider.provider().getClass().getName();
        return provider.equals(EPOLL_PROVIDER)
                ? null
                : "the JDK was told to select with " + provider
                        + " (system property java.nio.channels.spi.SelectorProvider), which is not epoll";
    }

    @Override
    public int preference() {
        return 10;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        String obstacle = unavailable();
        if (obstacle != null) {
            throw new IllegalStateException("transport epoll-nio is unavailable: " + obstacle);
        }
        return NioSelector.open(name(), SelectorProvider.provider(), receiveBuffer);
    }

    @Override
    public String toString() {
        return name();
    }
}
