package rill.transport.epoll;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.readiness.Interruption;

/**
 * The epoll descriptor: waiting for events, and ending the wait from outside.
 *
 * <p>A wake-up is a write to an event descriptor that is watched edge-triggered: each write makes one event, so that nobody has
 * to read it. {@link #woken} spares the write while an earlier one has not been noticed.
 *
 * <p><b>Threading:</b> the selector's driver, except {@link #wakeup}. <b>Ownership:</b> of both descriptors; no wake-up writes
 * to one that was closed. The memory is given back after them.
 */
final class EpollWait {
    static final int IN = 0x1;
    static final int OUT = 0x4;
    static final int ERR = 0x8;
    static final int HUP = 0x10;

    /** In place of a descriptor that was given back. */
    static final int CLOSED = -1;

    private static final int CLOSE_ON_EXEC = 0x80000; // EPOLL_CLOEXEC, EFD_CLOEXEC
    private static final int NON_BLOCKING = 0x800; // EFD_NONBLOCK
    private static final int EDGE_TRIGGERED = 1 << 31; // EPOLLET
    private static final int ADD = 1; // EPOLL_CTL_ADD
    private static final int DELETE = 2;
    private static final int MODIFY = 3;
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final NativeMemory memory;
    private final int epoll;
    private final int event;
    private final Interruption interruption = new Interruption(this::wakeup);
    private boolean inNanos = true; // as long as the kernel does

    private final AtomicBoolean woken = new AtomicBoolean();
    private final Object waking = new Object();
    private boolean closed; // guarded by waking

    EpollWait(NativeMemory memory) throws Refused {
        this.memory = memory;
        int made = LibC.epollCreate(memory.errno, CLOSE_ON_EXEC);
        int wakes = made < 0 ? made : LibC.eventfd(memory.errno, CLOSE_ON_EXEC | NON_BLOCKING);
        int added = wakes < 0
                ? wakes
                : LibC.epollCtl(memory.errno, made, ADD, wakes, memory.event(IN | EDGE_TRIGGERED, Registrations.NONE));
        if (added < 0) {
            closeAll(made, wakes);
            throw new Refused(-added);
        }
        epoll = made;
        event = wakes;
    }

    /** The system gives no descriptors, or not these. */
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

    /**
     * Asks for these events of a descriptor, after having asked for those before. With none the descriptor leaves epoll altogether:
     * errors and hang-ups are told of whatever is in, and as long as nobody deals with them every wait would return at once.
     */
    void watch(int fd, long data, int before, int wanted) throws IOException {
        if (wanted != before) {
            int operation = before == 0 ? ADD : wanted == 0 ? DELETE : MODIFY;
            Errno.check(LibC.epollCtl(memory.errno, epoll, operation, fd, memory.event(wanted, data)));
        }
    }

    /** How many events are there now. */
    int poll() throws IOException {
        try {
            return counted(LibC.epollWait(memory.errno, epoll, memory.eventsAddress(), NativeMemory.MOST_EVENTS, 0));
        } finally {
            useUpWakeup();
        }
    }

    /**
     * Waits for events; how many have come. None may mean a wake-up, a signal, an interrupt or that the time is over. A wake-up that
     * came before has left its event, which ends this at once.
     */
    int block(long nanos) throws IOException {
        interruption.begins();
        try {
            return counted(inNanos ? waitNanos(nanos) : waitMillis(nanos));
        } finally {
            interruption.ends();
            useUpWakeup();
        }
    }

    /** Whoever has woken us sees the call return, and we see what they did before. */
    private void useUpWakeup() {
        if (woken.get()) {
            woken.getAndSet(false);
        }
    }

    private int waitNanos(long nanos) {
        long timeout = nanos < 0 ? 0 : memory.timespec(nanos);
        int n = LibC.epollWaitNanos(memory.errno, epoll, memory.eventsAddress(), NativeMemory.MOST_EVENTS, timeout);
        if (n >= 0 || isOfTheCall(-n)) {
            return n;
        }
        inNanos = false; // Linux before 5.11, or a filter that has not heard of it and says no in words of its own
        return waitMillis(nanos);
    }

    /** What its manual page lists. */
    private static boolean isOfTheCall(int errno) {
        return errno == Errno.EINTR || errno == Errno.EBADF || errno == Errno.EFAULT || errno == Errno.EINVAL;
    }

    private int waitMillis(long nanos) {
        int millis = nanos < 0 ? -1 : millis(nanos);
        return LibC.epollWait(memory.errno, epoll, memory.eventsAddress(), NativeMemory.MOST_EVENTS, millis);
    }

    /** Rounds up: waking up early would mean to wait again. */
    static int millis(long nanos) {
        return (int) Math.min(Integer.MAX_VALUE, (nanos - 1) / NANOS_PER_MILLI + 1);
    }

    private static int counted(int result) throws IOException {
        return result == -Errno.EINTR ? 0 : Errno.check(result);
    }

    /** Ends the wait, or else the next one. Any thread. */
    void wakeup() {
        if (!woken.getAndSet(true)) {
            synchronized (waking) {
                if (!closed) {
                    LibC.write(memory.wakingErrno, event, memory.one.address(), memory.one.byteSize());
                }
            }
        }
    }

    void close() {
        synchronized (waking) {
            closed = true;
            closeAll(epoll, event);
        }
    }
}
