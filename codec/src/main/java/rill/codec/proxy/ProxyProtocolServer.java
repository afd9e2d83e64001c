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
 * The server's side of the PROXY protocol, see {@link ProxyProtocol#server}. Immutable; each method gives a changed copy.
 *
 * <p>Nothing of a connection is decoded, and nothing that is written leaves, before its header is there. What the header says is found by
 * {@code connection.info(ProxyInfo.class)}, at the latest when the first message has come; {@link rill.Connection#remoteAddress} is that of
 * the proxy.
 *
 * <p><b>Errors:</b> the connection fails, with a {@link rill.ProtocolException} if the peer is not trusted, or if what it sends is no header;
 * with a {@link rill.DeadlineException} if its header is late.
 *
 * <p><b>Limits:</b> a header has {@link #DEFAULT_LIMIT} bytes at most, one of version 1 always 107; it has {@link #DEFAULT_PATIENCE} to come.
 */
public final class ProxyProtocolServer implements ByteLayer {
    /** How long a header of version 2 may be unless said otherwise, in bytes. */
    public static final int DEFAULT_LIMIT = 4 * 1024;

    /** How long a header may be on its way unless said otherwise. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(5);

    /** What becomes of a connection without a header. */
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
     * Serves peers that are not trusted as well: they speak for themselves, without a header. A header of theirs ends the connection. That is
     * safe: nobody can take another one's address.
     */
    public ProxyProtocolServer strangersWithoutHeader() {
        return new ProxyProtocolServer(trusted, Without.FROM_STRANGERS, patience, limit);
    }

    /**
     * Serves everybody without a header: strangers, as {@link #strangersWithoutHeader} says, and those who are trusted. Then what a trusted peer
     * sends first decides whether it is a header, which is what the protocol forbids for a reason: if one of them passes on what its clients send
     * without a header of its own, each of its clients can write one, and be whoever it likes. If no header has come in time, there is none,
     * and none is taken later.
     */
    public ProxyProtocolServer anybodyWithoutHeader() {
        return new ProxyProtocolServer(trusted, Without.FROM_ANYBODY, patience, limit);
    }

    /** With so much time for the header to come; at least 3 seconds cover a packet that was lost. */
    public ProxyProtocolServer patience(Duration newPatience) {
        if (!newPatience.isPositive()) {
            throw new IllegalArgumentException("no header comes within " + Wording.duration(newPatience));
        }
        return new ProxyProtocolServer(trusted, without, newPatience, limit);
    }

    /**
     * With headers of at most so many bytes.
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
