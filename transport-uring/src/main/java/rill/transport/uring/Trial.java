package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;
import rill.transport.epoll.linux.Sockets;

/**
 * A trial of what a ring is needed for, on a ring made for that alone: it receives from a pair of sockets, and is cancelled.
 *
 * <p>From Linux 6.17 to 6.18.19, a repeating receive that waits is woken up once if bytes and the end of the stream arrive together, receives the
 * bytes, and waits for ever. A kernel that does so here gets a request for each receive instead.
 */
final class Trial {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long CANCEL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int SOCK_STREAM = 1;
    private static final int SHUT_WR = 1;

    private final RingParts parts;

    private Trial(RingParts parts) {
        this.parts = parts;
    }

    /** Returns the features that can be used here. */
    static Kernel kernel() throws IOException {
        if (works(new Kernel(true, true))) {
            return new Kernel(true, true);
        }
        if (works(Kernel.ANY)) {
            return Kernel.ANY;
        }
        throw new Ring.Refused("receive by a ring", Errno.EINVAL);
    }

    private static boolean works(Kernel kernel) throws IOException {
        RingParts parts = RingParts.open(kernel, Ring.Size.USUAL);
        try {
            parts.ring().enable();
            return new Trial(parts).receives();
        } finally {
            parts.closeRing();
            parts.close();
        }
    }

    private boolean receives() throws IOException {
        CallMemory memory = parts.memory();
        MemorySegment pair = memory.arena.allocate(JAVA_INT, 2);
        int made =
                LibC.socketpair(memory.errno, SocketAddressArea.AF_UNIX, SOCK_STREAM | Sockets.FLAGS, pair.address());
        if (made < 0) {
            throw new Ring.Refused("make a pair of sockets", -made);
        }
        int ours = pair.getAtIndex(JAVA_INT, 0);
        int peers = pair.getAtIndex(JAVA_INT, 1);
        try {
            boolean received = receives(ours, peers);
            cancel();
            return received;
        } finally {
            LibC.close(ours);
            LibC.close(peers);
        }
    }

    /** Returns whether a receive that waits gets a byte, and, if it repeats, the end that has come with it. */
    private boolean receives(int ours, int peers) throws IOException {
        ReceiveBuffers buffers = parts.buffers();
        Ring ring = parts.ring();
        ring.add(buffers.operation(), ours, 0, 0, buffers.length(), 0, buffers.word5(ReceiveBuffers.GROWING), 0);
        ring.enterNow();
        sendOneAndEnd(peers);
        ring.await(PATIENCE_NANOS);
        if (!ring.next()) {
            throw new Ring.Refused("receive by a ring", Errno.ETIME);
        }
        if (ring.result() < 0 && ring.result() != -Errno.EINVAL) {
            throw new Ring.Refused("receive by a ring", -ring.result());
        }
        return ring.result() == 1 && ((ring.flags() & Ring.MORE) == 0 || ends());
    }

    private void sendOneAndEnd(int socket) {
        CallMemory memory = parts.memory();
        MemorySegment one = memory.arena.allocate(1);
        LibC.send(memory.errno, socket, one.address(), one.byteSize(), 0);
        LibC.shutdown(memory.errno, socket, SHUT_WR);
    }

    private boolean ends() throws IOException {
        parts.ring().enterNow();
        return parts.ring().next() && parts.ring().result() == 0;
    }

    /** Cancels what the ring does. It does not matter whether there is still something to cancel. */
    private void cancel() throws IOException {
        int result = parts.ring().cancelAll(CANCEL_NANOS);
        if (result < 0 && result != -Errno.ENOENT) {
            throw new Ring.Refused("cancel what a ring does", -result);
        }
        parts.ring().enterNow();
    }
}
