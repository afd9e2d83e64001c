package rill;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testing.ManualClock;

/**
 * Connections to nowhere: all that is written leaves at once, and is counted; the other side never closes. Time stands still until it is moved.
 * Confined to the thread that drives the loop.
 */
final class Nowhere implements Transport {
    private static final SocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    final ManualClock clock = new ManualClock();
    private final ArrayDeque<Runnable> events = new ArrayDeque<>();

    @Override
    public String name() {
        return "nowhere";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Environment environment() {
        var real = Environment.production();
        return new Environment(clock, real.random(), real.resolver(), real.blocking(), real.memory(), null);
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) {
        return new Events();
    }

    /** Returns a Wire that is connected at the next select. */
    OneWay connect(WireListener listener) {
        events.add(listener::connected);
        return new OneWay(listener);
    }

    boolean hasEvents() {
        return !events.isEmpty();
    }

    private final class Events implements Selector {
        @Override
        public void select(long timeoutNanos) {
            for (int n = events.size(); n > 0; n--) {
                events.remove().run();
            }
        }

        @Override
        public void wakeup() {}

        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    /** Never receives anything. */
    final class OneWay implements Wire {
        private final WireListener listener;
        private int queued;
        int sent; // bytes
        boolean shut;
        boolean closed;

        OneWay(WireListener listener) {
            this.listener = listener;
        }

        @Override
        public void write(ByteBuf buffer) {
            if (!closed && !shut) {
                queued += buffer.readableBytes();
            }
            buffer.release();
        }

        @Override
        public long flush() {
            int n = queued;
            queued = 0;
            sent += n;
            return n;
        }

        @Override
        public void pauseReads() {}

        @Override
        public void resumeReads() {}

        @Override
        public void shutdownOutput() {
            flush();
            shut = true;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                events.add(() -> listener.closed(null));
            }
        }

        @Override
        public void abort() {
            close();
        }

        @Override
        public <T> void set(SocketOption<T> option, T value) {
            throw new IllegalArgumentException("no options");
        }

        @Override
        public <T> T get(SocketOption<T> option) {
            throw new IllegalArgumentException("no options");
        }

        @Override
        public SocketAddress localAddress() {
            return ADDRESS;
        }

        @Override
        public SocketAddress remoteAddress() {
            return ADDRESS;
        }
    }
}
