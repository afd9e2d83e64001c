package rill.transport.uring;

import java.lang.foreign.Arena;
import rill.transport.epoll.linux.CallMemory;

/** The memory outside the heap that the calls of one selector, and its ring, share. */
final class UringMemory extends CallMemory {
    Arena arena() {
        return arena;
    }
}
