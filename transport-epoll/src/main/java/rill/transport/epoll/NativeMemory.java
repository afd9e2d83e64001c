package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.Architecture;
import rill.transport.epoll.linux.CallMemory;

/**
 * The memory outside the heap that one selector's calls share, so that no call allocates: what epoll needs, and gathering.
 */
final class NativeMemory extends CallMemory {
    /** Events taken by one wait. */
    static final int MOST_EVENTS = 512;

    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    static final Architecture HERE = Objects.requireNonNull(Architecture.here());
    private static final long EVENT_SIZE = HERE.eventSize;
    private static final long DATA = HERE.dataOffset;

    private final MemorySegment events = arena.allocate(EVENT_SIZE * MOST_EVENTS, Long.BYTES);
    private final MemorySegment event = arena.allocate(EVENT_SIZE, Long.BYTES);
    private final MemorySegment timespec = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);

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
}
