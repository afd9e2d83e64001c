package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;
import rill.transport.sim.Trace.Kind;

/**
 * One end of a connection, as the kernel sees it.
 *
 * <pre>
 *  client: REQUESTED ──SYN_ACK──▶ OPEN ──both streams ended, or nobody here uses it any more and ours ended──▶ GONE
 *  server: ANSWERED ────ACK─────▶ OPEN        any state ── RST, too many retransmissions, crash of the host ──▶ GONE
 * </pre>
 *
 * An end that ended its stream first is in TIME_WAIT once it is gone: for a minute it acknowledges duplicates, and {@link Ports} remembers it. Of any
 * other end that is gone, the kernel knows nothing.
 *
 * <p><b>Source:</b> RFC 9293; RFC 1122 (4.2.3.2 delayed acknowledgements, 4.2.3.6 keep-alive).
 */
final class Tcp implements End {
    private static final long SYN_TIMEOUT = Duration.ofSeconds(1).toNanos();
    /** As tcp_syn_retries of Linux: about two minutes. */
    private static final int SYN_RETRIES = 6;
    /** As tcp_synack_retries of Linux: about one minute. */
    private static final int SYN_ACK_RETRIES = 5;

    /** How long Linux looks for a neighbour that does not exist. */
    private static final long UNREACHABLE = Duration.ofSeconds(3).toNanos();

    private static final long ACK_DELAY = Duration.ofMillis(40).toNanos();
    /** How long an end that nobody uses waits for the peer to end its stream, too: tcp_fin_timeout of Linux. */
    private static final long ORPHANED = Duration.ofMinutes(1).toNanos();

    private enum State {
        REQUESTED,
        ANSWERED,
        OPEN,
        GONE
    }

    final Host host;
    final Host peerHost;
    final InetSocketAddress local;
    final InetSocketAddress remote;
    final int number;
    final KeepAlive keepAlive;
    int linger = -1;
    boolean reuseAddress = true; // has no effect here
    long lastArrival; // of what it sent: segments of one direction stay in order

    final Outgoing out;
    final Incoming in;
    private final Network network;
    private final Timer handshake;
    private final Timer delayedAck;
    private final Timer orphaned;
    private State state;
    private @Nullable Tcp peer;
    private @Nullable SimSocket socket; // null before it is opened, and once nobody uses it any more
    private @Nullable TcpAcceptor acceptor; // of a server's end, until it is accepted
    private @Nullable IOException failure;
    private boolean failureTold;
    private boolean reachable = true;
    private boolean closed; // by its user
    private boolean inOrder; // gone without a reset
    private boolean endedFirst; // our stream, before the peer ended its own
    private long goneAt;
    private int tries;
    private long askedAt; // when our part of the handshake was last sent; no round trip if it was sent twice
    private boolean askedAgain;
    private boolean interactive; // it answers what it receives, so an acknowledgement may wait for the answer
    private boolean heard; // bytes have arrived since it last sent some
    private int unacknowledged; // segments received since the last acknowledgement

    /** Creates the client's end. */
    Tcp(Network network, Host host, Host peerHost, InetSocketAddress local, InetSocketAddress remote, int number) {
        this(network, host, peerHost, local, remote, number, State.REQUESTED);
    }

    /** Returns the server's end, for an incoming request. */
    static Tcp answering(Network network, Segment request, Tcp client, TcpAcceptor acceptor) {
        var tcp = new Tcp(
                network,
                /* host= */ request.destination,
                /* peerHost= */ client.host,
                /* local= */ client.remote,
                /* remote= */ client.local,
                client.number,
                State.ANSWERED);
        tcp.peer = client;
        client.peer = tcp;
        tcp.acceptor = acceptor;
        tcp.out.window(0, request.window);
        tcp.handshakeStep();
        return tcp;
    }

    private Tcp(
            Network network,
            Host host,
            Host peerHost,
            InetSocketAddress local,
            InetSocketAddress remote,
            int number,
            State state) {
        this.network = network;
        this.host = host;
        this.peerHost = peerHost;
        this.local = local;
        this.remote = remote;
        this.number = number;
        this.state = state;
        this.out = new Outgoing(this, network.agenda, network.chance);
        this.in = new Incoming(network.chance.buffer(Outgoing.BUFFER));
        this.handshake = new Timer(network.agenda, this::handshakeStep);
        this.delayedAck = new Timer(network.agenda, this::acknowledge);
        this.orphaned = new Timer(network.agenda, () -> leave(true));
        this.keepAlive = new KeepAlive(
                network.agenda, out::allAcknowledged, () -> send(Purpose.PROBE, out.sent(), null, 0), this::givenUp);
        host.tcps.add(this);
        host.ports.add(this);
    }

    // ---- segments

