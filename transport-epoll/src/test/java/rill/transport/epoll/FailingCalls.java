package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import rill.transport.epoll.linux.Architecture;
import rill.transport.epoll.linux.Interposer;
import rill.transport.epoll.linux.SystemCall;

/** Counts system calls, and makes one of them fail. Everything is static, since LibC creates the one instance; guarded by the class. */
public final class FailingCalls implements Interposer {
    private static final Map<Long, SystemCall> NAMES = new HashMap<>();
    private static final Map<SystemCall, Integer> COUNTS = new EnumMap<>(SystemCall.class);
    private static SystemCall which;
    private static int countdown;
    private static int error;

    static {
        for (SystemCall each : SystemCall.values()) {
            NAMES.put((long) each.on(Architecture.here()), each);
        }
    }

    /** Created by {@link Interposer}. */
    public FailingCalls() {}

    /** From now on counts calls, from 0, and lets none fail. */
    static synchronized void count() {
        fail(null, 0, 0);
        COUNTS.clear();
    }

    /** Returns the number of such calls since {@link #count}. */
    static synchronized int made(SystemCall call) {
        return COUNTS.getOrDefault(call, 0);
    }

    /** The {@code nth} call of this kind from now on fails with {@code errno}; the others don't. */
    static synchronized void fail(SystemCall call, int nth, int errno) {
        which = call;
        countdown = nth;
        error = errno;
    }

    /** Whether the failure has happened. */
    static synchronized boolean happened() {
        return countdown == 0;
    }

    private static synchronized int failureOf(SystemCall call) {
        COUNTS.merge(call, 1, Integer::sum);
        return call == which && countdown > 0 && --countdown == 0 ? error : 0;
    }

    @Override
    public long call(
            MethodHandle kernel, MemorySegment errno, long number, long a, long b, long c, long d, long e, long f)
            throws Throwable {
        SystemCall call = NAMES.get(number);
        int failure = failureOf(call);
        if (failure == 0 || call == SystemCall.CLOSE) { // close(2) releases the descriptor even if it fails
            long result = (long) kernel.invokeExact(errno, number, a, b, c, d, e, f);
            if (failure == 0) {
                return result;
            }
        }
        errno.set(JAVA_INT, 0, failure);
        return -1;
    }
}
