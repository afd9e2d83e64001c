package rill.transport.nio.channels;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/** A listening channel. */
final class NioAcceptor extends ReadinessAcceptor {
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

    /** ECONNABORTED and its like (accept(2), "Error handling"): that connection died while it waited; the next may be fine. */
    private static boolean isOneConnections(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("abort") || message.contains("reset") || message.contains("Protocol error");
    }

    @Override
    protected void closeSocket() {
        try {
            channel.close();
        } catch (IOException e) {
            // The address is given back all the same.
        }
        if (key != null) {
            selector.giveBackClosed();
        }
    }
}
