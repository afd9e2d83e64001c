package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;
import rill.transport.epoll.linux.Epoll;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * A connected or connecting socket. It owns its descriptor, and closes it once.
 *
 * <p>One of the two addresses comes from the kernel. If that is an IPv4 address, it is kept as a number.
 */
final class EpollSocket extends ReadinessWire {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_WR = 1;

    private final EpollSelector selector;
    private final int slot; // among the registrations
    private int fd;
    private byte watched; // the events
    private @Nullable SocketAddress local; // null: not known yet, or kept in inet4
    private final @Nullable SocketAddress remote; // null: kept in inet4
    private long inet4; // see SocketAddressArea.inet4

    /** An accepted socket has a local address, and a connecting one a remote address. */
    EpollSocket(
            EpollSelector selector,
            int fd,
            @Nullable SocketAddress local,
            @Nullable SocketAddress remote,
            long inet4,
            WireListener listener) {
        super(listener);
        this.selector = selector;
        this.fd = fd;
        this.local = local;
        this.remote = remote;
        this.inet4 = inet4;
        this.slot = selector.registrations().add(this);
    }

    @Override
    protected EpollSelector selector() {
        return selector;
    }

    @Override
    protected void bind(SocketAddress wanted) throws IOException {
        selector.sockets().bind(fd, wanted, SocketAddressArea.familyOf(remoteAddress()));
    }

    @Override
    protected Progress connect(SocketAddress to) throws IOException {
        NativeMemory memory = selector.memory();
        int size = memory.address.put(to, SocketAddressArea.familyOf(to));
        int r;
        do {
            r = LibC.connect(memory.errno, fd, memory.address.at(), size);
        } while (r == -Errno.EINTR); // a second call then returns EALREADY or EISCONN
        return switch (-r) {
            case 0, Errno.EISCONN -> Progress.DONE;
            case Errno.EINPROGRESS, Errno.EALREADY -> Progress.UNDER_WAY;
            case Errno.EAGAIN -> Progress.NO_ROOM; // of a Unix domain socket: connect(2)
            default -> throw Errno.connecting(-r);
        };
    }

    @Override
    protected boolean finishConnect() throws IOException {
        int failure = selector.options().socketError(fd);
        if (failure != 0) {
            throw Errno.connecting(failure);
        }
        return true;
    }

    @Override
    protected int read(ByteBuf target) throws IOException {
        int at = target.writerIndex();
        int room = target.writableBytes();
        int n = (int) LibC.recv(selector.memory().errno, fd, address(target, at, room), room);
        if (n > 0) {
            target.writerIndex(at + n);
            return n;
        }
        if (n == 0) {
            return room == 0 ? 0 : -1;
        }
        return (int) orWouldBlock(n);
    }

    private static long address(ByteBuf buffer, int index, int size) {
        if (buffer.hasMemoryAddress()) {
            return buffer.memoryAddress() + index;
        }
        return MemorySegment.ofBuffer(buffer.internalNioBuffer(index, size)).address();
    }

    private static long orWouldBlock(long result) throws IOException {
        if (result == -Errno.EAGAIN) {
            return 0;
        }
        if (result < 0) {
            throw Errno.exception((int) -result);
        }
        return result;
    }

    @Override
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        ByteBuf first = buffers[from];
        if (count == 1 && first != null && first.hasMemoryAddress()) {
            long address = first.memoryAddress() + first.readerIndex();
            return orWouldBlock(LibC.send(selector.memory().errno, fd, address, first.readableBytes(), MSG_NOSIGNAL));
        }
        long message = selector.memory().gathering.message(buffers, from, count);
        return orWouldBlock(LibC.sendmsg(selector.memory().errno, fd, message, MSG_NOSIGNAL));
    }

    @Override
    protected void interest(boolean read, boolean write) throws IOException {
        int wanted = (read ? Epoll.IN : 0) | (write ? Epoll.OUT : 0);
        watched = (byte) selector.watch(fd, slot, watched, wanted);
    }

    @Override
    protected void endOutput() throws IOException {
        Errno.check(LibC.shutdown(selector.memory().errno, fd, SHUT_WR));
    }

    @Override
    protected long unacknowledgedBytes() throws IOException {
        return selector.sockets().unacknowledged(fd);
    }

    @Override
    protected void closeSocket(boolean reset) {
        if (fd == EpollWait.CLOSED) {
            return; // its slot may have been reused
        }
        if (reset) {
            try {
                option(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException notConnected) {
                // Then there is no peer to send a reset to.
            }
        }
        selector.forget(fd, slot);
        fd = EpollWait.CLOSED;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        selector.options().set(fd, option, value);
    }

    @Override
    protected <T> T option(SocketOption<T> option) throws IOException {
        return selector.options().get(fd, option);
    }

    @Override
    protected void learnOwnAddress() throws IOException {
        if (local == null) {
            SocketAddressArea address = selector.sockets().askLocalAddress(fd);
            inet4 = address.inet4();
            if (inet4 == SocketAddressArea.NOT_INET4) {
                local = address.get();
            }
        }
    }

    @Override
    protected @Nullable SocketAddress ownAddress() {
        boolean isNumber = local == null && inet4 != SocketAddressArea.NOT_INET4;
        return isNumber ? SocketAddressArea.inet4(inet4) : local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote == null ? SocketAddressArea.inet4(inet4) : remote;
    }
}
