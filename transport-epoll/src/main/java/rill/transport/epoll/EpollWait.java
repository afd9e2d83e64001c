package rill.transport.epoll;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.Epoll;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.Registrations;
import rill.transport.epoll.linux.Waker;

/**
 * The epoll descriptor: waiting for events, and ending the wait from outside.
 *
 * <p>The event descriptor of a {@link Waker} is watched edge-triggered, so that each write to it causes one event.
 *
 * <p><b>Threading:</b> the selector's driver, except {@link #wakeup}. <b>Ownership:</b> of both descriptors. The memory is released after them.
 */
final class EpollWait {
    /** Stands for a descriptor that was closed. */
    static final int CLOSED = -1;

    private static final int MOST_EVENTS = 512; // taken by one wait
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final NativeMemory memory;
    private final Epoll epoll;
    private final Waker waker;
    private boolean inNanos = true; // as long as the kernel supports it

    EpollWait(NativeMemory memory) throws Refused {
        this.memory = memory;
        int made = Epoll.descriptor(memory.errno);
        int wakes = made < 0 ? made : Waker.descriptor(memory.errno);
        if (wakes < 0) {
            closeAll(made);
            throw new Refused(-wakes);
        }
        try {
            epoll = new Epoll(memory.errno, memory.arena, MOST_EVENTS, made);
            int added = epoll.watch(wakes, Registrations.NONE, 0, Epoll.IN | Epoll.EDGE_TRIGGERED);
            if (added < 0) {
                throw new Refused(-added);
            }
            waker = Waker.of(wakes);
        } catch (Refused | RuntimeException | Error e) {
            closeAll(made, wakes);
            throw e;
        }
    }

    Epoll epoll() {
        return epoll;
    }

    /** The system provides no descriptors, or not these. */
    static final class Refused extends IOException {
        final int errno;

        Refused(int errno) {
            super("open a selector: " + LibC.describe(errno));
            this.errno = errno;
        }
    }

    private void closeAll(int... descriptors) {
        for (int fd : descriptors) {
            if (fd >= 0) {
                LibC.close(fd);
            }
        }
    }

    /** Returns how many events are available now. */
    int poll() throws IOException {
        try {
            return Epoll.counted(epoll.awaitMillis(0));
        } finally {
            waker.useUp();
        }
    }

    /**
     * Waits for events, and returns how many have arrived. Zero may mean a wake-up, a signal, an interrupt or the end of the time. A wake-up that
     * came earlier has left its event, which ends the wait at once.
     */
    int block(long nanos) throws IOException {
        waker.waitBegins();
        try {
            return Epoll.counted(inNanos ? waitNanos(nanos) : waitMillis(nanos));
        } finally {
            waker.waitEnds();
            waker.useUp();
        }
    }

    private int waitNanos(long nanos) {
        long timeout = nanos < 0 ? 0 : memory.timespec(nanos);
        int n = epoll.awaitTime(timeout);
        if (n >= 0 || isOfTheCall(-n)) {
            return n;
        }
        inNanos = false; // Linux before 5.11, or a filter that does not know the call and refuses it
        return waitMillis(nanos);
    }

    /** Returns whether the call's manual page lists this error. */
    private static boolean isOfTheCall(int errno) {
        return errno == Errno.EINTR || errno == Errno.EBADF || errno == Errno.EFAULT || errno == Errno.EINVAL;
    }

    private int waitMillis(long nanos) {
        int millis = nanos < 0 ? -1 : millis(nanos);
        return epoll.awaitMillis(millis);
    }

    /** Rounds up, because waking up early would mean waiting again. */
    static int millis(long nanos) {
        return (int) Math.min(Integer.MAX_VALUE, (nanos - 1) / NANOS_PER_MILLI + 1);
    }

    /** Ends the wait, or else the next one. Thread-safe. */
    void wakeup() {
        waker.wakeup();
    }

    void close() {
        epoll.close();
        waker.close();
    }
}
