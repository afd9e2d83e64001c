package rill.examples.inprocess;

import static java.net.StandardSocketOptions.SO_REUSEADDR;
import static java.net.StandardSocketOptions.TCP_NODELAY;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Selector;
import rill.spi.Transport;

/**
 * Connects the loops of one process, on whatever threads they are. It works as a completion-based system (io_uring) does: writes are taken, and
 * reported as done in a later tick, in pieces and late, with the buffers kept until then. Reads arrive in its own memory, and nobody is asked where
 * to put them.
 *
 * <p>There are no locks: the state of a wire or an acceptor is confined to its own loop, and they send each other messages through the queues of
 * their selectors. Messages between two ends arrive in order.
 */
public final class InProcessTransport implements Transport {
    /** Options whose promises hold here anyway: nothing is held back to make larger packets, and addresses are free at once. */
    private static final Set<SocketOption<Boolean>> ALWAYS_ON = Set.of(TCP_NODELAY, SO_REUSEADDR);

    private static final int PORTS = 65_535; // from 1 on

    final Random random;
    final Map<SocketAddress, InProcessAcceptor> listening = new ConcurrentHashMap<>();
    final Set<SocketAddress> inUse = ConcurrentHashMap.newKeySet(); // of the addresses that were chosen here
    private final AtomicInteger ports = new AtomicInteger();

    /** Creates a transport. The seed decides how completions are split and delayed. */
    public InProcessTransport(long seed) {
        random = new Random(seed);
    }

    @Override
    public String name() {
        return "in-process";
    }

    @Override
    public int preference() {
        return -1; // only if there is nothing better
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) {
        return new InProcessSelector(this);
    }

    /** Returns the address itself if its port is given, or else the next that is free; null if none is. */
    @Nullable
    SocketAddress withPort(@Nullable SocketAddress wanted) {
        if (wanted != null && requireInet(wanted).getPort() != 0) {
            return wanted;
        }
        for (int n = 0; n < PORTS; n++) {
            int port = 1 + Math.floorMod(ports.getAndIncrement(), PORTS);
            var next = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            if (!listening.containsKey(next) && inUse.add(next)) {
                return next;
            }
        }
        return null;
    }

    static InetSocketAddress requireInet(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw new IllegalArgumentException("transport in-process resolves no names: " + inet);
            }
            return inet;
        }
        throw new IllegalArgumentException("transport in-process has no addresses of " + address.getClass());
    }

    /** Accepts an option that has no effect. */
    static <T> void set(SocketOption<T> option, T value) {
        if (!ALWAYS_ON.contains(option)) {
            throw new IllegalArgumentException("transport in-process has no option " + option.name());
        }
    }
}
