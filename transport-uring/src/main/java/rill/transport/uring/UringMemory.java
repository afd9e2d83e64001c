package rill.transport.uring;

import java.lang.foreign.Arena;
import rill.transport.epoll.linux.CallMemory;

/** The off-heap memory that the calls of one Selector, and its ring, share. */
final class UringMemory extends CallMemory {
    Arena arena() {
        return arena;
    }
}
