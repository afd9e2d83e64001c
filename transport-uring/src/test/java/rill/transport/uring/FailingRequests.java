package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import rill.transport.epoll.linux.Architecture;
import rill.transport.epoll.linux.Interposer;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SystemCall;

/**
 * Counts system calls and requests of rings, and makes one of them fail. A request that is to fail is replaced by one that does nothing and is
 * answered with the error, so that the kernel never begins it. Everything is static, since LibC creates the one instance; guarded by the class.
 */
public final class FailingRequests implements Interposer {
    private static final int INJECT_RESULT = 1; // IORING_NOP_INJECT_RESULT
    private static final int UNANSWERED = 1 << 6; // IOSQE_CQE_SKIP_SUCCESS
    private static final long REQUESTS_AT = 0x10000000L;
    private static final int REQUEST_SIZE = 64;
    private static final int RECV = 27;
    private static final int PBUF_RING = 22;
    private static final long MAPPED = 2 * 1024 * 1024; // no mapping is longer

    private static final Map<Long, SystemCall> NAMES = new HashMap<>();
    private static final Map<SystemCall, Integer> COUNTS = new EnumMap<>(SystemCall.class);
    private static final Map<Integer, Integer> REQUESTS = new HashMap<>(); // by opcode
    private static final Map<Integer, Shared> RINGS = new HashMap<>(); // by descriptor
    private static SystemCall which;
    private static int opcode = -1;
    private static int countdown;
    private static int error;
    private static int times;
    private static int refusedRegistration = -1;
    private static int refusedFlags;
    private static int hiddenFeatures;
    private static int refusals;
    private static boolean refusesCaps;
    private static boolean losesEnds;
    private static long largePages; // the size of one; 0 for those that there are
    private static final Set<Long> MAPPINGS = new HashSet<>(); // of memory without a file
    private static boolean connects;
    private static boolean losesAnswer;

    static {
        Architecture here = Architecture.here();
        for (SystemCall each : SystemCall.values()) {
            NAMES.put((long) each.on(here), each);
        }
    }

    /** The location of a ring's requests. */
    private static final class Shared {
        long requests;
        int taken; // by the kernel, in total
    }

    /** Created by {@link Interposer}. */
    public FailingRequests() {}

    /** From now on counts calls and requests, from 0, and lets none fail. */
    static synchronized void count() {
        none();
        COUNTS.clear();
        REQUESTS.clear();
    }

    /** From now on nothing fails. */
    static synchronized void none() {
        which = null;
        opcode = -1;
        countdown = 0;
        times = 0;
        refusedRegistration = -1;
        refusedFlags = 0;
        hiddenFeatures = 0;
        refusals = 0;
        refusesCaps = false;
        losesEnds = false;
        largePages = 0;
        connects = false;
        losesAnswer = false;
    }

    /** Returns the number of such calls since {@link #count}. */
    static synchronized int made(SystemCall call) {
        return COUNTS.getOrDefault(call, 0);
    }

    /** Returns the number of requests with this opcode since {@link #count}. */
    static synchronized int requested(int code) {
        return REQUESTS.getOrDefault(code, 0);
    }

    /** The {@code nth} call of this kind from now on fails with {@code errno}; the others don't. */
    static synchronized void fail(SystemCall call, int nth, int errno) {
        fail(call, nth, errno, 1);
    }

    /** From the {@code nth} call of this kind on, {@code inAll} calls fail. */
    static synchronized void fail(SystemCall call, int nth, int errno, int inAll) {
        none();
        which = call;
        countdown = nth;
        error = errno;
        times = inAll;
    }

    /** The {@code nth} request with this opcode from now on fails with {@code errno}; the others don't. */
    static synchronized void failRequest(int code, int nth, int errno) {
        failRequest(code, nth, errno, 1);
    }

    /** From the {@code nth} request with this opcode on, {@code inAll} requests fail. */
    static synchronized void failRequest(int code, int nth, int errno, int inAll) {
        none();
        opcode = code;
        countdown = nth;
        error = errno;
        times = inAll;
    }

    /** The next connect request is carried out by a call, and answered with {@code errno}. */
    static synchronized void begin(int code, int errno) {
        failRequest(code, 1, errno);
        connects = true;
    }

    /** The next request with this opcode is never answered, as if the kernel had no memory to keep the answer. */
    static synchronized void loseAnswer(int code) {
        failRequest(code, 1, 0);
        losesAnswer = true;
    }

    /** From now on the kernel has no memory for requests: the next {@code inAll} calls of enter that submit any fail. */
    static synchronized void refuseRequests(int inAll) {
        none();
        refusals = inAll;
    }

    /** A receive request that has an upper bound is unknown, as before Linux 6.17. */
    static synchronized void refuseCaps() {
        none();
        refusesCaps = true;
    }

    /** Pages are of this size: a mapping begins with one, and buffers are registered at the beginning of one. */
    static synchronized void pages(long size) {
        none();
        largePages = size;
    }

    private static boolean isWithinAPage(long description) {
        long at = LibC.memoryAt(description, 8).get(JAVA_LONG, 0);
        return MAPPINGS.stream().noneMatch(each -> at >= each && at < each + MAPPED && (at - each) % largePages == 0);
    }

