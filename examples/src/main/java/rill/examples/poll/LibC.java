package rill.examples.poll;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls of the C library, with Linux's constants. Each returns its result, or the error number negated.
 *
 * <p>It is short rather than fast: calls are made by {@code invokeWithArguments}.
 */
final class LibC {
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int EPROTO = 71;
    static final int ECONNABORTED = 103;
    static final int EINPROGRESS = 115;

    private static final int EADDRINUSE = 98;
    private static final int EADDRNOTAVAIL = 99;
    private static final int ECONNRESET = 104;
    private static final int ETIMEDOUT = 110;
    private static final int ECONNREFUSED = 111;

    static final int NON_BLOCKING = 0x80800; // SOCK_NONBLOCK | SOCK_CLOEXEC, and the same for EFD_…

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle CONNECT = link("connect", JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle BIND = link("bind", JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle LISTEN = link("listen", JAVA_INT, JAVA_INT);
    static final MethodHandle ACCEPT = link("accept4", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    static final MethodHandle GETSOCKNAME = link("getsockname", JAVA_INT, ADDRESS, ADDRESS);
    static final MethodHandle GETSOCKOPT = link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    static final MethodHandle SETSOCKOPT = link("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle SHUTDOWN = link("shutdown", JAVA_INT, JAVA_INT);
    static final MethodHandle CLOSE = link("close", JAVA_INT);
    static final MethodHandle EVENTFD = link("eventfd", JAVA_INT, JAVA_INT);
    static final MethodHandle PPOLL = link("ppoll", ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
    static final MethodHandle READ = link("read", JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle WRITE = link("write", JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle RECV = link("recv", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    static final MethodHandle SEND = link("send", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);

    private LibC() {}

    /** All functions called here return an int, or a count of bytes that fits in one. */
    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters), ERRNO);
    }

    /** Makes a call, and repeats it if a signal interrupts it, except for ppoll, connect and close. */
    static int call(MethodHandle function, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.addFirst(STATE.get());
        int result;
        do {
            result = callOnce(function, all);
        } while (result == -EINTR && function != PPOLL && function != CONNECT && function != CLOSE);
        return result;
    }

    private static int callOnce(MethodHandle function, List<Object> arguments) {
        try {
            int result = (int) function.invokeWithArguments(arguments);
            return result < 0 ? -STATE.get().get(JAVA_INT, 0) : result;
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // no function declares one
        }
    }

    /** Makes a call as {@link #call} does, and throws on an error. */
    static int check(MethodHandle function, Object... arguments) throws IOException {
        int result = call(function, arguments);
        if (result < 0) {
            throw failure(-result);
        }
        return result;
    }

    static IOException failure(int errno) {
        return switch (errno) {
            case ECONNREFUSED -> new ConnectException("Connection refused");
            case ETIMEDOUT -> new SocketException("Connection timed out");
            case ECONNRESET -> new SocketException("Connection reset");
            case EADDRINUSE -> new BindException("Address already in use");
            case EADDRNOTAVAIL -> new BindException("Cannot assign requested address");
            default -> new SocketException("error " + errno + " of the system, see errno(3)");
        };
    }
}
