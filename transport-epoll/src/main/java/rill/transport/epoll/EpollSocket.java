package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.ReadinessWire;
import rill.spi.SocketCalls;
import rill.spi.WireListener;

/** The system calls of one connected or connecting socket. */
final class EpollSocket implements SocketCalls, Registrations.Watched {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_WR = 1;
    private static final int READABLE = Watch.IN | Watch.ERR | Watch.HUP;
    private static final int WRITABLE = Watch.OUT | Watch.ERR | Watch.HUP;

    private final EpollSelector selector;
    private final NativeMemory memory;
    private final Watch watch;
    private final ReadinessWire wire;
    private @Nullable SocketAddress local;

    EpollSocket(
            EpollSelector selector,
            int fd,
            @Nullable SocketAddress local,
            SocketAddress remote,
            WireListener listener,
            Supplier<ByteBuf> receiveBuffer) {
        this.selector = selector;
        this.memory = selector.memory();
        this.local = local;
        this.watch = new Watch(selector, fd, this);
        this.wire = new ReadinessWire(this, remote, listener, receiveBuffer, selector.undelivered());
    }

    ReadinessWire wire() {
        return wire;
    }

    int fd() {
        return watch.fd();
    }

    @Override
    public void ready(int events) {
        wire.ready((events & READABLE) != 0, (events & WRITABLE) != 0);
    }

    @Override
    public void close() {
        wire.close();
    }

    @Override
    public boolean finishConnect() throws IOException {
        int failure = selector.options().socketError(watch.fd());
        if (failure != 0) {
            throw Errno.exception(failure);
        }
        return true;
    }

    @Override
    public int read(ByteBuf target) throws IOException {
        int at = target.writerIndex();
        int room = target.writableBytes();
        int n = (int) LibC.recv(memory.errno, watch.fd(), address(target, at, room), room);
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
    public long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        ByteBuf first = buffers[from];
        if (count == 1 && first != null && first.hasMemoryAddress()) {
            long address = first.memoryAddress() + first.readerIndex();
            return orWouldBlock(LibC.send(memory.errno, watch.fd(), address, first.readableBytes(), MSG_NOSIGNAL));
        }
        long message = memory.gathering.message(buffers, from, count);
        return orWouldBlock(LibC.sendmsg(memory.errno, watch.fd(), message, MSG_NOSIGNAL));
    }

    @Override
    public void interest(boolean read, boolean write) throws IOException {
        watch.events((read ? Watch.IN : 0) | (write ? Watch.OUT : 0));
    }

    @Override
    public void shutdownOutput() throws IOException {
        Errno.check(LibC.shutdown(memory.errno, watch.fd(), SHUT_WR));
    }

    @Override
    public void close(boolean reset) {
        if (reset && watch.isOpen()) {
            try {
                set(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException notConnected) {
                // Then there is nobody to send a reset to.
            }
        }
        watch.close();
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        selector.options().set(watch.fd(), option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        return selector.options().get(watch.fd(), option);
    }

    @Override
    public SocketAddress localAddress() throws IOException {
        if (local == null) {
            local = selector.localAddress(watch.fd());
        }
        return local;
    }
}
