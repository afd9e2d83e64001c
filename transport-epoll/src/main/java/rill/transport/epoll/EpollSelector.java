package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.ReadinessWire;
import rill.spi.ReadinessWires;
import rill.spi.Selector;
import rill.spi.SocketFailures;
import rill.spi.SocketFile;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * A loop's selector: opens and listens; the waiting is {@link EpollWait}'s.
 *
 * <p>Sockets are watched level-triggered. That lets a turn end at a short read or at its budget without a note of who is still
 * readable, and costs nothing else: {@link ReadinessWire} withdraws its interest only when an event comes that it has no use
 * for.
 */
final class EpollSelector implements Selector {
    static final int NON_BLOCKING = 0x800; // SOCK_NONBLOCK
    static final int CLOSE_ON_EXEC = 0x80000; // SOCK_CLOEXEC

    private static final int SOCK_STREAM = 1;
    private static final int MOST_WAITING = 4096; // what "the system's choice" comes to since Linux 5.4
    private static final boolean ONLY_IPV4 = Boolean.getBoolean("java.net.preferIPv4Stack");

    private final NativeMemory memory = new NativeMemory();
    private final NativeOptions options = new NativeOptions(memory);
    private final Registrations registrations = new Registrations();
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();
    private final ReadinessWires wires;
    private final EpollWait wait;
    private boolean closed;

