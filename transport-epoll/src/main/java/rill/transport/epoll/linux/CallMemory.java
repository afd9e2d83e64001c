package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * The off-heap memory that the calls of one Selector share, so that no call allocates. A transport adds what else it needs.
 *
 * <p><b>Threading:</b> the selector's driver. <b>Ownership:</b> released by {@link #close}, once, after which no address from here may be passed to a
 * call.
 */
public class CallMemory {
    private static final int OPTION_BYTES = 512;
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    /** The arena of all of it, and of whatever else lives as long; shared, since the driver may change. */
    public final Arena arena = Arena.ofShared();

    /** The place for errno. */
    public final MemorySegment errno =
            LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());

    /** The place for socket addresses. */
    public final SocketAddressArea address = new SocketAddressArea(arena);

    /** A length or count that a call reads and changes. */
    public final MemorySegment length = arena.allocate(JAVA_INT);

    /** The place for values of options. */
    final MemorySegment option = arena.allocate(OPTION_BYTES, Long.BYTES);

    private final MemorySegment timespec = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);

    /** Allocates the memory for the calls of one Selector. */
    public CallMemory() {}

    /** Returns the address of a {@code struct timespec} with this time; the next call overwrites it. */
    public final long timespec(long nanos) {
        putTimespec(timespec, 0, nanos);
        return timespec.address();
    }

    /** Writes a {@code struct timespec} with this time. */
    public static void putTimespec(MemorySegment memory, long at, long nanos) {
        memory.set(JAVA_LONG, at, nanos / NANOS_PER_SECOND);
        memory.set(JAVA_LONG, at + JAVA_LONG.byteSize(), nanos % NANOS_PER_SECOND);
    }

    /** Releases the memory. */
    public final void close() {
        arena.close();
    }
}