    /** The end of a stream arrives nowhere, as on a kernel that forgets it. */
    static synchronized void loseEnds() {
        none();
        losesEnds = true;
    }

    /** io_uring_register refuses this operation, like a kernel that does not know it. */
    static synchronized void refuseRegistration(int operation, int errno) {
        none();
        refusedRegistration = operation;
        error = errno;
    }

    /** io_uring_setup refuses these flags, like a kernel that does not know them. */
    static synchronized void refuseFlags(int flags) {
        none();
        refusedFlags = flags;
    }

    /** io_uring_setup does not report these features, like a kernel that lacks them. */
    static synchronized void hideFeatures(int features) {
        none();
        hiddenFeatures = features;
    }

    /** Whether the failure has happened. */
    static synchronized boolean happened() {
        return countdown <= 0 && times == 0;
    }

    private static synchronized boolean isLost(SystemCall call) {
        return call == SystemCall.SHUTDOWN && losesEnds;
    }

    private static synchronized int failureOf(SystemCall call, long b, long c) {
        COUNTS.merge(call, 1, Integer::sum);
        if (call == SystemCall.IO_URING_ENTER && refusals > 0 && (int) b > 0) {
            refusals--;
            return 11; // EAGAIN
        }
        if (call == SystemCall.IO_URING_REGISTER && (int) b == refusedRegistration) {
            return error;
        }
        if (call == SystemCall.IO_URING_REGISTER && (int) b == PBUF_RING && largePages > 0 && isWithinAPage(c)) {
            return 22; // EINVAL
        }
        if (call == SystemCall.IO_URING_SETUP && (LibC.memoryAt(b, 12).get(JAVA_INT, 8) & refusedFlags) != 0) {
            return 22; // EINVAL
        }
        if (call != which || times == 0 || --countdown > 0) {
            return 0;
        }
        times--;
        return error;
    }

    @Override
    public long call(
            MethodHandle kernel, MemorySegment errno, long number, long a, long b, long c, long d, long e, long f)
            throws Throwable {
        SystemCall call = NAMES.get(number);
        int failure = failureOf(call, b, c);
        if (failure != 0 && call != SystemCall.CLOSE) { // close(2) releases the descriptor even if it fails
            errno.set(JAVA_INT, 0, failure);
            return -1;
        }
        if (isLost(call)) {
            return 0;
        }
        if (call == SystemCall.IO_URING_ENTER) {
            change((int) a, (int) b);
        }
        long result = (long) kernel.invokeExact(errno, number, a, b, c, d, e, f);
        if (result >= 0) {
            after(call, a, b, e, f, result);
        }
        if (failure != 0) {
            errno.set(JAVA_INT, 0, failure);
            return -1;
        }
        return result;
    }

    private static synchronized void after(SystemCall call, long a, long b, long e, long f, long result) {
        if (call == SystemCall.MMAP && f == REQUESTS_AT) {
            var ring = new Shared();
            ring.requests = result;
            RINGS.put((int) e, ring);
        } else if (call == SystemCall.MMAP && (int) e == -1) {
            MAPPINGS.add(result);
        } else if (call == SystemCall.IO_URING_ENTER) {
            RINGS.get((int) a).taken += (int) result;
        } else if (call == SystemCall.IO_URING_SETUP && hiddenFeatures != 0) {
            MemorySegment parameters = LibC.memoryAt(b, 120);
            parameters.set(JAVA_INT, 20, parameters.get(JAVA_INT, 20) & ~hiddenFeatures);
        }
    }

    /** Inspects the requests that the kernel is about to take. */
    private static synchronized void change(int fd, int submitted) {
        Shared ring = RINGS.get(fd);
        MemorySegment all = LibC.memoryAt(ring.requests, (long) Ring.Size.USUAL.requests() * REQUEST_SIZE);
        for (int i = 0; i < submitted; i++) {
            long at = (long) ((ring.taken + i) & (Ring.Size.USUAL.requests() - 1)) * REQUEST_SIZE;
            int code = all.get(JAVA_BYTE, at) & 0xff;
            REQUESTS.merge(code, 1, Integer::sum);
            if (code == RECV && refusesCaps && all.get(JAVA_INT, at + 44) != 0) {
                makeFail(all, at, 22); // EINVAL
            } else if (code == opcode && times > 0 && --countdown <= 0) {
                times--;
                if (connects) {
                    LibC.connect(LibC.NOBODY_READS, all.get(JAVA_INT, at + 4), all.get(JAVA_LONG, at + 16), (int)
                            all.get(JAVA_LONG, at + 8));
                }
                makeFail(all, at, error);
            }
        }
    }

    private static void makeFail(MemorySegment all, long at, int errno) {
        long options = losesAnswer ? UNANSWERED << Byte.SIZE : 0;
        all.set(JAVA_LONG, at, 0xffff_ffffL << 32 | options); // a NOP, on no descriptor
        all.set(JAVA_LONG, at + 8, 0);
        all.set(JAVA_LONG, at + 16, 0);
        all.set(JAVA_INT, at + 24, -errno);
        all.set(JAVA_INT, at + 28, INJECT_RESULT);
        all.set(JAVA_LONG, at + 40, 0);
    }
}
