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
 * Connects the loops of one process, on whatever threads they are. It works as a completion-based system does (io_uring): writes are
 * taken and reported as done in a later tick, in pieces and late, with the buffers kept until then; reads arrive in memory of its
 * own, and nobody asks where to put them.
 *
 * <p>There are no locks: all that a wire or an acceptor has is confined to its own loop, and they send each other messages through
 * the queues of their selectors. What two ends send each other arrives in order.
 */
public final class InProcessTransport implements Transport {
    /** What these promise is true here anyway: nothing is held back to make larger packets, and addresses are free at once. */
    private static final Set<SocketOption<Boolean>> ALWAYS_ON = Set.of(TCP_NODELAY, SO_REUSEADDR);

    final Random random;
    final Map<SocketAddress, InProcessAcceptor> listening = new ConcurrentHashMap<>();
    private final AtomicInteger ports = new AtomicInteger();

    /** The seed decides how completions are split and delayed. */
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

    /** The address itself if its port is given, else one that nobody has. */
    SocketAddress withPort(@Nullable SocketAddress wanted) {
        return wanted != null && requireInet(wanted).getPort() != 0
                ? wanted
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.incrementAndGet());
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

    /** Takes an option, and has nothing to do for it. */
    static <T> void set(SocketOption<T> option, T value) {
        if (!ALWAYS_ON.contains(option)) {
            throw new IllegalArgumentException("transport in-process has no option " + option.name());
        }
    }
}
