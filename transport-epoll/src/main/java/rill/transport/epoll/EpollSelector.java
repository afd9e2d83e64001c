package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;
import rill.transport.epoll.linux.Epoll;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.LinuxSelector;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * A loop's Selector: it creates the sockets; {@link EpollWait} does the waiting.
 *
 * <p>Sockets are watched level-triggered. A turn can therefore end at a short read or at its budget without a record of which sockets are still
 * readable. That costs nothing else: {@link ReadinessWire} withdraws its interest only when an event arrives that it has no use for.
 */
final class EpollSelector extends LinuxSelector<EpollAccepted> {
    private final NativeMemory memory;
    private final EpollWait wait;

    EpollSelector(Supplier<ByteBuf> receiveBuffer) throws IOException {
        this(receiveBuffer, new NativeMemory());
    }

    private EpollSelector(Supplier<ByteBuf> receiveBuffer, NativeMemory memory) throws IOException {
        super("epoll", EpollAccepted.class, receiveBuffer, memory);
        this.memory = memory;
        try {
            wait = new EpollWait(memory);
        } catch (EpollWait.Refused e) {
            memory.close();
            throw new IOException(e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    NativeMemory memory() {
        return memory;
    }

    @Override
    protected Epoll epoll() {
        return wait.epoll();
    }

    // ---- events

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        tellAll(timeoutNanos == 0 ? wait.poll() : block(timeoutNanos));
    }

    private int block(long timeoutNanos) throws IOException {
        int count = wait.block(timeoutNanos);
        awake();
        return count;
    }

    @Override
    public void wakeup() {
        wait.wakeup();
    }

    @Override
    protected void closeSelector() {
        wait.close();
        memory.close();
    }

    // ---- sockets

    @Override
    protected EpollSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        int fd = sockets().connecting(remote);
        try {
            return new EpollSocket(this, fd, null, remote, SocketAddressArea.NOT_INET4, listener);
        } catch (Error e) { // no memory
            LibC.close(fd);
            throw e;
        }
    }

    @Override
    protected EpollSocket newWire(EpollAccepted socket, WireListener listener) {
        return socket.wire(this, listener);
    }

    @Override
    protected EpollAccepted accepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        return new EpollAccepted(fd, local, remote, remote4);
    }
}
