package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import rill.ByteLayer;
import rill.Context;
import rill.Session;

/**
 * The server's side of the PROXY protocol; see {@link ProxyProtocol#server}. Immutable; each method returns a changed copy.
 *
 * <p>Until a connection's header has arrived, nothing of it is decoded and nothing written to it is sent. The header's content is available from
 * {@code connection.info(ProxyInfo.class)}, at the latest when the first message is delivered. {@link rill.Connection#remoteAddress} is that of the
 * proxy.
 *
 * <p><b>Errors:</b> the connection fails with a {@link rill.ProtocolException} if the peer is not trusted or does not send a header, and with a
 * {@link rill.DeadlineException} if its header is late.
 *
 * <p><b>Limits:</b> a header has at most {@link #DEFAULT_LIMIT} bytes, in version 1 always at most 107. It must arrive within
 * {@link #DEFAULT_PATIENCE}.
 */
public final class ProxyProtocolServer implements ByteLayer {
    /** The default limit of a header of version 2, in bytes: 4 KiB. */
    public static final int DEFAULT_LIMIT = 4 * 1024;

    /** The default time for a header to arrive: five seconds. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(5);

    /** Whose connections are served without a header. */
    private enum Without {
        REFUSED,
        FROM_STRANGERS,
        FROM_ANYBODY
    }

    final Predicate<? super SocketAddress> trusted;
    final Duration patience;
    final int limit;
    private final Without without;

    private ProxyProtocolServer(
            Predicate<? super SocketAddress> trusted, Without without, Duration patience, int limit) {
        this.trusted = trusted;
        this.without = without;
        this.patience = patience;
        this.limit = limit;
    }

    static ProxyProtocolServer of(Predicate<? super SocketAddress> trusted) {
        return new ProxyProtocolServer(
                Objects.requireNonNull(trusted, "trusted"), Without.REFUSED, DEFAULT_PATIENCE, DEFAULT_LIMIT);
    }

    /**
     * Also serves untrusted peers, which speak for themselves, without a header. If one sends a header, its connection ends. That is safe: no peer
     * can assume another's address.
     */
    public ProxyProtocolServer strangersWithoutHeader() {
        return new ProxyProtocolServer(trusted, Without.FROM_STRANGERS, patience, limit);
    }

    /**
     * Serves every peer without a header: strangers, as {@link #strangersWithoutHeader} says, and trusted peers. Whether a trusted peer has sent a
     * header is then decided by the first bytes. The protocol forbids that for a reason: if a trusted peer relays its clients' bytes without a header
     * of its own, each client can write one and assume any address. If no header has arrived in time, the connection counts as one without, and a
     * later header is not accepted.
     */
    public ProxyProtocolServer anybodyWithoutHeader() {
        return new ProxyProtocolServer(trusted, Without.FROM_ANYBODY, patience, limit);
    }

    /** Allows this much time for the header to arrive. At least 3 seconds cover a lost packet. */
    public ProxyProtocolServer patience(Duration newPatience) {
        if (!newPatience.isPositive()) {
            throw new IllegalArgumentException("no header comes within " + Wording.duration(newPatience));
        }
        return new ProxyProtocolServer(trusted, without, newPatience, limit);
    }

    /**
     * Limits a header to this many bytes.
     *
     * @param bytes 256 (which the addresses of Unix domain sockets need) to 65,551
     */
    public ProxyProtocolServer limit(int bytes) {
        if (bytes < 256 || bytes > HeaderV2.LARGEST) {
            throw new IllegalArgumentException("a limit is between 256 and " + HeaderV2.LARGEST + ", not " + bytes);
        }
        return new ProxyProtocolServer(trusted, without, patience, bytes);
    }

    boolean servesStrangers() {
        return without != Without.REFUSED;
    }

    boolean needsHeader() {
        return without != Without.FROM_ANYBODY;
    }

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new ProxyServerSession(this, context.remoteAddress());
    }

    @Override
    public String toString() {
        return "PROXY protocol (trusted " + trusted + ", without header " + without + ", patience "
                + Wording.duration(patience) + ", limit " + limit + ")";
    }
}
