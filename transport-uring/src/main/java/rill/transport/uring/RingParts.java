package rill.transport.uring;

import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.Waker;

/**
 * What a Selector takes from the system, all or nothing: a ring with its buffers, and its waker. Any thread may create it; the ring belongs to the
 * first thread that uses it.
 */
record RingParts(
        CallMemory memory, Ring ring, ReceiveBuffers buffers, Waker waker, Scratch scratch, HeapBytes heapBytes) {
    static RingParts open(Kernel kernel, Ring.Size size) throws Ring.Refused {
        var memory = new CallMemory();
        Ring ring = null;
        ReceiveBuffers buffers = null;
        int event = -1;
        try {
            ring = Ring.open(memory.errno, memory.arena, size);
            buffers = ReceiveBuffers.register(ring, memory.errno, memory.arena, kernel);
            event = Waker.descriptor(memory.errno);
            if (event < 0) {
                throw new Ring.Refused("make what wakes a ring up", -event);
            }
            var scratch = new Scratch(memory.arena);
            var heapBytes = new HeapBytes(memory.arena);
            return new RingParts(memory, ring, buffers, Waker.of(event), scratch, heapBytes);
        } catch (Ring.Refused | RuntimeException | Error e) {
            if (event >= 0) {
                LibC.close(event);
            }
            if (ring != null) {
                ring.close();
            }
            if (buffers != null) {
                buffers.close();
            }
            memory.close();
            throw e;
        }
    }

    void closeRing() {
        waker.close();
        ring.close();
    }

    /** Releases the rest, once nothing is written there any more. */
    void close() {
        buffers.close();
        memory.close();
    }
}
