package rill.transport.epoll;

import java.net.SocketOption;
import java.time.Duration;

/**
 * Socket options of Linux that the JDK has no constants for. The transport {@code epoll} supports them, in addition to
 * {@link java.net.StandardSocketOptions} and, of {@link jdk.net.ExtendedSocketOptions}, TCP_QUICKACK, TCP_KEEPIDLE, TCP_KEEPINTERVAL and TCP_KEEPCOUNT.
 *
 * <p>A transport that does not support one throws an {@link IllegalArgumentException} that names the option and the transport. <b>Source:</b> tcp(7),
 * socket(7).
 */
public final class EpollOptions {
    /** How long sent data may remain unacknowledged before the connection fails; zero for the system's rule. <b>Units:</b> whole milliseconds. */
    public static final SocketOption<Duration> TCP_USER_TIMEOUT = option("TCP_USER_TIMEOUT", Duration.class);

    /** How many unsent bytes may wait in the kernel before the socket counts as not writable. */
    public static final SocketOption<Integer> TCP_NOTSENT_LOWAT = option("TCP_NOTSENT_LOWAT", Integer.class);

    /**
     * For a listener: a connection is accepted only once it has sent something, or this time is over. <b>Units:</b> whole seconds, which the kernel
     * rounds to a number of retransmissions.
     */
    public static final SocketOption<Duration> TCP_DEFER_ACCEPT = option("TCP_DEFER_ACCEPT", Duration.class);

    /** For a listener: data may arrive with the SYN. The value is the most such connections at a time that are not yet established. */
    public static final SocketOption<Integer> TCP_FASTOPEN = option("TCP_FASTOPEN", Integer.class);

    /**
     * How long a read that finds nothing polls the network card itself; more than the system's default needs CAP_NET_ADMIN. <b>Units:</b> whole
     * microseconds.
     */
    public static final SocketOption<Duration> SO_BUSY_POLL = option("SO_BUSY_POLL", Duration.class);

    /** What the kernel knows about a TCP connection; read-only. */
    public static final SocketOption<TcpInfo> TCP_INFO = option("TCP_INFO", TcpInfo.class);

    /** The credentials of the peer of a Unix domain socket; read-only. */
    public static final SocketOption<PeerCredentials> SO_PEERCRED = option("SO_PEERCRED", PeerCredentials.class);

    private EpollOptions() {}

    private static <T> SocketOption<T> option(String name, Class<T> type) {
        return new Named<>(name, type);
    }

    /** Compared by identity, like the JDK's. */
    private static final class Named<T> implements SocketOption<T> {
        private final String name;
        private final Class<T> type;

        Named(String name, Class<T> type) {
            this.name = name;
            this.type = type;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Class<T> type() {
            return type;
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
