package rill.transport.nio.channels;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.channels.spi.SelectorProvider;
import java.util.Arrays;
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
 * A loop's Selector: readiness is passed directly to a consumer, without a selected-key set.
 *
 * <p>NIO releases the descriptor of a channel that was closed in a callback with its next select. That precedes {@code closed}, so the listener may
 * count on it: what is closed within a select is told so by a later one.
 */
public final class NioSelector extends ReadinessSelector<NioAccepted> {
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private static final int FIRST_SIZE = 64;

    private final String transport;
    private final SelectorProvider provider;
    private final java.nio.channels.Selector selector;
    private final Gathering gathering = new Gathering();
    private final ByteBuffer oneByte = ByteBuffer.allocateDirect(1);
    private final Consumer<SelectionKey> collect = this::collect;
    private @Nullable SelectionKey[] ready = new @Nullable SelectionKey[FIRST_SIZE];
    private int readyCount;
    private boolean mayHaveMissedWakeup; // another select of the JDK's may have used it up

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

    /** Returns room for one byte to be read and discarded. */
    ByteBuffer oneByte() {
        return oneByte.clear();
    }

    // ---- waiting

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        if (timeoutNanos == 0 || mayHaveMissedWakeup) {
            mayHaveMissedWakeup = false;
            selector.selectNow(collect);
        } else if (timeoutNanos < 0) {
            selector.select(collect);
        } else {
            selector.select(collect, millis(timeoutNanos));
        }
        if (timeoutNanos != 0) {
            awake();
        }
        int count = readyCount;
        readyCount = 0;
        for (int i = 0; i < count; i++) {
            SelectionKey key = ready[i];
            ready[i] = null;
            if (key != null && key.isValid()) { // an earlier event of this batch may have closed its channel
                tell(key);
            }
        }
    }

    /** Rounds up, because waking up early would mean waiting again. The result is never 0, which NIO takes for no limit. */
    static long millis(long nanos) {
        return (nanos - 1) / NANOS_PER_MILLI + 1;
    }

    /** Collects a key. Its event is delivered after the JDK's select, so that the receiver may close an Acceptor, or the whole Selector. */
    private void collect(SelectionKey key) {
        if (readyCount == ready.length) {
            ready = Arrays.copyOf(ready, 2 * readyCount);
        }
        ready[readyCount++] = key;
    }

    private static void tell(SelectionKey key) {
        int ops = key.readyOps();
        ((Watched) key.attachment())
                .ready(
                        (ops & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT)) != 0,
                        (ops & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0);
    }

    /** Releases the descriptors of closed channels, which the JDK does with its next select. This select delivers nothing. */
    void giveBackClosed() {
        if (isClosed()) {
            return; // the close of the Selector follows, and releases it
        }
        try {
            selector.selectNow(key -> {});
        } catch (IOException e) {
            // The next select reports it.
        }
        mayHaveMissedWakeup = true;
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    /** Sets which events of a channel are wanted; the first call registers it. */
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
        selector.close(); // also releases the descriptors of the channels
    }

    // ---- sockets

    @Override
    protected boolean knows(SocketAddress address) {
        return address instanceof InetSocketAddress || address instanceof UnixDomainSocketAddress;
    }

    @Override
    protected NioSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        SocketChannel channel = newChannel(remote);
        try {
            return new NioSocket(this, channel, remote, listener);
        } catch (Error e) { // no memory
            NioSocket.discard(channel);
            throw e;
        }
    }

    /** Opens a non-blocking channel for a connection to this address. */
    SocketChannel newChannel(SocketAddress remote) throws IOException {
        SocketChannel channel;
        try {
            channel = remote instanceof UnixDomainSocketAddress
                    ? provider.openSocketChannel(StandardProtocolFamily.UNIX)
                    : provider.openSocketChannel(); // IPv6 and IPv4, as far as the system supports them
        } catch (UnsupportedOperationException e) {
            throw noUnixSockets(e);
        }
        try {
            channel.configureBlocking(false);
            return channel;
        } catch (IOException | Error e) {
            NioSocket.discard(channel);
            throw e;
        }
    }

    private static SocketException noUnixSockets(UnsupportedOperationException cause) {
        return because("this system has no Unix domain sockets; use an IP address", cause);
    }

    /** Replaces {@link UnsupportedAddressTypeException}, which has no message. */
    static SocketException noFamily(UnsupportedAddressTypeException cause) {
        return because(
                "this JVM has no IPv6 (the system has not, or java.net.preferIPv4Stack is set); use an IPv4 address",
                cause);
    }

    private static SocketException because(String reason, Exception cause) {
        var exception = new SocketException(reason);
        exception.initCause(cause);
        return exception;
    }

    @Override
    protected NioSocket newWire(NioAccepted socket, WireListener listener) {
        return new NioSocket(this, socket.channel, socket.remoteAddress(), listener);
    }

    @Override
    protected NioAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
        ServerSocketChannel channel;
        try {
            channel = local instanceof UnixDomainSocketAddress
                    ? provider.openServerSocketChannel(StandardProtocolFamily.UNIX)
                    : provider.openServerSocketChannel();
        } catch (UnsupportedOperationException e) {
            throw noUnixSockets(e);
        }
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
