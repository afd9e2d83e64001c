package rill.transport.sim;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.List;
import rill.spi.AcceptListener;

/** A listening TCP socket. A request for which its backlog has no room is ignored, and is sent again by the client. */
final class TcpAcceptor extends SimAcceptor {
    private static final List<SocketOption<?>> OPTIONS = List.of(
            StandardSocketOptions.SO_REUSEADDR, StandardSocketOptions.SO_REUSEPORT, StandardSocketOptions.SO_RCVBUF);

    private InetSocketAddress local; // as wanted, and then as bound
    private int underWay;
    private boolean sharing; // its port with others that set the option, too

    TcpAcceptor(SimSelector selector, InetSocketAddress local, AcceptListener listener) {
        super(selector, listener);
        this.local = local;
    }

    @Override
    int underWay() {
        return underWay;
    }

    void requested(Network network, Segment request, Tcp client) {
        underWay++;
        Tcp.answering(network, request, client, this);
    }

    void established(Tcp tcp) {
        underWay--;
        if (isClosed()) {
            tcp.discard();
        } else {
            waits(tcp);
        }
    }

    /** Notes that a connection is gone before it was accepted. If it was established, it is accepted all the same, and fails then. */
    void lost(Tcp tcp) {
        if (!hasWaiting(tcp)) {
            underWay--;
        }
    }

    InetSocketAddress local() {
        return local;
    }

    boolean sharing() {
        return sharing;
    }

    // ---- calls

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        if (!OPTIONS.contains(option)) {
            throw Options.unknown(option);
        }
        if (option == StandardSocketOptions.SO_REUSEPORT) {
            sharing = (Boolean) value;
        }
    }

    @Override
    protected void bind(SocketAddress address, int wantedBacklog) throws IOException {
        Ports ports = host().ports;
        local = ports.toListenAt(local, sharing);
        backlog(wantedBacklog);
        ports.bind(this);
    }

    @Override
    protected SocketAddress boundAddress() {
        return local;
    }

    @Override
    void unbind() {
        host().ports.unbind(this);
    }
}
