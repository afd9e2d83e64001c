package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.CallMemory;

/** The off-heap memory that the calls of one Selector share, so that no call allocates: for epoll and for gathering. */
final class NativeMemory extends CallMemory {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final MemorySegment timespec = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);

    final Gathering gathering = new Gathering(arena);

    /** Returns the arena for whatever has the same lifetime. */
    Arena arena() {
        return arena;
    }

    /** Returns the address of a {@code struct timespec} with this time. */
    long timespec(long nanos) {
        timespec.set(JAVA_LONG, 0, nanos / NANOS_PER_SECOND);
        timespec.set(JAVA_LONG, JAVA_LONG.byteSize(), nanos % NANOS_PER_SECOND);
        return timespec.address();
    }
}
