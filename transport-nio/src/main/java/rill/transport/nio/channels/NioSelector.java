package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.SocketFailures;
import rill.spi.readiness.Watched;

/**
 * A loop's selector: readiness comes straight to a consumer, without a selected-key set.
 *
 * <p>NIO gives back the descriptor of a channel that was closed in a callback with its next select. That comes before {@code closed} is
 * told, so that whoever is told may count on it.
 */
public final class NioSelector extends ReadinessSelector<NioAccepted> {
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final String transport;
    private final SelectorProvider provider;
    private final java.nio.channels.Selector selector;
    private final Gathering gathering = new Gathering();
    private final Consumer<SelectionKey> dispatch = NioSelector::dispatch;

    private NioSelector(
            String transport,
            SelectorProvider provider,
            java.nio.channels.Selector selector,
            Supplier<ByteBuf> receiveBuffer) {
        super(transport, NioAccepted.class, receiveBuffer);
        this.transport = transport;
        this.provider = provider;
        this.selector = selector;
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

    Gathering gathering() {
        return gathering;
    }

    // ---- waiting

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        if (timeoutNanos == 0) {
            selector.selectNow(dispatch);
        } else if (timeoutNanos < 0) {
            selector.select(dispatch);
        } else {
            selector.select(dispatch, millis(timeoutNanos));
        }
    }

    /** Rounds up: waking up early would mean to wait again. Never 0, which NIO takes for ever. */
    private static long millis(long nanos) {
        return (nanos - 1) / NANOS_PER_MILLI + 1;
    }

    private static void dispatch(SelectionKey key) {
        if (key.isValid()) { // an earlier event of this batch may have closed its channel
            int ops = key.readyOps();
            ((Watched) key.attachment())
                    .ready(
                            (ops & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT)) != 0,
                            (ops & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0);
        }
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    /** Asks for these events of a channel, which is registered with the first of them. */
    @Nullable
    SelectionKey watch(SelectableChannel channel, @Nullable SelectionKey key, int ops, Watched receiver)
            throws IOException {
        if (key == null) {
            return channel.register(selector, ops, receiver);
        }
        if (key.isValid()) {
            key.interestOps(ops);
        }
        return key;
    }

    @Override
    protected List<Watched> watched() {
        return selector.keys().stream().map(key -> (Watched) key.attachment()).toList();
    }

    @Override
    protected void closeSelector() throws IOException {
        selector.close(); // also gives back the descriptors of the channels
    }

    // ---- sockets

    @Override
    protected boolean knows(SocketAddress address) {
        return address instanceof InetSocketAddress || address instanceof UnixDomainSocketAddress;
    }

    @Override
    protected NioSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        SocketChannel channel = remote instanceof UnixDomainSocketAddress
                ? provider.openSocketChannel(StandardProtocolFamily.UNIX)
                : provider.openSocketChannel(); // IPv6 and IPv4, as far as the system has them
        try {
            channel.configureBlocking(false);
            return new NioSocket(this, channel, remote, listener);
        } catch (IOException | Error e) {
            NioSocket.discard(channel);
            throw e;
        }
    }

    @Override
    protected NioSocket newWire(NioAccepted socket, WireListener listener) {
        return new NioSocket(this, socket.channel, socket.remoteAddress(), listener);
    }

    @Override
    protected NioAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
        ServerSocketChannel channel = local instanceof UnixDomainSocketAddress
                ? provider.openServerSocketChannel(StandardProtocolFamily.UNIX)
                : provider.openServerSocketChannel();
        try {
            channel.configureBlocking(false);
            return new NioAcceptor(this, channel, listener);
        } catch (IOException | Error e) {
            channel.close();
            throw e;
        }
    }

    // ---- options

    <T> void option(NetworkChannel channel, SocketOption<T> option, T value) throws IOException {
        try {
            channel.setOption(option, value);
        } catch (UnsupportedOperationException e) {
            throw SocketFailures.noOption(transport, option);
        }
    }

    <T> T option(NetworkChannel channel, SocketOption<T> option) throws IOException {
        try {
            return channel.getOption(option);
        } catch (UnsupportedOperationException e) {
            throw SocketFailures.noOption(transport, option);
        }
    }
}
