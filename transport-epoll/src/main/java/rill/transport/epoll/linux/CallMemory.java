package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory outside the heap that the calls of one selector share, so that no call allocates. A transport adds what else it needs.
 *
 * <p><b>Threading:</b> the selector's driver. <b>Ownership:</b> given back by {@link #close}, once, after which no address from here may be
 * passed to a call.
 */
public class CallMemory {
    private static final int OPTION_BYTES = 512;

    /** Where all of it is taken from; shared, since the driver may change. */
    protected final Arena arena = Arena.ofShared();

    /** Where errno goes. */
    public final MemorySegment errno =
            LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());

    /** For addresses of sockets. */
    public final SocketAddressArea address = new SocketAddressArea(arena);

    /** A length or count that a call reads and changes. */
    public final MemorySegment length = arena.allocate(JAVA_INT);

    /** For values of options. */
    final MemorySegment option = arena.allocate(OPTION_BYTES, Long.BYTES);

    /** For the calls of one selector. */
    public CallMemory() {}

    /** Gives it back. */
    public final void close() {
        arena.close();
    }
}
