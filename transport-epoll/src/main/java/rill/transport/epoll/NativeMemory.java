package rill.transport.epoll;

import rill.transport.epoll.linux.CallMemory;

/** The off-heap memory that the calls of one Selector share, so that no call allocates: also for gathering. */
final class NativeMemory extends CallMemory {
    final Gathering gathering = new Gathering(arena);
}
