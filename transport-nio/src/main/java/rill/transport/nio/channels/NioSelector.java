package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.ReadinessWire;
import rill.spi.Selector;
import rill.spi.SocketFailures;
import rill.spi.SocketFile;
import rill.spi.SocketOptions;
import rill.spi.UndeliveredEvents;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A loop's selector: readiness comes straight to a consumer, without a selected-key set. */
public final class NioSelector implements Selector {
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final String transport;
    private final SelectorProvider provider;
    private final java.nio.channels.Selector selector;
    private final Supplier<ByteBuf> receiveBuffer;
    private final UndeliveredEvents undelivered = new UndeliveredEvents();
    private final Gathering gathering = new Gathering();
    private final Consumer<SelectionKey> dispatch = NioSelector::dispatch;

    private NioSelector(
            String transport,
            SelectorProvider provider,
            java.nio.channels.Selector selector,
            Supplier<ByteBuf> receiveBuffer) {
        this.transport = transport;
        this.provider = provider;
        this.selector = selector;
        this.receiveBuffer = receiveBuffer;
    }

    /**
     * Opens the selector of one loop.
     *
     * @param transport the name of the transport, for messages
     * @param provider makes the JDK's selector, and the channels that it can select
     */
    public static NioSelector open(String transport, SelectorProvider provider, Supplier<ByteBuf> receiveBuffer)
            throws IOException {
        return new NioSelector(transport, provider, provider.openSelector(), receiveBuffer);
    }

    @Override
    public void select(long timeoutNanos) throws IOException {
        int waiting = undelivered.size();
        if (timeoutNanos == 0 || waiting > 0) {
            selector.selectNow(dispatch);
        } else if (timeoutNanos < 0) {
            selector.select(dispatch);
        } else {
            selector.select(dispatch, millis(timeoutNanos));
        }
        // Not what has come up just now: NIO gives back the descriptor of a channel closed in a callback with its
        // next select, and whoever is told of the close may count on that.
        undelivered.deliver(waiting);
    }

    /** Rounds up: waking up early would mean to wait again. Never 0, which NIO takes for ever. */
    private static long millis(long nanos) {
        return (nanos - 1) / NANOS_PER_MILLI + 1;
    }

    private static void dispatch(SelectionKey key) {
        if (key.isValid()) { // an earlier event of this batch may have closed its channel
            ((Ready) key.attachment()).ready(key);
        }
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        boolean unix = isUnix(remote);
        if (local != null) {
            isUnix(local); // or it is refused
        }
        SocketChannel channel;
        try {
            channel = unix
                    ? provider.openSocketChannel(StandardProtocolFamily.UNIX)
                    : provider.openSocketChannel(); // IPv6 and IPv4, as far as the system has them
        } catch (IOException noDescriptor) {
            return ReadinessWire.refused(remote, listener, undelivered, noDescriptor);
        }
        NioSocket socket = new NioSocket(transport, channel, gathering);
        var wire = new ReadinessWire(socket, remote, listener, receiveBuffer, undelivered);
        try {
            channel.configureBlocking(false);
            options.<IOException>applyTo(socket::set);
            if (local != null) {
                bind(channel, local);
            }
            boolean connected = channel.connect(remote);
            register(socket, wire);
            if (connected) {
                wire.startConnected();
            } else {
                wire.startConnecting();
            }
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException e) {
            socket.close(false);
            throw e;
        }
        return wire;
    }

    private static void bind(SocketChannel channel, SocketAddress local) throws IOException {
        try {
            channel.bind(local);
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    private void register(NioSocket socket, ReadinessWire wire) throws IOException {
        socket.key(socket.channel().register(selector, 0, new Registered(wire)));
    }

    /** A Wire as the attachment of its key. */
    private record Registered(ReadinessWire wire) implements Ready {
        @Override
        public void ready(SelectionKey key) {
            int ready = key.readyOps();
            wire.ready(
                    (ready & SelectionKey.OP_READ) != 0,
                    (ready & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0);
        }

        @Override
        public void close() {
            wire.close();
        }
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof NioAccepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        var calls = new NioSocket(transport, accepted.take(), gathering);
        var wire = new ReadinessWire(calls, accepted.remoteAddress(), listener, receiveBuffer, undelivered);
        try {
            options.<IOException>applyTo(calls::set);
            register(calls, wire);
            wire.startConnected();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException e) {
            calls.close(false);
            throw e;
        }
        return wire;
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        ServerSocketChannel channel = isUnix(local)
                ? provider.openServerSocketChannel(StandardProtocolFamily.UNIX)
                : provider.openServerSocketChannel();
        @Nullable SocketFile file = null;
        try {
            channel.configureBlocking(false);
            options.<IOException>applyTo(new SocketOptions.Setter<>() {
                @Override
                public <T> void set(java.net.SocketOption<T> option, T value) throws IOException {
                    NioSocket.set(transport, channel, option, value);
                }
            });
            channel.bind(local, backlog);
            file = local instanceof UnixDomainSocketAddress path ? SocketFile.bound(path) : null;
            return new NioAcceptor(channel, selector, file, listener);
        } catch (IOException e) {
            discard(channel, file);
            throw local instanceof UnixDomainSocketAddress path
                    ? SocketFile.refused(path, e)
                    : SocketFailures.naming("listen on " + local, e);
        } catch (RuntimeException e) {
            discard(channel, file);
            throw e;
        }
    }

    private static void discard(ServerSocketChannel channel, @Nullable SocketFile file) throws IOException {
        if (file != null) {
            file.remove();
        }
        channel.close();
    }

    /** Whether it is a Unix domain socket's address; else it is an IP address. */
    private boolean isUnix(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet
            when inet.isUnresolved() ->
                throw new IllegalArgumentException("the name " + inet + " has to be resolved first");
            case InetSocketAddress inet -> false;
            case UnixDomainSocketAddress path -> true;
            default ->
                throw new IllegalArgumentException("transport " + transport + " has no addresses of type "
                        + address.getClass().getName() + ": " + address);
        };
    }

    @Override
    public void close() {
        if (!selector.isOpen()) {
            return;
        }
        try {
            for (SelectionKey key : new ArrayList<>(selector.keys())) {
                ((Ready) key.attachment()).close();
            }
            selector.close(); // also gives back the descriptors of the channels
        } catch (IOException e) {
            throw new UncheckedIOException("closing the selector", e);
        }
    }

    /** What a key is attached to. */
    interface Ready {
        void ready(SelectionKey key);

        /** Gives back the descriptor, and every buffer. */
        void close();
    }
}
