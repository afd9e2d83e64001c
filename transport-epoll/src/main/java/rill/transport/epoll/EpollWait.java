package rill.transport.epoll;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.Registrations;
import rill.transport.epoll.linux.Waker;

/**
 * The epoll descriptor: waiting for events, and ending the wait from outside.
 *
 * <p>The event descriptor of a {@link Waker} is watched edge-triggered, so that each write to it makes one event.
 *
 * <p><b>Threading:</b> the selector's driver, except {@link #wakeup}. <b>Ownership:</b> of both descriptors. The memory is given back after
 * them.
 */
final class EpollWait {
    static final int IN = 0x1;
    static final int OUT = 0x4;
    static final int ERR = 0x8;
    static final int HUP = 0x10;

    /** In place of a descriptor that was given back. */
    static final int CLOSED = -1;

    private static final int CLOSE_ON_EXEC = 0x80000; // EPOLL_CLOEXEC
    private static final int EDGE_TRIGGERED = 1 << 31; // EPOLLET
    private static final int ADD = 1; // EPOLL_CTL_ADD
    private static final int DELETE = 2;
    private static final int MODIFY = 3;
    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final NativeMemory memory;
    private final int epoll;
    private final Waker waker;
    private boolean inNanos = true; // as long as the kernel does

    EpollWait(NativeMemory memory) throws Refused {
        this.memory = memory;
        int made = LibC.epollCreate(memory.errno, CLOSE_ON_EXEC);
        int wakes = made < 0 ? made : Waker.descriptor(memory.errno);
        int added = wakes < 0
                ? wakes
                : LibC.epollCtl(memory.errno, made, ADD, wakes, memory.event(IN | EDGE_TRIGGERED, Registrations.NONE));
        if (added < 0) {
            closeAll(made, wakes);
            throw new Refused(-added);
        }
        epoll = made;
        waker = Waker.of(wakes);
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
            waker.useUp();
        }
    }

    /**
     * Waits for events; how many have come. None may mean a wake-up, a signal, an interrupt or that the time is over. A wake-up that
     * came before has left its event, which ends this at once.
     */
    int block(long nanos) throws IOException {
        waker.waitBegins();
        try {
            return counted(inNanos ? waitNanos(nanos) : waitMillis(nanos));
        } finally {
            waker.waitEnds();
            waker.useUp();
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
        waker.wakeup();
    }

    void close() {
        LibC.close(epoll);
        waker.close();
    }
}
