package rill.examples.inprocess;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;

/**
 * Connects the loops of one process, on whatever threads they are. It works as a completion-based system does (io_uring): writes are
 * accepted and reported in a later tick, in pieces and late, with the buffers kept until then; reads arrive in memory of its own.
 *
 * <p><b>Threading:</b> the monitor of this object guards all that wires of different loops share.
 */
public final class InProcessTransport implements Transport {
    /** What these promise is true here anyway: nothing is held back to make larger packets, and addresses are free at once. */
    private static final Set<SocketOption<Boolean>> ALWAYS_ON =
            Set.of(StandardSocketOptions.TCP_NODELAY, StandardSocketOptions.SO_REUSEADDR);

    final Random random;
    private final Map<SocketAddress, InProcessAcceptor> listening = new HashMap<>();
    private int nextPort = 1;

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
        return -1; // never by default
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) {
        return new InProcessSelector(this);
    }

    // ---- for its selectors, with the monitor held

    /** The address itself if its port is given, else one that nobody has. */
    SocketAddress withPort(@Nullable SocketAddress wanted) {
        return wanted instanceof InetSocketAddress inet && inet.getPort() != 0
                ? wanted
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPort++);
    }

    boolean bind(SocketAddress address, InProcessAcceptor acceptor) {
        return listening.putIfAbsent(address, acceptor) == null;
    }

    void unbind(SocketAddress address) {
        listening.remove(address);
    }

    @Nullable
    InProcessAcceptor listenerAt(SocketAddress address) {
        return listening.get(address);
    }

    static void require(SocketAddress address) {
        if (!(address instanceof InetSocketAddress)) {
            throw new IllegalArgumentException("transport in-process has no addresses of type "
                    + address.getClass().getName() + ": " + address);
        }
    }

    static void require(SocketOption<?> option) {
        if (!ALWAYS_ON.contains(option)) {
            throw new IllegalArgumentException("transport in-process has no option " + option.name());
        }
    }

    static void require(SocketOptions options) {
        options.applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                require(option);
            }
        });
    }
}