    void send(Purpose purpose, long sequence, byte @Nullable [] bytes, int length) {
        Tcp target = purpose == Purpose.SYN ? null : peer; // a request finds the listener on arrival
        var segment = new Segment(network, host, peerHost, this, target, purpose, number);
        segment.sequence = sequence;
        segment.bytes = bytes;
        segment.length = length;
        segment.acknowledged = in.next();
        segment.window = in.window();
        in.promised();
        if (length > 0) {
            interactive = heard;
            heard = false;
        }
        unacknowledged = 0;
        delayedAck.stop();
        network.send(segment);
    }

    private void acknowledge() {
        send(Purpose.DATA, out.sent(), null, 0);
    }

    /** Sends this end's part of the handshake, or sends it again. */
    void handshakeStep() {
        if (tries > (state == State.REQUESTED ? SYN_RETRIES : SYN_ACK_RETRIES)) {
            fail(new ConnectException("Connection timed out"));
            return;
        }
        askedAt = network.agenda.now();
        askedAgain |= tries > 0;
        handshake.start(SYN_TIMEOUT << tries++);
        send(state == State.REQUESTED ? Purpose.SYN : Purpose.SYN_ACK, 0, null, 0);
    }

    /** Notes that no host has that address. */
    void toNobody() {
        reachable = false;
    }

    /** Begins the handshake. If no host has the address, finding that out takes a while. */
    void connect() {
        if (reachable) {
            handshakeStep();
        } else {
            network.agenda.at(
                    network.agenda.now() + UNREACHABLE, () -> fail(new NoRouteToHostException("No route to host")));
        }
    }

    void receive(Segment segment) {
        keepAlive.heard();
        switch (segment.purpose) {
            case RST ->
                fail(
                        state == State.REQUESTED
                                ? new ConnectException("Connection refused")
                                : new SocketException("Connection reset"));
            case SYN -> {
                if (state == State.ANSWERED) {
                    askedAgain = true;
                    send(Purpose.SYN_ACK, 0, null, 0);
                }
            }
            case SYN_ACK -> {
                if (state == State.REQUESTED) {
                    out.window(0, segment.window);
                    opened();
                }
                acknowledge();
                out.push();
            }
            case DATA, FIN, PROBE -> receiveInStream(segment);
        }
    }

    private void opened() {
        state = State.OPEN;
        handshake.stop();
        if (!askedAgain) {
            out.opened(network.agenda.now() - askedAt);
        }
        network.trace.add(Kind.OPENED, host.number, peerHost.number, number, 0, 0, "opened");
        keepAlive.opened();
        changed();
    }

    private void receiveInStream(Segment segment) {
        if (state == State.REQUESTED) {
            return; // the answer to our request was lost; it is sent again
        }
        if (state == State.ANSWERED) {
            opened();
            if (acceptor != null) {
                acceptor.established(this);
            }
        }
        boolean empty = segment.end() == segment.sequence;
        out.acknowledged(segment.acknowledged, segment.window, empty && segment.purpose == Purpose.DATA);
        if (segment.purpose == Purpose.PROBE) {
            acknowledge();
        } else if (closed && segment.length > 0 && segment.end() > in.next()) {
            reset(); // nobody will ever read it
            return;
        } else if (!empty) {
            boolean movedOn = in.take(segment);
            heard |= movedOn;
            boolean part = segment.length < Outgoing.MSS;
            if (!movedOn || in.ended() || ++unacknowledged >= 2 || (part && !interactive)) {
                acknowledge();
            } else {
                delayedAck.startUnlessRunning(ACK_DELAY);
            }
        }
        leaveIfDone();
        changed();
    }

    /** Handles a segment for an end that is gone. */
    void receiveWhenGone(Segment segment) {
        boolean remembered = host.ports.find(local, remote) == this;
        if (!remembered || segment.end() > in.next()) {
            network.refuse(segment);
        } else if (segment.end() > segment.sequence || segment.purpose == Purpose.PROBE) {
            acknowledge(); // a duplicate: the acknowledgement was lost
        }
    }

    private void changed() {
        if (socket != null) {
            socket.changed();
        }
    }

    // ---- ending

    /** Fails it, because the peer does not answer. */
    void givenUp() {
        fail(new SocketException("Connection timed out"));
    }

    /** Ends it; its user learns why. */
    void fail(IOException why) {
        if (state == State.GONE) {
            return;
        }
        failure = why;
        leave(false);
        changed();
    }

    /** Ends it at once, and the peer's end with a reset. */
    void reset() {
        if (state == State.GONE) {
            return;
        }
        if (state != State.REQUESTED) {
            send(Purpose.RST, out.sent(), null, 0);
        }
        if (failure == null) {
            failure = new SocketException("Connection reset");
        }
        leave(false);
    }

