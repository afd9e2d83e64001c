package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Epoll;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.LinuxSelector;

/**
 * The listeners of a ring's Selector. A separate epoll watches them, and the ring polls that: a request holds its socket, but a listener has to
 * release its address before {@code close} returns, on any thread. The epoll also leaves connections beyond a turn, or while a listener pauses, in
 * the backlog, where they belong. Accepting takes a call for each connection in any case.
 */
final class Listeners extends LinuxSelector<UringAccepted> {
    private static final int MOST_EVENTS = 64;

    private final Epoll epoll;

    Listeners(String transport, CallMemory memory) throws IOException {
        super(transport, UringAccepted.class, Listeners::nothingIsRead, memory);
        int descriptor = Errno.check(Epoll.descriptor(memory.errno));
        try {
            epoll = new Epoll(memory.errno, memory.arena, MOST_EVENTS, descriptor);
        } catch (RuntimeException | Error e) { // no memory
            LibC.close(descriptor);
            throw e;
        }
    }

    /** Returns the epoll's descriptor, which is readable while there is a connection to accept. */
    int descriptor() {
        return epoll.descriptor();
    }

    /** Returns whether a select would deliver something that the descriptor does not announce. */
    boolean haveSomethingToTell() {
        return hasUndelivered();
    }

    @Override
    protected Epoll epoll() {
        return epoll;
    }

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        tellAll(Epoll.counted(epoll.awaitMillis(0)));
    }

    @Override
    public void wakeup() {
        throw notHere();
    }

    @Override
    protected void closeSelector() {
        epoll.close();
    }

    @Override
    protected UringAccepted accepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        return new UringAccepted(fd, local, remote, remote4);
    }

    // ---- what the ring does

    @Override
    protected ReadinessWire newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener) {
        throw notHere();
    }

    @Override
    protected ReadinessWire newWire(UringAccepted socket, WireListener listener) {
        throw notHere();
    }

    private static ByteBuf nothingIsRead() {
        throw notHere();
    }

    private static IllegalStateException notHere() {
        return new IllegalStateException("the ring does this");
    }
}
