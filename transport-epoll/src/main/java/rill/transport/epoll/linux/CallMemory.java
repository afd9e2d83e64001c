package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The off-heap memory that the calls of one Selector share, so that no call allocates. A transport adds what else it needs.
 *
 * <p><b>Threading:</b> the selector's driver. <b>Ownership:</b> released by {@link #close}, once, after which no address from here may be passed to a
 * call.
 */
public class CallMemory {
    private static final int OPTION_BYTES = 512;

    /** The arena of all of it; shared, since the driver may change. */
    protected final Arena arena = Arena.ofShared();

    /** The place for errno. */
    public final MemorySegment errno =
            LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());

    /** The place for socket addresses. */
    public final SocketAddressArea address = new SocketAddressArea(arena);

    /** A length or count that a call reads and changes. */
    public final MemorySegment length = arena.allocate(JAVA_INT);

    /** The place for values of options. */
    final MemorySegment option = arena.allocate(OPTION_BYTES, Long.BYTES);

    /** Allocates the memory for the calls of one Selector. */
    public CallMemory() {}

    /** Releases the memory. */
    public final void close() {
        arena.close();
    }
}
