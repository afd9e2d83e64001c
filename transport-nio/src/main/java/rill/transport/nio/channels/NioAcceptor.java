package rill.transport.nio.channels;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.Acceptor;
import rill.spi.SocketFailures;
import rill.spi.SocketFile;

/** A listening socket. */
final class NioAcceptor implements Acceptor, NioSelector.Ready {
    /** Connections accepted in one turn, so that a storm of them does not hold up the others. */
    private static final int PER_TURN = 64;

    private final ServerSocketChannel channel;
    private final AcceptListener listener;
    private final SocketAddress local;
    private final SelectionKey key;
    private final @Nullable SocketFile file;
    private boolean paused;

    NioAcceptor(ServerSocketChannel channel, Selector selector, @Nullable SocketFile file, AcceptListener listener)
            throws IOException {
        this.channel = channel;
        this.file = file;
        this.listener = listener;
        this.local = channel.getLocalAddress();
        this.key = channel.register(selector, SelectionKey.OP_ACCEPT, this);
    }

    @Override
    public void ready(SelectionKey ready) {
        try {
            acceptAll();
        } catch (RuntimeException
                | Error e) { // no memory, most likely: an accident of this listener, which tries again later
            stumble(e);
        }
    }

    private void stumble(Throwable cause) {
        try {
            pause();
            listener.failed(SocketFailures.naming("accept on " + local, new IOException(cause)));
        } catch (RuntimeException | Error again) { // not even that: with the next select, then
            resume();
        }
    }

    private void acceptAll() {
        for (int n = 0; n < PER_TURN && !paused && channel.isOpen(); n++) {
            SocketChannel accepted;
            try {
                accepted = channel.accept();
            } catch (IllegalArgumentException e) {
                continue; // its peer's address is a path that Java can't express, and the JDK has let go of it
            } catch (IOException e) {
                if (isOneConnections(e)) {
                    continue;
                }
                pause();
                listener.failed(SocketFailures.naming("accept on " + local, e));
                return;
            }
            if (accepted == null) {
                return;
            }
            deliver(accepted);
        }
    }

    /** ECONNABORTED and its like (accept(2), "Error handling"): that connection died while it waited; the next may be fine. */
    private static boolean isOneConnections(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("abort") || message.contains("reset") || message.contains("Protocol error");
    }

    private void deliver(SocketChannel accepted) {
        @Nullable NioAccepted socket = null;
        try {
            socket = new NioAccepted(accepted);
        } catch (IOException | IllegalArgumentException gone) {
            // The peer has reset it already, or has an address that Java can't express: nothing was lost that anybody
            // knew of.
            NioSocket.discard(accepted);
        } catch (RuntimeException | Error e) {
            NioSocket.discard(accepted);
            throw e;
        }
        if (socket != null) {
            listener.accepted(socket);
        }
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public void pause() {
        paused = true;
        interest(0);
    }

    @Override
    public void resume() {
        paused = false;
        interest(SelectionKey.OP_ACCEPT);
    }

    private void interest(int ops) {
        if (key.isValid()) {
            key.interestOps(ops);
        }
    }

    @Override
    public void close() {
        paused = true;
        if (file != null && channel.isOpen()) {
            file.remove();
        }
        try {
            channel.close();
        } catch (IOException e) {
            // The address is given back all the same.
        }
    }
}
