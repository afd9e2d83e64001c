package rill.transport.epoll.linux;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.Watched;

/**
 * A selector whose sockets are watched by epoll, and its listeners. A transport adds how it waits, and its Wires.
 *
 * @param <A> what its listeners accept
 */
public abstract class LinuxSelector<A extends LinuxAccepted> extends ReadinessSelector<A> {
    private static final int READABLE = Epoll.IN | Epoll.ERR | Epoll.HUP;
    private static final int WRITABLE = Epoll.OUT | Epoll.ERR | Epoll.HUP;

    private final CallMemory memory;
    private final NativeOptions options;
    private final Sockets sockets;
    private final Registrations<Watched> registrations = new Registrations<>();

    /** See {@link ReadinessSelector}; its calls use this memory. */
    protected LinuxSelector(String transport, Class<A> accepted, Supplier<ByteBuf> receiveBuffer, CallMemory memory) {
        super(transport, accepted, receiveBuffer);
        this.memory = memory;
        options = new NativeOptions(transport, memory);
        sockets = new Sockets(memory, options);
    }

    // ---- what a transport adds

    /** Where its sockets are watched. */
    protected abstract Epoll epoll();

    /** A connection that was accepted: its descriptor and its addresses, of which {@code remote} is null if it is in {@code remote4}. */
    protected abstract A accepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4);

    // ---- for its sockets

    CallMemory calls() {
        return memory;
    }

    /** For the options of its sockets. */
    public final NativeOptions options() {
        return options;
    }

    /** Makes its sockets. */
    public final Sockets sockets() {
        return sockets;
    }

    /** Those that events are told of. */
    public final Registrations<Watched> registrations() {
        return registrations;
    }

    /** Asks for these events of a registered descriptor, instead of those before; what is asked for now. */
    public final int watch(int fd, int slot, int before, int wanted) throws IOException {
        Errno.check(epoll().watch(fd, registrations.data(slot), before, wanted));
        return wanted;
    }

    /**
     * Closes a registered descriptor. That takes it out of epoll as well, unless a child process that is just being started holds it
     * for another moment; the events of that moment mean nobody.
     */
    public final void forget(int fd, int slot) {
        registrations.remove(slot);
        LibC.close(fd);
    }

    // ---- events

    /** Tells those whom these first events are for. */
    protected final void tellAll(int events) {
        Epoll epoll = epoll();
        for (int i = 0; i < events && !isClosed(); i++) {
            Watched receiver = registrations.find(epoll.dataAt(i));
            if (receiver != null) { // else it is a wake-up, or an earlier event of this batch has closed it
                tell(receiver, epoll.eventsAt(i));
            }
        }
    }

    /** Tells what an event says. */
    public static void tell(Watched receiver, int events) {
        receiver.ready((events & READABLE) != 0, (events & WRITABLE) != 0);
    }

    @Override
    protected final List<Watched> watched() {
        return registrations.all();
    }

    // ---- sockets

    @Override
    protected final boolean knows(SocketAddress address) {
        return SocketAddressArea.knows(address);
    }

    @Override
    protected final LinuxAcceptor<A> newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
        Sockets.Listening made = sockets.listening(local);
        try {
            return new LinuxAcceptor<>(this, made, listener);
        } catch (Error e) { // no memory
            LibC.close(made.fd());
            throw e;
        }
    }
}
