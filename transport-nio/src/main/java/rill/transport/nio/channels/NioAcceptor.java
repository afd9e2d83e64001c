package rill.transport.nio.channels;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/** A listening channel. */
final class NioAcceptor extends ReadinessAcceptor {
    /**
     * Messages of the system when accept fails for one connection, because it died while it waited or is forbidden: the next one may succeed. The JDK
     * does not expose error numbers; where the messages are in another language, accepting pauses for a while.
     *
     * <p><b>Source:</b> accept(2), "Error handling" and "EPERM"; strerror(3).
     */
    private static final List<String> ONE_CONNECTIONS = List.of(
            "connection abort", // ECONNABORTED
            "Connection reset",
            "Protocol error", // EPROTO
            "Protocol not available", // ENOPROTOOPT
            "Operation not permitted", // EPERM
            "Operation not supported", // EOPNOTSUPP
            "Network is down", // ENETDOWN
            "Network is unreachable", // ENETUNREACH
            "Machine is not on the network", // ENONET
            "Host is down", // EHOSTDOWN
            "No route to host"); // EHOSTUNREACH

    private final NioSelector selector;
    private final ServerSocketChannel channel;
    private @Nullable SelectionKey key;

    NioAcceptor(NioSelector selector, ServerSocketChannel channel, AcceptListener listener) {
        super(listener);
        this.selector = selector;
        this.channel = channel;
    }

    @Override
    protected NioSelector selector() {
        return selector;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        selector.option(channel, option, value);
    }

    @Override
    protected void bind(SocketAddress wanted, int backlog) throws IOException {
        try {
            channel.bind(wanted, backlog);
        } catch (UnsupportedAddressTypeException e) {
            throw NioSelector.noFamily(e);
        }
    }

    @Override
    protected SocketAddress boundAddress() throws IOException {
        return channel.getLocalAddress();
    }

    @Override
    protected void interest(boolean accept) throws IOException {
        key = selector.watch(channel, key, accept ? SelectionKey.OP_ACCEPT : 0, this);
    }

    @Override
    protected @Nullable NioAccepted accept() throws IOException {
        SocketChannel accepted;
        try {
            accepted = channel.accept();
        } catch (IllegalArgumentException e) {
            throw new Gone(e); // its peer's address is a path that Java can't express
        } catch (IOException e) {
            throw isOneConnections(e) ? new Gone(e) : e;
        }
        if (accepted == null) {
            return null;
        }
        try {
            return new NioAccepted(accepted);
        } catch (IOException | IllegalArgumentException gone) {
            // The peer has reset it already, or has an address that Java can't express.
            NioSocket.discard(accepted);
            throw new Gone(gone);
        } catch (RuntimeException | Error e) {
            NioSocket.discard(accepted);
            throw e;
        }
    }

    private static boolean isOneConnections(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return ONE_CONNECTIONS.stream().anyMatch(message::contains);
    }

    @Override
    protected void closeSocket() {
        try {
            channel.close();
        } catch (IOException e) {
            // The address is released all the same.
        }
        if (key != null) {
            selector.giveBackClosed();
        }
    }
}
