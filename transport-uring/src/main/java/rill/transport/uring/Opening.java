package rill.transport.uring;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptedSocket;
import rill.spi.SocketOptions;
import rill.spi.WireListener;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * How Wires of a {@link UringSelector} are opened.
 *
 * <pre>
 *  connect ──▶ socket ──▶ options, bind ──▶ {@link UringWire#startConnecting}
 *  open ─────▶ accepted ─▶ options ───────▶ {@link UringWire#startConnected}
 *
 *  a failure of the system ──▶ a Wire that is closed, and reports why
 *  a caller's mistake ──▶ thrown; the descriptor is closed
 * </pre>
 */
final class Opening {
    private final String transport;
    private final UringSelector selector;

    Opening(String transport, UringSelector selector) {
        this.transport = transport;
        this.selector = selector;
    }

    void requireKnown(SocketAddress address) {
        SocketFailures.requireAddress(transport, address, SocketAddressArea.knows(address));
    }

    // ---- connecting

    UringWire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions wanted, WireListener listener) {
        requireKnown(remote);
        if (local != null) {
            requireKnown(local);
        }
        UringWire wire;
        try {
            wire = newWire(remote, listener);
        } catch (IOException noDescriptor) {
            wire = new UringWire(selector, RingSocket.GONE, null, remote, SocketAddressArea.NOT_INET4, listener);
            wire.startFailed(noDescriptor);
            return wire;
        }
        try {
            wanted.<IOException>applyTo(wire::setOption);
            bind(wire, local);
            wire.startConnecting();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException | Error e) {
            wire.release();
            throw e;
        }
        return wire;
    }

    private UringWire newWire(SocketAddress remote, WireListener listener) throws IOException {
        int fd = selector.sockets().connecting(remote);
        try {
            return new UringWire(selector, fd, null, remote, SocketAddressArea.NOT_INET4, listener);
        } catch (Error e) { // no memory
            LibC.close(fd);
            throw e;
        }
    }

    private void bind(UringWire wire, @Nullable SocketAddress local) throws IOException {
        if (local == null) {
            return;
        }
        try {
            selector.sockets().bind(wire.fd(), local, SocketAddressArea.familyOf(wire.remoteAddress()));
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    // ---- accepted sockets

    UringWire open(AcceptedSocket socket, SocketOptions wanted, WireListener listener) {
        if (!(socket instanceof UringAccepted ours)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        ours.takeOver();
        UringWire wire;
        try {
            selector.requireOpen("open a connection from ", ours.remoteAddress());
            wire = ours.wire(selector, listener);
        } catch (RuntimeException | Error e) {
            ours.closeDescriptor();
            throw e;
        }
        try {
            wanted.<IOException>applyTo(wire::setOption);
            wire.startConnected();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException | Error e) {
            wire.release();
            throw e;
        }
        return wire;
    }
}
