package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An epoll descriptor, and the memory for the events that it tells.
 *
 * <p><b>Threading:</b> the selector's driver, and whoever carries a Task of its loop while that waits. <b>Ownership:</b> of the descriptor;
 * the memory is the arena's. <b>Source:</b> epoll(7).
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
     * On one that {@link #descriptor} gave.
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

    /** The number of a new descriptor, or that of the error, made negative. */
    public static int descriptor(MemorySegment errno) {
        return LibC.epollCreate(errno, CLOSE_ON_EXEC);
    }

    /** Its descriptor, which is readable while it has an event to tell. */
    public int descriptor() {
        return fd;
    }

    /**
     * Asks for these events of a descriptor, after having asked for those before. With none the descriptor leaves epoll altogether:
     * errors and hang-ups are told of whatever is in, and as long as nobody deals with them every wait would return at once.
     *
     * @return 0, or the number of the error, made negative
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

    /** Waits until there is an event: so many there are. Without a limit for a negative time; see {@link #counted}. */
    public int awaitMillis(int millis) {
        return LibC.epollWait(errno, fd, events.address(), most, millis);
    }

    /** {@link #awaitMillis} for the time at this address; without a limit if that is 0. Linux 5.11. */
    public int awaitTime(long timespec) {
        return LibC.epollWaitNanos(errno, fd, events.address(), most, timespec);
    }

    /** How many events such a result means: none if it was interrupted. */
    public static int counted(int result) throws IOException {
        return result == -Errno.EINTR ? 0 : Errno.check(result);
    }

    /** What an event says. */
    public int eventsAt(int index) {
        return events.get(JAVA_INT_UNALIGNED, index * EVENT_SIZE);
    }

    /** Whom it is for. */
    public long dataAt(int index) {
        return events.get(JAVA_LONG_UNALIGNED, index * EVENT_SIZE + DATA);
    }

    /** Gives the descriptor back. */
    public void close() {
        LibC.close(fd);
    }
}
