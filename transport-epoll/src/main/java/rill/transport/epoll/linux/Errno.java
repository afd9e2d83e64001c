package rill.transport.epoll.linux;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;

/**
 * The error numbers that are distinguished, and the exceptions that the JDK's sockets throw for them.
 *
 * <p><b>Source:</b> {@code uapi/asm-generic/errno.h}, which x86-64 and aarch64 share; errno(3).
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOSYS = 38;
    public static final int ETIME = 62;
    public static final int ENONET = 64;
    public static final int EPROTO = 71;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int EISCONN = 106;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int EINPROGRESS = 115;
    public static final int ECANCELED = 125;

    private Errno() {}

    /** Returns the exception for the error number of a failed connect. */
    public static IOException connecting(int errno) {
        return errno == ECONNREFUSED || errno == ETIMEDOUT
                ? new ConnectException(LibC.describe(errno))
                : exception(errno);
    }

    /** Returns the exception for an error number of any other call. */
    public static IOException exception(int errno) {
        String message = errno == ECONNRESET ? "Connection reset" : LibC.describe(errno);
        return switch (errno) {
            case EHOSTUNREACH -> new NoRouteToHostException(message);
            case EADDRINUSE, EADDRNOTAVAIL, EACCES -> new BindException(message);
            default -> new SocketException(message);
        };
    }

    /** Returns the result of a call, or throws if it is a negated error number. */
    public static int check(int result) throws IOException {
        if (result < 0) {
            throw exception(-result);
        }
        return result;
    }

    /**
     * Returns whether an error of accept4 concerns one connection, which died while it waited: the next one may succeed.
     *
     * <p><b>Source:</b> accept(2), "Error handling".
     */
    public static boolean isOneConnections(int errno) {
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
