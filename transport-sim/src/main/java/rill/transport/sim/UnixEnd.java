package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Trace.Kind;

/**
 * One end of a connection over a Unix domain socket, within a host: written bytes reach the peer in the same instant, until its unread bytes leave no
 * room.
 *
 * <pre>
 *  NEW ──connect: the peer waits for acceptance──▶ OPEN ──close──▶ the peer reads what is left, and then
 *                                                                  the end, or a reset if this end had not read all, or was never accepted
 * </pre>
 *
 * <p><b>Source:</b> unix(7), and what Linux does: an end that has filled more than a quarter of the room is not writable; an abort is a close.
 */
final class UnixEnd implements End {
    /** The default of Linux: net.core.wmem_default. */
    static final int BUFFER = 208 * 1024;

    private static final SocketAddress NO_NAME = UnixDomainSocketAddress.of("");

    int capacity; // for what it has sent and the peer has not read
    int receiveCapacity = BUFFER; // has no effect
    int linger = -1; // has no effect either
    private final Network network;
    private final Host host;
    private final int number;
    private final SocketAddress remote;
    private final Pieces unread = new Pieces();
    private SocketAddress local;
    private UnixSockets.@Nullable Bound bound; // if it was given a name of its own
    private @Nullable UnixEnd peer;
    private @Nullable SimSocket socket;
    private @Nullable IOException failure; // to be thrown by a read
    private boolean connected;
    private boolean accepted;
    private boolean inputEnded; // the peer sends no more
    private boolean outputEnded; // this end sends no more, or the peer would not take it
    private boolean closed;

    /** Creates an end that is to connect. */
    UnixEnd(Network network, Host host, SocketAddress remote) {
        this(network, host, NO_NAME, remote, network.nextConnection());
        accepted = true;
    }

    private UnixEnd(Network network, Host host, SocketAddress local, SocketAddress remote, int number) {
        this.network = network;
        this.host = host;
        this.local = local;
        this.remote = remote;
        this.number = number;
        this.capacity = network.chance.buffer(BUFFER);
        host.unix.ends.add(this);
    }

    // ---- beginning

    @Override
    public void bind(SocketAddress wanted) throws IOException {
        bound = host.unix.bind(wanted, null);
        local = wanted;
    }

    /** Connects at once. Returns false if the listener has no room; the selector is then woken once it has. */
    boolean connect() throws IOException {
        UnixAcceptor listener = host.unix.listenerAt(remote);
        if (listener.full()) {
            if (socket != null) {
                listener.tellOfRoom(socket.selector());
            }
            return false;
        }
        var other = new UnixEnd(network, host, listener.localAddress(), local, number);
        other.opened(this);
        opened(other);
        listener.arrived(other);
        return true;
    }

    private void opened(UnixEnd with) {
        peer = with;
        connected = true;
        network.trace.add(Kind.OPENED, host.number, host.number, number, 0, 0, "opened");
    }

    @Override
    public boolean finishConnect() {
        return connected;
    }

    @Override
    public void accepted() {
        accepted = true;
    }

    @Override
    public void discard() {
        close(true);
    }

    /** Returns whether a process has it: it has connected or was accepted, and is not closed. */
    boolean inUse() {
        return accepted && !closed;
    }

    @Override
    public void use(SimSocket user) {
        socket = user;
    }

    // ---- bytes

    @Override
    public boolean readable() {
        return unread.size() > 0 || inputEnded || failure != null;
    }

    @Override
    public boolean writable() {
        return connected && (outputEnded || unacknowledged() * 4 <= capacity);
    }

    @Override
    public int read(ByteBuf target) throws IOException {
        int n = network.chance.readable(Math.min(unread.size(), target.writableBytes()));
        if (n > 0) {
            unread.read(target, n);
            if (peer != null) {
                peer.changed();
            }
            return n;
        }
        IOException why = failure;
        if (why != null && unread.size() == 0) {
            failure = null;
            throw why;
        }
        return unread.size() == 0 && inputEnded ? -1 : 0;
    }

    @Override
    public int write(ByteBuf source) throws IOException {
        if (outputEnded || peer == null) {
            throw new IOException("Broken pipe");
        }
        int room = Math.max(0, capacity - peer.unread.size());
        int n = network.chance.writable(Math.min(room, source.readableBytes()));
        if (n > 0) {
            byte[] bytes = new byte[n];
            source.getBytes(source.readerIndex(), bytes);
            network.local(host, number, bytes);
            peer.unread.add(bytes);
            peer.changed();
        }
        return n;
    }

    @Override
    public void push() {
        // The bytes have arrived already.
    }

    @Override
    public long unacknowledged() {
        return peer == null ? 0 : peer.unread.size();
    }

    private void changed() {
        if (socket != null) {
            socket.changed();
        }
    }

    // ---- ending

    @Override
    public void shutdownOutput() {
        outputEnded = true;
        if (peer != null) {
            peer.inputEnded = true;
            peer.changed();
        }
    }

    @Override
    public void close(boolean withReset) {
        boolean reset = unread.size() > 0 || !accepted;
        UnixEnd other = peer;
        if (!leave() || other == null) {
            return;
        }
        other.inputEnded = true;
        other.outputEnded = true;
        if (reset) {
            other.failure = new SocketException("Connection reset");
        }
        other.changed();
    }

    /** Makes the host forget it, without notifying the peer. Returns false if it already has. */
    boolean leave() {
        socket = null;
        if (closed) {
            return false;
        }
        closed = true;
        outputEnded = true;
        host.unix.ends.remove(this);
        if (bound != null) {
            bound.released();
        }
        if (peer != null) {
            peer.peer = null; // what it would write has no reader
            peer = null;
            network.trace.add(Kind.CLOSED, host.number, host.number, number, 0, 1, "closed");
        }
        unread.clear();
        return true;
    }

    // ---- state

    @Override
    public Host host() {
        return host;
    }

    @Override
    public SocketAddress local() {
        return local;
    }

    @Override
    public SocketAddress remote() {
        return remote;
    }

    @Override
    public <T> T option(SocketOption<T> option) {
        return Options.OF_UNIX.get(this, option);
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) {
        Options.OF_UNIX.set(this, option, value);
    }

    @Override
    public String toString() {
        return "connection " + number + " " + (local == NO_NAME ? "to " + remote : "of " + local)
                + (unread.size() > 0 ? ", " + unread.size() + " bytes unread" : "");
    }
}
