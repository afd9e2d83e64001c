package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.CallMemory;

/**
 * The memory outside the heap that one selector's calls share, so that no call allocates: what epoll needs, and gathering.
 */
final class NativeMemory extends CallMemory {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final MemorySegment timespec = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);

    final Gathering gathering = new Gathering(arena);

    /** For what lives as long as it. */
    Arena arena() {
        return arena;
    }

    /** The address of a {@code struct timespec}, filled in. */
    long timespec(long nanos) {
        timespec.set(JAVA_LONG, 0, nanos / NANOS_PER_SECOND);
        timespec.set(JAVA_LONG, JAVA_LONG.byteSize(), nanos % NANOS_PER_SECOND);
        return timespec.address();
    }
}
