package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import rill.Promise;
import rill.Resolver;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Clock;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testing.UnderTest;

/** The transport under test, with a Resolver of the test's choice. It counts selects, so that a spinning loop is caught. */
final class CountingTransport implements Transport {
    final AtomicInteger selects = new AtomicInteger();
    private final Transport inner = UnderTest.transport();
    private final Environment environment;

    CountingTransport() {
        this(Resolver.system());
    }

    CountingTransport(Resolver resolver) {
        this(Environment.production().clock(), resolver);
    }

    /** A transport that uses this clock. */
    CountingTransport(Clock clock) {
        this(clock, Resolver.system());
    }

    private CountingTransport(Clock clock, Resolver resolver) {
        var usual = Environment.production();
        environment = new Environment(clock, usual.random(), resolver, usual.blocking(), usual.memory(), null);
    }

    /** Resolves every name to these addresses. */
    static Resolver always(InetAddress... addresses) {
        return (loop, name) -> {
            Promise<List<InetAddress>> promise = loop.promise();
            promise.complete(List.of(addresses));
            return promise;
        };
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public int preference() {
        return -1;
    }

    @Override
    public Environment environment() {
        return environment;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        Selector selector = inner.open(receiveBuffer);
        return new Selector() {
            @Override
            public void select(long timeoutNanos) throws IOException {
                selects.incrementAndGet();
                selector.select(timeoutNanos);
            }

            @Override
            public void wakeup() {
                selector.wakeup();
            }

            @Override
            public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener told) {
                return selector.connect(remote, local, options, told);
            }

            @Override
            public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
                return selector.open(socket, options, listener);
            }

            @Override
            public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
                    throws IOException {
                return selector.listen(local, backlog, options, listener);
            }

            @Override
            public void close() {
                selector.close();
            }
        };
    }
}
