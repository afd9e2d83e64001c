package rill;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A transport without sockets, whose time and blocking work the test advances by hand; its wires are {@link FakeWire}s. */
final class FakeTransport implements Transport {
    final ArrayDeque<Runnable> events = new ArrayDeque<>();
    final ArrayDeque<Runnable> blockingWork = new ArrayDeque<>();
    Memory memory = Memory.system();
    long now;
    int readingsLeft = Integer.MAX_VALUE; // of the clock, until one throws an Error

    @Nullable
    Supplier<ByteBuf> receiveBuffer;

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Environment environment() {
        return new Environment(
                this::time,
                new Random(1),
                (loop, host) -> {
                    throw new UnsupportedOperationException(host);
                },
                blockingWork::add,
                memory,
                null);
    }

    private long time() {
        if (readingsLeft-- == 0) {
            throw new StackOverflowError("on purpose");
        }
        return now;
    }

    @Override
    public Selector open(Supplier<ByteBuf> buffer) {
        receiveBuffer = buffer;
        return new EventQueue();
    }

    private final class EventQueue implements Selector {
        @Override
        public void select(long timeoutNanos) {
            for (int n = events.size(); n > 0; n--) {
                events.remove().run();
            }
        }

        @Override
        public void wakeup() {}

        @Override
        public Wire connect(
                SocketAddress to, @Nullable SocketAddress from, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException("a test makes its FakeWire itself");
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            throw new UnsupportedOperationException("a test makes its FakeWire itself");
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener) {
            throw new UnsupportedOperationException("a test makes its FakeWire itself");
        }

        @Override
        public void close() {
            events.clear();
        }
    }
}
