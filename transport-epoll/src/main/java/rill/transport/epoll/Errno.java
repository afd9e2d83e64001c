package rill.transport.epoll;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;

/**
 * The error numbers that are told apart, and the exceptions that the JDK's sockets give for them.
 *
 * <p><b>Source:</b> {@code uapi/asm-generic/errno.h}, which x86-64 and aarch64 share; errno(3).
 */
final class Errno {
    static final int EPERM = 1;
    static final int EINTR = 4;
    static final int EBADF = 9;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EFAULT = 14;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENOSYS = 38;
    static final int ENONET = 64;
    static final int EPROTO = 71;
    static final int ENOPROTOOPT = 92;
    static final int EOPNOTSUPP = 95;
    static final int EAFNOSUPPORT = 97;
    static final int EADDRINUSE = 98;
    static final int EADDRNOTAVAIL = 99;
    static final int ENETDOWN = 100;
    static final int ENETUNREACH = 101;
    static final int ECONNABORTED = 103;
    static final int ECONNRESET = 104;
    static final int EISCONN = 106;
    static final int ETIMEDOUT = 110;
    static final int ECONNREFUSED = 111;
    static final int EHOSTDOWN = 112;
    static final int EHOSTUNREACH = 113;
    static final int EALREADY = 114;
    static final int EINPROGRESS = 115;

    private Errno() {}

    /** The exception for the error number of a connection that could not be made. */
    static IOException connecting(int errno) {
        return errno == ECONNREFUSED || errno == ETIMEDOUT
                ? new ConnectException(LibC.describe(errno))
                : exception(errno);
    }

    /** The exception for an error number of any other call. */
    static IOException exception(int errno) {
        String message = errno == ECONNRESET ? "Connection reset" : LibC.describe(errno);
        return switch (errno) {
            case EHOSTUNREACH -> new NoRouteToHostException(message);
            case EADDRINUSE, EADDRNOTAVAIL, EACCES -> new BindException(message);
            default -> new SocketException(message);
        };
    }

    /** The result of a call that gives a negative error number if it fails. */
    static int check(int result) throws IOException {
        if (result < 0) {
            throw exception(-result);
        }
        return result;
    }

    /**
     * Whether an error of accept4 is that of one connection, which died while it waited: the next one may be fine.
     *
     * <p><b>Source:</b> accept(2), "Error handling".
     */
    static boolean isOneConnections(int errno) {
        return switch (errno) {
            case ECONNABORTED,
                    EPROTO,
                    EPERM,
                    ENETDOWN,
                    ENETUNREACH,
                    ENOPROTOOPT,
                    EHOSTDOWN,
                    EHOSTUNREACH,
                    ENONET,
                    EOPNOTSUPP -> true;
            default -> false;
        };
    }
}
