package rill.examples.poll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessWire;

/** A connection: the calls of a non-blocking socket. */
final class PollSocket extends ReadinessWire {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_WR = 1;

    private final PollSelector selector;
    private final Descriptor descriptor;
    private final SocketAddress remote;
    private @Nullable SocketAddress local;

    PollSocket(
            PollSelector selector,
            Descriptor descriptor,
            @Nullable SocketAddress local,
            SocketAddress remote,
            WireListener listener) {
        super(listener);
        this.selector = selector;
        this.descriptor = descriptor;
        this.local = local;
        this.remote = remote;
        selector.interest(this, descriptor.fd(), 0); // so that closing the Selector finds it
    }

    @Override
    protected PollSelector selector() {
        return selector;
    }

    // ---- connecting

    @Override
    protected void bind(SocketAddress wanted) throws IOException {
        check(descriptor.with(LibC.BIND, wanted));
    }

    @Override
    protected Progress connect(SocketAddress to) throws IOException {
        int result = descriptor.with(LibC.CONNECT, to);
        if (result == -LibC.EINPROGRESS || result == -LibC.EINTR) {
            return Progress.UNDER_WAY;
        }
        check(result);
        return Progress.DONE;
    }

    @Override
    protected boolean finishConnect() throws IOException {
        check(-descriptor.error());
        return true;
    }

    @Override
    protected void learnOwnAddress() throws IOException {
        local = descriptor.localAddress();
    }

    private static int check(int result) throws IOException {
        if (result < 0) {
            throw LibC.failure(-result);
        }
        return result;
    }

    // ---- bytes

    @Override
    protected int read(ByteBuf target) throws IOException {
        ByteBuffer room = target.internalNioBuffer(target.writerIndex(), target.writableBytes());
        int n = orWouldBlock(
                LibC.call(LibC.RECV, descriptor.fd(), MemorySegment.ofBuffer(room), (long) room.remaining(), 0));
        if (n == 0) {
            return -1; // the end, since there was room
        }
        target.writerIndex(target.writerIndex() + Math.max(0, n));
        return Math.max(0, n);
    }

    /** One copy costs more than a gathering write, but is shorter code. Bytes that do not fit wait for the next readiness. */
    @Override
    protected long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException {
        ByteBuffer scratch = selector.scratch.clear();
        for (int i = from; i < from + count && scratch.hasRemaining(); i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                int n = Math.min(buffer.readableBytes(), scratch.remaining());
                int end = scratch.position() + n;
                buffer.getBytes(buffer.readerIndex(), scratch.limit(end));
                scratch.limit(scratch.capacity());
            }
        }
        scratch.flip();
        return Math.max(
                0,
                orWouldBlock(LibC.call(
                        LibC.SEND,
                        descriptor.fd(),
                        MemorySegment.ofBuffer(scratch),
                        (long) scratch.remaining(),
                        MSG_NOSIGNAL)));
    }

    /** Returns the count, or -1 if the call would have blocked. */
    private static int orWouldBlock(int result) throws IOException {
        return result == -LibC.EAGAIN ? -1 : check(result);
    }

    @Override
    protected void interest(boolean read, boolean write) {
        selector.interest(this, descriptor.fd(), (read ? PollSelector.IN : 0) | (write ? PollSelector.OUT : 0));
    }

    // ---- the end

    @Override
    protected void endOutput() throws IOException {
        LibC.check(LibC.SHUTDOWN, descriptor.fd(), SHUT_WR);
    }

    @Override
    protected void closeSocket(boolean reset) {
        selector.forget(this);
        if (reset) {
            descriptor.resetOnClose();
        }
        descriptor.close();
    }

    // ---- the rest

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        descriptor.set(option, value);
    }

    @Override
    protected <T> T option(SocketOption<T> option) throws IOException {
        return descriptor.get(option);
    }

    @Override
    protected @Nullable SocketAddress ownAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }
}
