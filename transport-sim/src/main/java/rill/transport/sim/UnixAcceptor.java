package rill.transport.sim;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;

/** A listening Unix domain socket. A connecting end that finds the backlog full has to try again. */
final class UnixAcceptor extends SimAcceptor {
    private final SocketAddress address;
    private final Set<SimSelector> wantRoom = new LinkedHashSet<>();
    private UnixSockets.@Nullable Bound bound;

    UnixAcceptor(SimSelector selector, SocketAddress address, AcceptListener listener) {
        super(selector, listener);
        this.address = address;
    }

    void arrived(UnixEnd end) {
        waits(end);
    }

    /** Notifies a Selector once: when a waiting connection was accepted, or this is closed. */
    void tellOfRoom(SimSelector waiting) {
        wantRoom.add(waiting);
    }

    @Override
    void roomy() {
        List.copyOf(wantRoom).forEach(SimSelector::hasRoom);
        wantRoom.clear();
    }

    @Override
    void unbind() {
        if (bound != null) {
            bound.released();
        }
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        if (option != StandardSocketOptions.SO_RCVBUF) {
            throw Options.unknown(option);
        }
    }

    @Override
    protected void bind(SocketAddress wanted, int wantedBacklog) throws IOException {
        bound = host().unix.bind(wanted, this);
        backlog(wantedBacklog);
    }

    @Override
    protected SocketAddress boundAddress() {
        return address;
    }
}
