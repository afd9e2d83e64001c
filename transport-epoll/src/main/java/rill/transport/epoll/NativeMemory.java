package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The memory outside the heap that one selector's calls share, so that no call allocates.
 *
 * <p><b>Threading:</b> the selector's driver, but for what wake-ups use. <b>Ownership:</b> given back by {@link #close}, once,
 * after which no address from here may be passed to a call.
 */
final class NativeMemory {
    /** Events taken by one wait. */
    static final int MOST_EVENTS = 512;

    private static final int OPTION_BYTES = 512;
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    static final Architecture HERE = Objects.requireNonNull(Architecture.here());
    private static final long EVENT_SIZE = HERE.eventSize;
    private static final long DATA = HERE.dataOffset;

    private final Arena arena = Arena.ofShared(); // shared, since the driver may change
    private final MemorySegment events = arena.allocate(EVENT_SIZE * MOST_EVENTS, Long.BYTES);
    private final MemorySegment event = arena.allocate(EVENT_SIZE, Long.BYTES);
    private final MemorySegment timespec = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);

    /** Where errno goes. */
    final MemorySegment errno = LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());

    /** Where the errno of wake-ups goes, which come from other threads. */
    final MemorySegment wakingErrno =
            LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());

    /** What a wake-up writes. */
    final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);

    /** For addresses of sockets. */
    final SocketAddressArea address = new SocketAddressArea(arena);

    /** A length or count that a call reads and changes. */
    final MemorySegment length = arena.allocate(JAVA_INT);

    /** For values of options. */
    final MemorySegment option = arena.allocate(OPTION_BYTES, Long.BYTES);

    final Gathering gathering = new Gathering(arena);

    // ---- epoll

    long eventsAddress() {
        return events.address();
    }

    int eventsAt(int index) {
        return events.get(JAVA_INT_UNALIGNED, index * EVENT_SIZE);
    }

    long dataAt(int index) {
        return events.get(JAVA_LONG_UNALIGNED, index * EVENT_SIZE + DATA);
    }

    /** The address of one event, filled in. */
    long event(int mask, long data) {
        event.set(JAVA_INT_UNALIGNED, 0, mask);
        event.set(JAVA_LONG_UNALIGNED, DATA, data);
        return event.address();
    }

    /** The address of a {@code struct timespec}, filled in. */
    long timespec(long nanos) {
        timespec.set(JAVA_LONG, 0, nanos / NANOS_PER_SECOND);
        timespec.set(JAVA_LONG, JAVA_LONG.byteSize(), nanos % NANOS_PER_SECOND);
        return timespec.address();
    }

    void close() {
        arena.close();
    }
}
