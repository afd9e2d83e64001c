package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AbstractSocketAddress;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.transport.epoll.linux.Unavailable;

/**
 * TCP and Unix domain sockets on Linux epoll, through the C library and {@code java.lang.foreign}.
 *
 * <p>It needs native access: {@code --enable-native-access=rill.transport.epoll}, or {@code ALL-UNNAMED} on the class path. Without it, or where the
 * system refuses, {@link #unavailable} says so and {@link EpollNioTransport} is next.
 *
 * <p>Socket options: see {@link EpollOptions}. Addresses: {@link java.net.InetSocketAddress}, {@link java.net.UnixDomainSocketAddress},
 * {@link AbstractSocketAddress}.
 */
public final class EpollTransport implements Transport {
    /** Set once a trial has succeeded: neither the kernel nor a system call filter takes that back. */
    private static volatile boolean works;

    /** Creates the transport; it has no state, so any instance will do. */
    public EpollTransport() {}

    @Override
    public String name() {
        return "epoll";
    }

    @Override
    public int preference() {
        return 20;
    }

    @Override
    public @Nullable String unavailable() {
        return Unavailable.because("epoll", EpollTransport::refusal);
    }

    /** Returns what the kernel, or a system call filter, says to a trial. Being out of descriptors at the moment is no obstacle. */
    private static @Nullable String refusal() {
        if (works) {
            return null;
        }
        var memory = new NativeMemory();
        try {
            new EpollWait(memory).close();
            works = true;
            return null;
        } catch (EpollWait.Refused e) {
            return Unavailable.onlyForNow(e.errno) ? null : "the system refuses to " + e.getMessage();
        } finally {
            memory.close();
        }
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        String obstacle = unavailable();
        if (obstacle != null) {
            throw new IllegalStateException("transport epoll is unavailable: " + obstacle);
        }
        return new EpollSelector(receiveBuffer);
    }

    @Override
    public String toString() {
        return name();
    }
}
