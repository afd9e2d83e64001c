package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * A transport whose only Wire leads nowhere: it reads the same bytes as often as requested, and discards what is written. It does as little as
 * possible, so that the loop and the pipeline are what is measured.
 */
final class MemoryTransport implements Transport {
    /** The Wire through which bytes are fed. */
    @Nullable
    MemoryWire wire;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) {
        return new MemorySelector(receiveBuffer);
    }

    /** Returns the Wire that {@link rill.Loop#connect} made. */
    MemoryWire wire() {
        if (wire == null) {
            throw new IllegalStateException("connect first");
        }
        return wire;
    }

    private final class MemorySelector implements Selector {
        private final Supplier<ByteBuf> receiveBuffer;

        MemorySelector(Supplier<ByteBuf> receiveBuffer) {
            this.receiveBuffer = receiveBuffer;
        }

        @Override
        public void select(long timeoutNanos) {
            if (wire != null) {
                wire.deliver();
            }
        }

        @Override
        public void wakeup() {}

        @Override
        public Wire connect(
                SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
            wire = new MemoryWire(listener, receiveBuffer);
            return wire;
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException("nobody is accepted here");
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener) {
            throw new UnsupportedOperationException("nobody is accepted here");
        }

        @Override
        public void close() {
            if (wire != null) {
                wire.release();
            }
        }
    }

    /** The Wire. */
    static final class MemoryWire implements Wire {
        private static final SocketAddress LOCAL = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
        private static final SocketAddress REMOTE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

        private final WireListener listener;
        private final Supplier<ByteBuf> receiveBuffer;
        private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>();
        private boolean connected;
        private boolean closed;
        private @Nullable ByteBuf source;
        private @Nullable ByteBuf input; // the same bytes in the loop's receive buffer
        private int reads;
        private boolean copying; // with each read, as a kernel does
        long written;

        MemoryWire(WireListener listener, Supplier<ByteBuf> receiveBuffer) {
            this.listener = listener;
            this.receiveBuffer = receiveBuffer;
        }

        /** Makes the next select read all of {@code bytes} this many times; they are copied into the receive buffer only the first time. */
        void feed(ByteBuf bytes, int times) {
            if (bytes != source) {
                source = bytes;
                input = receiveBuffer.get().writeBytes(bytes, 0, bytes.writerIndex());
            }
            reads = times;
        }

        /** Likewise, but each read copies them into the receive buffer. */
        void arrive(ByteBuf bytes, int times) {
            feed(bytes, times);
            copying = true;
        }

        private void deliver() {
            if (closed) {
                closed = false;
                listener.closed(null);
                return;
            }
            if (!connected) {
                connected = true;
                listener.connected();
            }
            ByteBuf bytes = input;
            if (bytes == null || reads == 0) {
                return;
            }
            for (; reads > 0; reads--) { // one turn, as of a socket with this much to read
                if (copying && source != null) {
                    bytes.clear().writeBytes(source, 0, source.writerIndex());
                }
                bytes.readerIndex(0);
                listener.received(bytes);
            }
            listener.turnEnded();
        }

        @Override
        public void write(ByteBuf buffer) {
            queue.add(buffer);
        }

        @Override
        public long flush() {
            long bytes = 0;
            for (ByteBuf buffer = queue.poll(); buffer != null; buffer = queue.poll()) {
                bytes += buffer.readableBytes();
                buffer.release();
            }
            written += bytes;
            return bytes;
        }

        void release() {
            flush();
        }

        @Override
        public void pauseReads() {}

        @Override
        public void resumeReads() {}

        @Override
        public void shutdownOutput() {
            flush();
        }

        @Override
        public void close() {
            flush();
            closed = true;
        }

        @Override
        public void abort() {
            close();
        }

        @Override
        public <T> void set(SocketOption<T> option, T value) {
            throw new IllegalArgumentException("no such option in memory: " + option);
        }

        @Override
        public <T> T get(SocketOption<T> option) {
            throw new IllegalArgumentException("no such option in memory: " + option);
        }

        @Override
        public @Nullable SocketAddress localAddress() {
            return LOCAL;
        }

        @Override
        public SocketAddress remoteAddress() {
            return REMOTE;
        }
    }
}
