package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An epoll descriptor, and the memory for its events.
 *
 * <p><b>Threading:</b> the selector's driver, and the thread that carries a Task of its loop while the driver waits. <b>Ownership:</b> of the
 * descriptor; the memory is the arena's. <b>Source:</b> epoll(7).
 */
public final class Epoll {
    public static final int IN = 0x1;
    public static final int OUT = 0x4;
    public static final int ERR = 0x8;
    public static final int HUP = 0x10;
    public static final int EDGE_TRIGGERED = 1 << 31; // EPOLLET

    private static final int CLOSE_ON_EXEC = 0x80000; // EPOLL_CLOEXEC
    private static final int ADD = 1; // EPOLL_CTL_ADD
    private static final int DELETE = 2;
    private static final int MODIFY = 3;

    private static final Architecture HERE = Objects.requireNonNull(Architecture.here());
    private static final long EVENT_SIZE = HERE.eventSize;
    private static final long DATA = HERE.dataOffset;

    private final MemorySegment errno;
    private final MemorySegment events;
    private final MemorySegment event;
    private final int most;
    private final int fd;

    /**
     * Takes over a descriptor returned by {@link #descriptor}.
     *
     * @param most events taken by one wait
     */
    public Epoll(MemorySegment errno, Arena arena, int most, int descriptor) {
        this.errno = errno;
        this.most = most;
        events = arena.allocate(EVENT_SIZE * most, Long.BYTES);
        event = arena.allocate(EVENT_SIZE, Long.BYTES);
        fd = descriptor;
    }

    /** Returns a new descriptor, or the negated error number. */
    public static int descriptor(MemorySegment errno) {
        return LibC.epollCreate(errno, CLOSE_ON_EXEC);
    }

    /** Returns its descriptor, which is readable while it has an event. */
    public int descriptor() {
        return fd;
    }

    /**
     * Sets which events of a descriptor are wanted, replacing those before. With none, the descriptor leaves epoll altogether: errors and hang-ups
     * are always reported for a member, and until they were handled every wait would return at once.
     *
     * @return 0, or the negated error number
     */
    public int watch(int descriptor, long data, int before, int wanted) {
        if (wanted == before) {
            return 0;
        }
        int operation = before == 0 ? ADD : wanted == 0 ? DELETE : MODIFY;
        event.set(JAVA_INT_UNALIGNED, 0, wanted);
        event.set(JAVA_LONG_UNALIGNED, DATA, data);
        return LibC.epollCtl(errno, fd, operation, descriptor, event.address());
    }

    /** Waits until there is an event, and returns how many there are. A negative time means no limit; for the result, see {@link #counted}. */
    public int awaitMillis(int millis) {
        return LibC.epollWait(errno, fd, events.address(), most, millis);
    }

    /** Does the same as {@link #awaitMillis}, for the time at this address; 0 means no limit. Linux 5.11. */
    public int awaitTime(long timespec) {
        return LibC.epollWaitNanos(errno, fd, events.address(), most, timespec);
    }

    /** Returns how many events such a result means: none if the wait was interrupted. */
    public static int counted(int result) throws IOException {
        return result == -Errno.EINTR ? 0 : Errno.check(result);
    }

    /** Returns the events of an entry. */
    public int eventsAt(int index) {
        return events.get(JAVA_INT_UNALIGNED, index * EVENT_SIZE);
    }

    /** Returns the data of an entry, which identify its receiver. */
    public long dataAt(int index) {
        return events.get(JAVA_LONG_UNALIGNED, index * EVENT_SIZE + DATA);
    }

    /** Closes the descriptor. */
    public void close() {
        LibC.close(fd);
    }
}
