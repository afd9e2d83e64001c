package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The C library: every native call of this transport is here, and nothing else is.
 *
 * <p>Linking is what costs at start-up, about ten milliseconds for each shape of a call. So all calls have one shape: five parameters
 * of 64 bits, in registers, of which a callee looks at as many as it has, and at the lower half alone of one that it declares an
 * {@code int} (System V AMD64 ABI, AAPCS64); of an {@code int} result only the lower half is looked at here. Addresses are
 * numbers as well, which spares the bookkeeping of a {@link MemorySegment} per call.
 *
 * <p><b>Errors:</b> every call gives its result, or the error number made negative, as the kernel does. Calls that are interrupted
 * are repeated, except {@code connect}, {@code close} and the waiting. <b>Ownership:</b> the first parameter is where errno
 * goes, of {@link #ERRNO_LAYOUT}: one for each selector, for the thread that drives it.
 */
final class LibC {
    /** On Linux there is errno, and nothing else. */
    static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();

    /** Where errno goes that nobody reads, from any thread. */
    static final MemorySegment NOBODY_READS = Arena.global().allocate(ERRNO_LAYOUT);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final FunctionDescriptor SHAPE =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle CLOSE = link("close");
    private static final MethodHandle EPOLL_CREATE1 = link("epoll_create1");
    private static final MethodHandle EVENTFD = link("eventfd");
    private static final MethodHandle LISTEN = link("listen");
    private static final MethodHandle SHUTDOWN = link("shutdown");
    private static final MethodHandle SOCKET = link("socket");
    private static final MethodHandle CONNECT = link("connect");
    private static final MethodHandle BIND = link("bind");
    private static final MethodHandle GETSOCKNAME = link("getsockname");
    private static final MethodHandle SENDMSG = link("sendmsg");
    private static final MethodHandle WRITE = link("write");
    private static final MethodHandle ACCEPT4 = link("accept4");
    private static final MethodHandle EPOLL_CTL = link("epoll_ctl");
    private static final MethodHandle EPOLL_WAIT = link("epoll_wait");
    private static final MethodHandle RECV = link("recv");
    private static final MethodHandle SEND = link("send");
    private static final @Nullable MethodHandle EPOLL_PWAIT2 = linkIfThere("epoll_pwait2");
    private static final MethodHandle GETSOCKOPT = link("getsockopt");
    private static final MethodHandle SETSOCKOPT = link("setsockopt");

    private LibC() {}

    /** A place for errno. Of unlimited life as far as the JDK knows, so that passing it to a call costs no bookkeeping. */
    @SuppressWarnings("restricted")
    static MemorySegment errnoAt(long address) {
        return MemorySegment.ofAddress(address).reinterpret(ERRNO_LAYOUT.byteSize());
    }

    private static MethodHandle link(String name) {
        MethodHandle linked = linkIfThere(name);
        if (linked == null) {
            throw new UnsatisfiedLinkError("the C library has no " + name);
        }
        return linked;
    }

    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle linkIfThere(String name) {
        Optional<MemorySegment> address = LINKER.defaultLookup().find(name);
        return address.isEmpty() ? null : LINKER.downcallHandle(address.get(), SHAPE, CAPTURE);
    }

    private static int errno(MemorySegment errno) {
        return errno.get(JAVA_INT, 0);
    }

    /** Of a call with an {@code int} result. */
    private static int result(MemorySegment errno, long returned) {
        int value = (int) returned;
        return value < 0 ? -errno(errno) : value;
    }

    /** Of a call with an {@code ssize_t} result. */
    private static long bytes(MemorySegment errno, long returned) {
        return returned < 0 ? -errno(errno) : returned;
    }

    /** The handles throw nothing that is declared. */
    private static IllegalStateException impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("a native call failed", thrown);
    }

    // ---- descriptors

    /** The descriptor is gone in any case, also after EINTR: close(2), "Dealing with error returns from close()". */
    static void close(int fd) {
        try {
            long ignored = (long) CLOSE.invokeExact(NOBODY_READS, (long) fd, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int eventfd(MemorySegment errno, int flags) {
        try {
            return result(errno, (long) EVENTFD.invokeExact(errno, 0L, (long) flags, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** write(2), used for event descriptors only. */
    static long write(MemorySegment errno, int fd, long address, long size) {
        try {
            long n;
            do {
                n = bytes(errno, (long) WRITE.invokeExact(errno, (long) fd, address, size, 0L, 0L));
            } while (n == -Errno.EINTR);
            return n;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    // ---- epoll

    static int epollCreate(MemorySegment errno, int flags) {
        try {
            return result(errno, (long) EPOLL_CREATE1.invokeExact(errno, (long) flags, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int epollCtl(MemorySegment errno, int epoll, int operation, int fd, long event) {
        try {
            int r;
            do {
                r = result(errno, (long)
                        EPOLL_CTL.invokeExact(errno, (long) epoll, (long) operation, (long) fd, event, 0L));
            } while (r == -Errno.EINTR);
            return r;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param millis -1 for ever */
    static int epollWait(MemorySegment errno, int epoll, long events, int most, int millis) {
        try {
            return result(
                    errno, (long) EPOLL_WAIT.invokeExact(errno, (long) epoll, events, (long) most, (long) millis, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Whether the C library has {@link #epollWaitNanos}; the kernel may still give ENOSYS. */
    static boolean hasEpollPwait2() {
        return EPOLL_PWAIT2 != null;
    }

    /**
     * epoll_pwait2(2), without a change of the signal mask.
     *
     * @param timespec 0 for ever
     */
    @SuppressWarnings("NullAway") // asked for only if it is there; a null check would have to be in each call
    static int epollWaitNanos(MemorySegment errno, int epoll, long events, int most, long timespec) {
        try {
            return result(
                    errno, (long) EPOLL_PWAIT2.invokeExact(errno, (long) epoll, events, (long) most, timespec, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    // ---- sockets

    static int socket(MemorySegment errno, int family, int type) {
        try {
            return result(errno, (long) SOCKET.invokeExact(errno, (long) family, (long) type, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int connect(MemorySegment errno, int fd, long address, int size) {
        try {
            return result(errno, (long) CONNECT.invokeExact(errno, (long) fd, address, (long) size, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int bind(MemorySegment errno, int fd, long address, int size) {
        try {
            return result(errno, (long) BIND.invokeExact(errno, (long) fd, address, (long) size, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int listen(MemorySegment errno, int fd, int backlog) {
        try {
            return result(errno, (long) LISTEN.invokeExact(errno, (long) fd, (long) backlog, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int accept(MemorySegment errno, int fd, long address, long size, int flags) {
        try {
            int r;
            do {
                r = result(errno, (long) ACCEPT4.invokeExact(errno, (long) fd, address, size, (long) flags, 0L));
            } while (r == -Errno.EINTR);
            return r;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int getsockname(MemorySegment errno, int fd, long address, long size) {
        try {
            return result(errno, (long) GETSOCKNAME.invokeExact(errno, (long) fd, address, size, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int shutdown(MemorySegment errno, int fd, int how) {
        try {
            return result(errno, (long) SHUTDOWN.invokeExact(errno, (long) fd, (long) how, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int getsockopt(MemorySegment errno, int fd, int level, int option, long value, long size) {
        try {
            return result(
                    errno, (long) GETSOCKOPT.invokeExact(errno, (long) fd, (long) level, (long) option, value, size));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int setsockopt(MemorySegment errno, int fd, int level, int option, long value, int size) {
        try {
            return result(errno, (long)
                    SETSOCKOPT.invokeExact(errno, (long) fd, (long) level, (long) option, value, (long) size));
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    // ---- bytes

    static long recv(MemorySegment errno, int fd, long address, long size) {
        try {
            long n;
            do {
                n = bytes(errno, (long) RECV.invokeExact(errno, (long) fd, address, size, 0L, 0L));
            } while (n == -Errno.EINTR);
            return n;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long send(MemorySegment errno, int fd, long address, long size, int flags) {
        try {
            long n;
            do {
                n = bytes(errno, (long) SEND.invokeExact(errno, (long) fd, address, size, (long) flags, 0L));
            } while (n == -Errno.EINTR);
            return n;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long sendmsg(MemorySegment errno, int fd, long message, int flags) {
        try {
            long n;
            do {
                n = bytes(errno, (long) SENDMSG.invokeExact(errno, (long) fd, message, (long) flags, 0L, 0L));
            } while (n == -Errno.EINTR);
            return n;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    // ---- words

    /** The system's words for an error number; both C libraries keep them per thread or for good. */
    @SuppressWarnings("restricted")
    static String describe(int errno) {
        try {
            long text = (long) Words.STRERROR.invokeExact(NOBODY_READS, (long) errno, 0L, 0L, 0L, 0L);
            return MemorySegment.ofAddress(text).reinterpret(Words.LONGEST).getString(0);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Linked with the first error. */
    private static final class Words {
        static final long LONGEST = 1024;
        static final MethodHandle STRERROR = link("strerror");
    }
}
