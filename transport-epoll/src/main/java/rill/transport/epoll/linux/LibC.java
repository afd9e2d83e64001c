package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * The C library: every native call of the transports is here, and nothing else is.
 *
 * <p>All but {@code strerror} go through syscall(2), by their numbers, for two reasons. Linking costs about ten milliseconds for each shape of call,
 * so there is one shape. And the C library's own {@code recv} and {@code send} are cancellation points, which in a process with threads costs about a
 * third of what Rill's own code takes for a small message.
 *
 * <p>Parameters are passed as 64 bits; where the kernel declares an {@code int}, it uses only the lower half. Addresses are numbers as well, which
 * avoids the bookkeeping of a {@link MemorySegment} per call.
 *
 * <p><b>Errors:</b> every call returns its result, or the negated error number, as the kernel does. Interrupted calls are repeated, except
 * {@code connect}, {@code close} and the waiting calls. <b>Ownership:</b> the first parameter is the place for errno, of {@link #ERRNO_LAYOUT}: one for each
 * Selector, for the thread that drives it.
 *
 * <p><b>Source:</b> syscall(2).
 */
public final class LibC {
    /** The layout of captured state: on Linux, errno and nothing else. */
    public static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();

    /** A place for an errno that nobody reads, from any thread. */
    public static final MemorySegment NOBODY_READS = Arena.global().allocate(ERRNO_LAYOUT);

    private static final Architecture HERE = Objects.requireNonNull(Architecture.here());

    private static final long ACCEPT4 = number(SystemCall.ACCEPT4);
    private static final long BIND = number(SystemCall.BIND);
    private static final long CLOSE = number(SystemCall.CLOSE);
    private static final long CONNECT = number(SystemCall.CONNECT);
    private static final long EPOLL_CREATE1 = number(SystemCall.EPOLL_CREATE1);
    private static final long EPOLL_CTL = number(SystemCall.EPOLL_CTL);
    private static final long EPOLL_PWAIT = number(SystemCall.EPOLL_PWAIT);
    private static final long EPOLL_PWAIT2 = number(SystemCall.EPOLL_PWAIT2);
    private static final long EVENTFD2 = number(SystemCall.EVENTFD2);
    private static final long GETSOCKNAME = number(SystemCall.GETSOCKNAME);
    private static final long GETSOCKOPT = number(SystemCall.GETSOCKOPT);
    private static final long IO_URING_ENTER = number(SystemCall.IO_URING_ENTER);
    private static final long IO_URING_REGISTER = number(SystemCall.IO_URING_REGISTER);
    private static final long IO_URING_SETUP = number(SystemCall.IO_URING_SETUP);
    private static final long IOCTL = number(SystemCall.IOCTL);
    private static final long LISTEN = number(SystemCall.LISTEN);
    private static final long MMAP = number(SystemCall.MMAP);
    private static final long MUNMAP = number(SystemCall.MUNMAP);
    private static final long RECVFROM = number(SystemCall.RECVFROM);
    private static final long SENDMSG = number(SystemCall.SENDMSG);
    private static final long SENDTO = number(SystemCall.SENDTO);
    private static final long SETSOCKOPT = number(SystemCall.SETSOCKOPT);
    private static final long SHUTDOWN = number(SystemCall.SHUTDOWN);
    private static final long SOCKET = number(SystemCall.SOCKET);
    private static final long SOCKETPAIR = number(SystemCall.SOCKETPAIR);
    private static final long WRITE = number(SystemCall.WRITE);

    private static final int READ_AND_WRITE = 3; // PROT_READ | PROT_WRITE

    private static final Linker LINKER = Linker.nativeLinker();

    // Each shape of call is in reachability-metadata.json as well, for native images.
    private static final FunctionDescriptor SYSCALL_SHAPE = FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /**
     * Not final, and therefore not a constant for the compiler: it compiles the call separately, once, and does not inline it into each caller. Where
     * the call is inlined at the end of a deep chain of calls, the compiler gives up within the JDK's own part of it, and then each call allocates
     * the slice that the JDK makes of errno's place.
     */
    @SuppressWarnings({"FieldCanBeFinal", "NonFinalStaticField"})
    private static MethodHandle syscall = Interposer.around(link("syscall", SYSCALL_SHAPE));

    private LibC() {}

    /** Returns a constant for the compiler, which an enum's field is not. */
    private static long number(SystemCall call) {
        return call.on(HERE);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor shape) {
        MemorySegment address = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
        return LINKER.downcallHandle(address, shape, Linker.Option.captureCallState("errno"));
    }

    /** Returns a place for errno. As far as the JDK knows, it lives forever, so that passing it to a call needs no bookkeeping. */
    @SuppressWarnings("restricted")
    public static MemorySegment errnoAt(long address) {
        return MemorySegment.ofAddress(address).reinterpret(ERRNO_LAYOUT.byteSize());
    }

    /** All memory of this process, at its addresses. Reads and writes are not checked. */
    public static final MemorySegment EVERYTHING = memoryAt(0, Long.MAX_VALUE);

    /** Returns this many bytes at an address that came from the kernel or another owner of memory. Nothing keeps that memory alive. */
    @SuppressWarnings("restricted")
    public static MemorySegment memoryAt(long address, long size) {
        return MemorySegment.ofAddress(address).reinterpret(size);
    }

    private static long call(MemorySegment errno, long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) syscall.invokeExact(errno, number, a, b, c, d, e, f);
            return result < 0 ? -errno.get(JAVA_INT, 0) : result;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Repeats a call until it is not interrupted. */
    private static long persist(MemorySegment errno, long number, long a, long b, long c, long d, long e, long f) {
        long result;
        do {
            result = call(errno, number, a, b, c, d, e, f);
        } while (result == -Errno.EINTR);
        return result;
    }

    /** The handle throws no declared exception. */
    private static IllegalStateException impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("a native call failed", thrown);
    }

    // ---- descriptors

    /** close(2). The descriptor is gone in any case, even after EINTR: see "Dealing with error returns from close()". */
    public static void close(int fd) {
        call(NOBODY_READS, CLOSE, fd, 0, 0, 0, 0, 0);
    }

    public static int eventfd(MemorySegment errno, int flags) {
        return (int) call(errno, EVENTFD2, 0, flags, 0, 0, 0, 0);
    }

    /** write(2), used for event descriptors only. */
    public static long write(MemorySegment errno, int fd, long address, long size) {
        return persist(errno, WRITE, fd, address, size, 0, 0, 0);
    }

    // ---- io_uring

    /** io_uring_setup(2). */
    public static int uringSetup(MemorySegment errno, int entries, long parameters) {
        return (int) call(errno, IO_URING_SETUP, entries, parameters, 0, 0, 0, 0);
    }

    /** io_uring_enter(2). May be interrupted. */
    public static int uringEnter(
            MemorySegment errno, int ring, int submit, int complete, int flags, long argument, long size) {
        return (int) call(errno, IO_URING_ENTER, ring, submit, complete, flags, argument, size);
    }

    /** io_uring_register(2). */
    public static int uringRegister(MemorySegment errno, int ring, int operation, long argument, int count) {
        return (int) call(errno, IO_URING_REGISTER, ring, operation, argument, count, 0, 0);
    }

    /** mmap(2), at an address of the kernel's choice, readable and writable. */
    public static long map(MemorySegment errno, long size, int flags, int fd, long offset) {
        return call(errno, MMAP, 0, size, READ_AND_WRITE, flags, fd, offset);
    }

    /** munmap(2). */
    public static void unmap(long address, long size) {
        call(NOBODY_READS, MUNMAP, address, size, 0, 0, 0, 0);
    }

    // ---- epoll

    public static int epollCreate(MemorySegment errno, int flags) {
        return (int) call(errno, EPOLL_CREATE1, flags, 0, 0, 0, 0, 0);
    }

    public static int epollCtl(MemorySegment errno, int epoll, int operation, int fd, long event) {
        return (int) persist(errno, EPOLL_CTL, epoll, operation, fd, event, 0, 0);
    }

    /**
     * epoll_pwait(2), without changing the signal mask.
     *
     * @param millis -1 for no limit
     */
    public static int epollWait(MemorySegment errno, int epoll, long events, int most, int millis) {
        return (int) call(errno, EPOLL_PWAIT, epoll, events, most, millis, 0, 0);
    }

    /**
     * epoll_pwait2(2), likewise; ENOSYS before Linux 5.11.
     *
     * @param timespec 0 for no limit
     */
    public static int epollWaitNanos(MemorySegment errno, int epoll, long events, int most, long timespec) {
        return (int) call(errno, EPOLL_PWAIT2, epoll, events, most, timespec, 0, 0);
    }

    // ---- sockets

    public static int socket(MemorySegment errno, int family, int type) {
        return (int) call(errno, SOCKET, family, type, 0, 0, 0, 0);
    }

    /** socketpair(2): two sockets connected to each other, whose descriptors are written to an address. */
    public static int socketpair(MemorySegment errno, int family, int type, long descriptors) {
        return (int) call(errno, SOCKETPAIR, family, type, 0, descriptors, 0, 0);
    }

    public static int connect(MemorySegment errno, int fd, long address, int size) {
        return (int) call(errno, CONNECT, fd, address, size, 0, 0, 0);
    }

    public static int bind(MemorySegment errno, int fd, long address, int size) {
        return (int) call(errno, BIND, fd, address, size, 0, 0, 0);
    }

    public static int listen(MemorySegment errno, int fd, int backlog) {
        return (int) call(errno, LISTEN, fd, backlog, 0, 0, 0, 0);
    }

    public static int accept(MemorySegment errno, int fd, long address, long size, int flags) {
        return (int) persist(errno, ACCEPT4, fd, address, size, flags, 0, 0);
    }

    public static int getsockname(MemorySegment errno, int fd, long address, long size) {
        return (int) call(errno, GETSOCKNAME, fd, address, size, 0, 0, 0);
    }

    public static int shutdown(MemorySegment errno, int fd, int how) {
        return (int) call(errno, SHUTDOWN, fd, how, 0, 0, 0, 0);
    }

    public static int getsockopt(MemorySegment errno, int fd, int level, int option, long value, long size) {
        return (int) call(errno, GETSOCKOPT, fd, level, option, value, size, 0);
    }

    public static int setsockopt(MemorySegment errno, int fd, int level, int option, long value, int size) {
        return (int) call(errno, SETSOCKOPT, fd, level, option, value, size, 0);
    }

    /** ioctl(2), for requests that write an {@code int} to an address. */
    public static int ioctl(MemorySegment errno, int fd, int request, long address) {
        return (int) call(errno, IOCTL, fd, request, address, 0, 0, 0);
    }

    // ---- bytes

    public static long recv(MemorySegment errno, int fd, long address, long size) {
        return persist(errno, RECVFROM, fd, address, size, 0, 0, 0);
    }

    public static long send(MemorySegment errno, int fd, long address, long size, int flags) {
        return persist(errno, SENDTO, fd, address, size, flags, 0, 0);
    }

    public static long sendmsg(MemorySegment errno, int fd, long message, int flags) {
        return persist(errno, SENDMSG, fd, message, flags, 0, 0, 0);
    }

    // ---- messages

    /** Returns the system's message for an error number; both C libraries keep it per thread or forever. */
    @SuppressWarnings("restricted")
    public static String describe(int errno) {
        try {
            long text = (long) Words.STRERROR.invokeExact(NOBODY_READS, (long) errno);
            return MemorySegment.ofAddress(text).reinterpret(Words.LONGEST).getString(0);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Linked at the first error. */
    private static final class Words {
        static final long LONGEST = 1024;
        static final FunctionDescriptor STRERROR_SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
        static final MethodHandle STRERROR = link("strerror", STRERROR_SHAPE);
    }
}