    EpollSelector(Supplier<ByteBuf> receiveBuffer) throws IOException {
        this.wires = new ReadinessWires(receiveBuffer);
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

    Registrations registrations() {
        return registrations;
    }

    ReadinessWires wires() {
        return wires;
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

    /** Runs this within the next select. */
    void later(Runnable event) {
        later.add(event);
    }

    // ---- events

    @Override
    public void select(long timeoutNanos) throws IOException {
        int waiting = wires.undelivered(); // what comes up from here on is for a later select, as promised
        boolean mayBlock = timeoutNanos != 0 && waiting == 0 && later.isEmpty();
        int count = mayBlock ? wait.block(timeoutNanos) : wait.poll();
        for (int i = 0; i < count && !closed; i++) {
            Registrations.Watched receiver = registrations.find(memory.dataAt(i));
            if (receiver != null) { // else it is a wake-up, or an earlier event of this batch has closed it
                receiver.ready(memory.eventsAt(i));
            }
        }
        for (int n = later.size(); n > 0 && !closed; n--) {
            later.remove().run();
        }
        if (!closed) {
            wires.deliver(waiting);
        }
    }

    @Override
    public void wakeup() {
        wait.wakeup();
    }

    // ---- connecting

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions wanted, WireListener listener) {
        int family = SocketAddressArea.familyOf(remote);
        if (local != null) {
            SocketAddressArea.familyOf(local);
        }
        int fd = socket(family);
        if (fd < 0) {
            return ReadinessWire.refused(remote, listener, wires, Errno.exception(-fd));
        }
        EpollSocket socket;
        try {
            socket = new EpollSocket(this, fd, null, remote, SocketAddressArea.NOT_INET4, listener);
        } catch (Error e) { // no memory
            LibC.close(fd);
            throw e;
        }
        try {
            wanted.<IOException>applyTo(socket::option);
            if (local != null) {
                bind(fd, local, family);
            }
            if (connect(fd, remote, family)) {
                socket.startConnected();
            } else {
                socket.startConnecting();
            }
        } catch (IOException e) {
            socket.startFailed(e);
        } catch (RuntimeException | Error e) {
            socket.closeSocket(false);
            throw e;
        }
        return socket;
    }

    private int socket(int family) {
        return LibC.socket(memory.errno, family, SOCK_STREAM | NON_BLOCKING | CLOSE_ON_EXEC);
    }

    /** Whether it is connected already, as Unix domain sockets are. */
    private boolean connect(int fd, SocketAddress remote, int family) throws IOException {
        int size = memory.address.put(remote, family);
        int r;
        do {
            r = LibC.connect(memory.errno, fd, memory.address.at(), size);
        } while (r == -Errno.EINTR); // a second call then says EALREADY or EISCONN
        return switch (-r) {
            case 0, Errno.EISCONN -> true;
            case Errno.EINPROGRESS, Errno.EALREADY -> false;
            case Errno.EAGAIN ->
                throw new ConnectException(
                        "the backlog of the listener is full"); // of a Unix domain socket: connect(2)
            default -> throw Errno.exception(-r);
        };
    }

    private void bind(int fd, SocketAddress local, int family) throws IOException {
        try {
            Errno.check(LibC.bind(memory.errno, fd, memory.address.at(), memory.address.put(local, family)));
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions wanted, WireListener listener) {
        if (!(socket instanceof EpollAccepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        EpollSocket opened = accepted.take(this, listener);
        try {
            wanted.<IOException>applyTo(opened::option);
            opened.startConnected();
        } catch (IOException e) {
            opened.startFailed(e);
        } catch (RuntimeException | Error e) {
            opened.closeSocket(false);
            throw e;
        }
        return opened;
    }

    /** Where this end's address of a socket is now written down. */
    SocketAddressArea askLocalAddress(int fd) throws IOException {
        SocketAddressArea address = memory.address;
        Errno.check(LibC.getsockname(memory.errno, fd, address.at(), address.room()));
        return address;
    }

    // ---- listening

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions wanted, AcceptListener listener)
            throws IOException {
        try {
            return listenOn(local, backlog, wanted, listener);
        } catch (IOException e) {
            throw local instanceof UnixDomainSocketAddress path
                    ? SocketFile.refused(path, e)
                    : SocketFailures.naming("listen on " + local, e);
        }
    }

    private EpollAcceptor listenOn(SocketAddress local, int backlog, SocketOptions wanted, AcceptListener listener)
            throws IOException {
        int family = SocketAddressArea.familyOf(local);
        boolean wildcard =
                local instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress();
        if (wildcard && !ONLY_IPV4) {
            family = SocketAddressArea.AF_INET6; // takes IPv4 as well, as the JDK's sockets do
        }
        int fd = socket(family);
        if (fd == -Errno.EAFNOSUPPORT && wildcard) {
            family = SocketAddressArea.AF_INET;
            fd = socket(family);
        }
        Errno.check(fd);
        @Nullable SocketFile file = null;
        SocketAddress address;
        try {
            if (family != SocketAddressArea.AF_UNIX) {
                options.set(fd, StandardSocketOptions.SO_REUSEADDR, true); // as the JDK does
            }
            if (family == SocketAddressArea.AF_INET6) {
                options.acceptIpv4(fd);
            }
            int listening = fd;
            wanted.<IOException>applyTo(new SocketOptions.Setter<>() {
                @Override
                public <T> void set(java.net.SocketOption<T> option, T value) throws IOException {
                    options.set(listening, option, value);
                }
            });
            Errno.check(LibC.bind(memory.errno, fd, memory.address.at(), memory.address.put(local, family)));
            file = local instanceof UnixDomainSocketAddress path ? SocketFile.bound(path) : null;
            Errno.check(LibC.listen(memory.errno, fd, backlog == 0 ? MOST_WAITING : backlog));
            address = askLocalAddress(fd).get();
        } catch (IOException | RuntimeException | Error e) {
            if (file != null) {
                file.remove();
            }
            LibC.close(fd);
            throw e;
        }
        var acceptor = new EpollAcceptor(this, fd, address, file, listener); // which owns them from here on
        try {
            acceptor.start();
        } catch (IOException e) {
            acceptor.close();
            throw e;
        }
        return acceptor;
    }

    // ---- closing

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        @Nullable Throwable failure = null;
        for (Registrations.Watched each : registrations.all()) {
            try {
                each.close();
            } catch (RuntimeException | Error e) {
                failure = e; // and the others are closed all the same
            }
        }
        wait.close();
        memory.close();
        if (failure != null) {
            throw new IllegalStateException("closing the selector", failure);
        }
    }
}
