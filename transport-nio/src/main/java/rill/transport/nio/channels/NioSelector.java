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
import rill.spi.ReadinessWires;
import rill.spi.Selector;
import rill.spi.SocketFailures;
import rill.spi.SocketFile;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A loop's selector: readiness comes straight to a consumer, without a selected-key set. */
public final class NioSelector implements Selector {
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final String transport;
    private final SelectorProvider provider;
    private final java.nio.channels.Selector selector;
    private final ReadinessWires wires;
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
        this.wires = new ReadinessWires(receiveBuffer);
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

    String transport() {
        return transport;
    }

    ReadinessWires wires() {
        return wires;
    }

    Gathering gathering() {
        return gathering;
    }

    @Override
    public void select(long timeoutNanos) throws IOException {
        int waiting = wires.undelivered();
        if (timeoutNanos == 0 || waiting > 0) {
            selector.selectNow(dispatch);
        } else if (timeoutNanos < 0) {
            selector.select(dispatch);
        } else {
            selector.select(dispatch, millis(timeoutNanos));
        }
        // Not what has come up just now: NIO gives back the descriptor of a channel closed in a callback with its
        // next select, and whoever is told of the close may count on that.
        wires.deliver(waiting);
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
            return ReadinessWire.refused(remote, listener, wires, noDescriptor);
        }
        var socket = new NioSocket(this, channel, remote, listener);
        try {
            channel.configureBlocking(false);
            options.<IOException>applyTo(socket::option);
            if (local != null) {
                bind(channel, local);
            }
            boolean connected = channel.connect(remote);
            socket.register(selector);
            if (connected) {
                socket.startConnected();
            } else {
                socket.startConnecting();
            }
        } catch (IOException e) {
            socket.startFailed(e);
        } catch (RuntimeException e) {
            socket.closeSocket(false);
            throw e;
        }
        return socket;
    }

    private static void bind(SocketChannel channel, SocketAddress local) throws IOException {
        try {
            channel.bind(local);
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof NioAccepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        var opened = new NioSocket(this, accepted.take(), accepted.remoteAddress(), listener);
        try {
            options.<IOException>applyTo(opened::option);
            opened.register(selector);
            opened.startConnected();
        } catch (IOException e) {
            opened.startFailed(e);
        } catch (RuntimeException e) {
            opened.closeSocket(false);
            throw e;
        }
        return opened;
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
                    NioSocket.option(transport, channel, option, value);
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
        @Nullable Throwable failure = null;
        for (SelectionKey key : new ArrayList<>(selector.keys())) {
            try {
                ((Ready) key.attachment()).close();
            } catch (RuntimeException | Error e) {
                failure = e; // and the others are closed all the same
            }
        }
        try {
            selector.close(); // also gives back the descriptors of the channels
        } catch (IOException e) {
            throw new UncheckedIOException("closing the selector", e);
        }
        if (failure != null) {
            throw new IllegalStateException("closing the selector", failure);
        }
    }

    /** What a key is attached to. */
    interface Ready {
        void ready(SelectionKey key);

        /** Gives back the descriptor, and every buffer. */
        void close();
    }
}
