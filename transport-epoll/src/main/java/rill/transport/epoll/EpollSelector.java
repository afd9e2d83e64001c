package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.ReadinessWire;
import rill.spi.readiness.Watched;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.NativeOptions;
import rill.transport.epoll.linux.Registrations;
import rill.transport.epoll.linux.SocketAddressArea;
import rill.transport.epoll.linux.Sockets;

/**
 * A loop's selector: makes sockets; the waiting is {@link EpollWait}'s.
 *
 * <p>Sockets are watched level-triggered. That lets a turn end at a short read or at its budget without a note of who is still
 * readable, and costs nothing else: {@link ReadinessWire} withdraws its interest only when an event comes that it has no use
 * for.
 */
final class EpollSelector extends ReadinessSelector<EpollAccepted> {
    private static final int READABLE = EpollWait.IN | EpollWait.ERR | EpollWait.HUP;
    private static final int WRITABLE = EpollWait.OUT | EpollWait.ERR | EpollWait.HUP;

    private final NativeMemory memory = new NativeMemory();
    private final NativeOptions options = new NativeOptions("epoll", memory);
    private final Sockets sockets = new Sockets(memory, options);
    private final Registrations<Watched> registrations = new Registrations<>();
    private final EpollWait wait;

    EpollSelector(Supplier<ByteBuf> receiveBuffer) throws IOException {
        super("epoll", EpollAccepted.class, receiveBuffer);
        try {
            wait = new EpollWait(memory);
        } catch (EpollWait.Refused e) {
            memory.close();
            throw new IOException(e.getMessage(), e);
        }
    }

    NativeMemory memory() {
        return memory;
    }

    NativeOptions options() {
        return options;
    }

    Sockets sockets() {
        return sockets;
    }

    Registrations<Watched> registrations() {
        return registrations;
    }

    /** Asks for these events of a registered descriptor, instead of those before; what is asked for now. */
    int watch(int fd, int slot, int before, int wanted) throws IOException {
        wait.watch(fd, registrations.data(slot), before, wanted);
        return wanted;
    }

    /**
     * Closes a registered descriptor. That takes it out of epoll as well, unless a child process that is just being started holds it
     * for another moment; the events of that moment mean nobody.
     */
    void forget(int fd, int slot) {
        registrations.remove(slot);
        LibC.close(fd);
    }

    // ---- events

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        int count = timeoutNanos == 0 ? wait.poll() : block(timeoutNanos);
        for (int i = 0; i < count && !isClosed(); i++) {
            Watched receiver = registrations.find(memory.dataAt(i));
            if (receiver != null) { // else it is a wake-up, or an earlier event of this batch has closed it
                tell(receiver, memory.eventsAt(i));
            }
        }
    }

    private int block(long timeoutNanos) throws IOException {
        int count = wait.block(timeoutNanos);
        awake();
        return count;
    }

    static void tell(Watched receiver, int events) {
        receiver.ready((events & READABLE) != 0, (events & WRITABLE) != 0);
    }

    @Override
    public void wakeup() {
        wait.wakeup();
    }

    @Override
    protected List<Watched> watched() {
        return registrations.all();
    }

    @Override
    protected void closeSelector() {
        wait.close();
        memory.close();
    }

    // ---- sockets

    @Override
    protected boolean knows(SocketAddress address) {
        return SocketAddressArea.knows(address);
    }

    @Override
    protected EpollSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        int fd = sockets.connecting(remote);
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
    protected EpollAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
        Sockets.Listening made = sockets.listening(local);
        try {
            return new EpollAcceptor(this, made, listener);
        } catch (Error e) { // no memory
            LibC.close(made.fd());
            throw e;
        }
    }
}
