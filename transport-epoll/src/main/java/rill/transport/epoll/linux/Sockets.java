package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;

/**
 * Creates the non-blocking sockets of one Selector, and asks for what the kernel knows of them.
 *
 * <p><b>Threading:</b> the selector's driver. <b>Source:</b> socket(2), ip(7), ipv6(7), unix(7).
 */
public final class Sockets {
    /** The flags of sockets and of accept4(2): SOCK_NONBLOCK and SOCK_CLOEXEC. */
    public static final int FLAGS = 0x800 | 0x80000;

    private static final int SOCK_STREAM = 1;
    private static final int SIOCOUTQ = 0x5411; // as TIOCOUTQ; tcp(7), unix(7)
    private static final int MOST_WAITING = 4096; // "the system's choice" since Linux 5.4
    private static final boolean ONLY_IPV4 = Boolean.getBoolean("java.net.preferIPv4Stack");

    private final CallMemory memory;
    private final NativeOptions options;

    /** Creates it with the memory and options of a Selector. */
    public Sockets(CallMemory memory, NativeOptions options) {
        this.memory = memory;
        this.options = options;
    }

    /** A socket that listens, or will. */
    public record Listening(int fd, int family) {}

    /** Returns the descriptor of a new socket for connecting to this address. */
    public int connecting(SocketAddress remote) throws IOException {
        int family = SocketAddressArea.familyOf(remote);
        return made(socket(family), family);
    }

    /** Returns a new socket for listening at this address, not bound yet. */
    public Listening listening(SocketAddress local) throws IOException {
        int family = SocketAddressArea.familyOf(local);
        boolean wildcard =
                local instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress();
        if (wildcard && !ONLY_IPV4) {
            family = SocketAddressArea.AF_INET6; // accepts IPv4 as well, as the JDK's sockets do
        }
        int fd = socket(family);
        if (fd == -Errno.EAFNOSUPPORT && wildcard) {
            family = SocketAddressArea.AF_INET;
            fd = socket(family);
        }
        made(fd, family);
        try {
            if (family != SocketAddressArea.AF_UNIX) {
                options.set(fd, StandardSocketOptions.SO_REUSEADDR, true); // as the JDK does
            }
            if (family == SocketAddressArea.AF_INET6) {
                options.acceptIpv4(fd);
            }
            return new Listening(fd, family);
        } catch (IOException | RuntimeException | Error e) {
            LibC.close(fd);
            throw e;
        }
    }

    private static int made(int fd, int family) throws IOException {
        if (fd == -Errno.EAFNOSUPPORT) {
            throw new SocketException(
                    family == SocketAddressArea.AF_INET6
                            ? "this system has no IPv6; use an IPv4 address"
                            : family == SocketAddressArea.AF_INET
                                    ? "this system has no IPv4; use an IPv6 address"
                                    : "this system has no Unix domain sockets; use an IP address");
        }
        return Errno.check(fd);
    }

    private int socket(int family) {
        return LibC.socket(memory.errno, family, SOCK_STREAM | FLAGS);
    }

    /** Binds a socket of this family. */
    public void bind(int fd, SocketAddress address, int family) throws IOException {
        Errno.check(LibC.bind(memory.errno, fd, memory.address.at(), memory.address.put(address, family)));
    }

    /**
     * Starts listening.
     *
     * @param backlog 0 for the system's choice
     */
    public void listen(int fd, int backlog) throws IOException {
        Errno.check(LibC.listen(memory.errno, fd, backlog == 0 ? MOST_WAITING : backlog));
    }

    /** Reads a socket's local address. Returns where it is written. */
    public SocketAddressArea askLocalAddress(int fd) throws IOException {
        SocketAddressArea address = memory.address;
        Errno.check(LibC.getsockname(memory.errno, fd, address.at(), address.room()));
        return address;
    }

    /**
     * Returns, for a TCP connection, what is not acknowledged, including the end of the stream; for a Unix domain socket, the memory taken by unread
     * data.
     */
    public int unacknowledged(int fd) throws IOException {
        Errno.check(LibC.ioctl(memory.errno, fd, SIOCOUTQ, memory.length.address()));
        return memory.length.get(JAVA_INT, 0);
    }
}