    private void leaveIfDone() {
        if (!out.endAcknowledged()) {
            return;
        }
        if (in.ended()) {
            leave(true);
        } else if (closed) {
            orphaned.startUnlessRunning(ORPHANED);
        }
    }

    /** Makes the host forget it, without sending anything. */
    void leave(boolean orderly) {
        if (state == State.GONE) {
            return;
        }
        state = State.GONE;
        inOrder = orderly;
        goneAt = network.agenda.now();
        out.stop();
        handshake.stop();
        delayedAck.stop();
        orphaned.stop();
        keepAlive.stop();
        host.tcps.remove(this);
        host.ports.remove(this);
        if (acceptor != null) {
            acceptor.lost(this);
            acceptor = null;
        }
        network.trace.add(Kind.CLOSED, host.number, peerHost.number, number, 0, orderly ? 1 : 0, reason());
    }

    private String reason() {
        return failure == null ? "closed" : String.valueOf(failure.getMessage());
    }

    // ---- for the socket

    @Override
    public void accepted() {
        acceptor = null;
    }

    @Override
    public void discard() {
        accepted();
        close(true);
    }

    @Override
    public void use(SimSocket user) {
        socket = user;
    }

    /** A no-op: it is bound from the start. */
    @Override
    public void bind(SocketAddress wanted) {}

    @Override
    public Host host() {
        return host;
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public InetSocketAddress remote() {
        return remote;
    }

    @Override
    public long unacknowledged() {
        return out.buffered();
    }

    @Override
    public <T> T option(SocketOption<T> option) {
        return Options.OF_TCP.get(this, option);
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) {
        Options.OF_TCP.set(this, option, value);
    }

    boolean gone() {
        return state == State.GONE;
    }

    /** Returns whether nobody uses it any more. */
    boolean isClosed() {
        return closed;
    }

    /** Returns whether a process has it: it was connected or accepted, and not closed. */
    boolean inUse() {
        return !closed && acceptor == null;
    }

    long goneAt() {
        return goneAt;
    }

    /** Returns whether it is gone in good order, and ended its stream first. */
    boolean endedFirst() {
        return inOrder && endedFirst;
    }

    private void endOurs() {
        endedFirst |= !in.ended();
        out.end();
    }

    @Nullable
    Tcp peer() {
        return peer;
    }

    @Override
    public boolean readable() {
        return in.readable() || failure != null;
    }

    @Override
    public boolean writable() {
        return state != State.REQUESTED && (failure != null || out.roomy());
    }

    @Override
    public boolean finishConnect() throws IOException {
        throwFailure();
        return state != State.REQUESTED;
    }

    private void throwFailure() throws IOException {
        IOException why = failure;
        if (why != null) {
            failureTold = true;
            throw why;
        }
    }

    @Override
    public int read(ByteBuf target) throws IOException {
        int n = network.chance.readable(Math.min(in.buffered(), target.writableBytes()));
        if (n > 0) {
            in.read(target, n);
            if (state == State.OPEN && in.worthTelling()) {
                acknowledge();
            }
            return n;
        }
        if (in.ended()) {
            return -1;
        }
        throwFailure();
        return 0;
    }

    @Override
    public int write(ByteBuf source) throws IOException {
        if (failure != null && failureTold) {
            throw new IOException("Broken pipe");
        }
        throwFailure();
        if (state == State.GONE) {
            throw new IOException("Broken pipe");
        }
        int n = network.chance.writable(Math.min(out.room(), source.readableBytes()));
        if (n > 0) {
            out.append(source, source.readerIndex(), n);
        }
        return n;
    }

    @Override
    public void push() {
        if (state == State.OPEN) {
            out.push();
        }
    }

    @Override
    public void shutdownOutput() {
        if (state != State.GONE) {
            endOurs();
        }
    }

    /** Closes it. Bytes already written are still sent, unless it ends with a reset. */
    @Override
    public void close(boolean withReset) {
        socket = null;
        if (closed) {
            return;
        }
        closed = true;
        if (withReset || linger == 0 || in.buffered() > 0 || state == State.REQUESTED) {
            reset();
        } else if (state != State.GONE) {
            endOurs();
            leaveIfDone();
        }
        in.clear();
    }

    /** Closes it, because the process of its user has ended. One whose handshake isn't complete is reset. */
    void orphan() {
        close(state == State.ANSWERED);
    }

    String situation() {
        String unsent = out.situation();
        return "connection " + number + " " + local + " → " + remote + " " + state
                + (closed ? ", closed here" : "") + (unsent == null ? "" : ", " + unsent)
                + (in.buffered() > 0 ? ", " + in.buffered() + " bytes unread" : "");
    }

    @Override
    public String toString() {
        return situation();
    }
}
