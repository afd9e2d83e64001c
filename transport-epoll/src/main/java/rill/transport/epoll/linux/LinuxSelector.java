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
 * A Selector whose sockets are watched by epoll, with its listeners. A transport adds how it waits, and its Wires.
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

    /** Creates a Selector whose calls use this memory; see {@link ReadinessSelector}. */
    protected LinuxSelector(String transport, Class<A> accepted, Supplier<ByteBuf> receiveBuffer, CallMemory memory) {
        super(transport, accepted, receiveBuffer);
        this.memory = memory;
        options = new NativeOptions(transport, memory);
        sockets = new Sockets(memory, options);
    }

    // ---- what a transport adds

    /** Returns the epoll that watches its sockets. */
    protected abstract Epoll epoll();

    /** Returns an accepted connection, with its descriptor and its addresses; {@code remote} is null if it is in {@code remote4}. */
    protected abstract A accepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4);

    // ---- for its sockets

    CallMemory calls() {
        return memory;
    }

    /** Returns the options of its sockets. */
    public final NativeOptions options() {
        return options;
    }

    /** Returns what creates its sockets. */
    public final Sockets sockets() {
        return sockets;
    }

    /** Returns the receivers of its events. */
    public final Registrations<Watched> registrations() {
        return registrations;
    }

    /** Sets which events of a registered descriptor are wanted, replacing those before. Returns {@code wanted}. */
    public final int watch(int fd, int slot, int before, int wanted) throws IOException {
        Errno.check(epoll().watch(fd, registrations.data(slot), before, wanted));
        return wanted;
    }

    /**
     * Closes a registered descriptor. That removes it from epoll as well, unless a child process that is just being started holds it for another
     * moment; the events of that moment reach nobody.
     */
    public final void forget(int fd, int slot) {
        registrations.remove(slot);
        LibC.close(fd);
    }

    // ---- events

    /** Delivers the first {@code events} events to their receivers. */
    protected final void tellAll(int events) {
        Epoll epoll = epoll();
        for (int i = 0; i < events && !isClosed(); i++) {
            Watched receiver = registrations.find(epoll.dataAt(i));
            if (receiver != null) { // null: a wake-up, or closed by an earlier event of this batch
                tell(receiver, epoll.eventsAt(i));
            }
        }
    }

    /** Delivers an event. */
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
