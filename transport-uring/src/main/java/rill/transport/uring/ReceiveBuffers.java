package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * The memory into which the kernel writes received bytes, for all Wires of one ring. It takes the next buffer when there is something to write, so a
 * Wire that receives nothing has none. Received bytes are copied to their target, and the buffer is the kernel's again before any other Wire is
 * served. A few Wires that receive much can take all of them in one step; those that got none go first in the next.
 *
 * <p>Since Linux 6.12 a buffer is used up piece by piece: a short message takes no more of it than its own length. An older kernel takes a buffer for
 * each message; for that there are more buffers, and smaller ones.
 *
 * <pre>
 *  io_uring_buf       addr 8 | len 4 | bid 2 | unused 2; in the first of them the last two are the ring's tail
 *  io_uring_buf_reg   ring_addr 8 | entries 4 | group 2 | flags 2 | unused 24
 * </pre>
 *
 * <p>A receive that repeats by itself would take a megabyte for a Wire that has paused after its first bytes. So it is told when to stop, since Linux
 * 6.17; before that, and where it can miss the end of a stream (see {@link Trial}), each receive is a request.
 *
 * <p><b>Source:</b> io_uring_register(2), IORING_REGISTER_PBUF_RING; {@code io_recvmsg_prep} in {@code io_uring/net.c}.
 */
final class ReceiveBuffers {
    private static final int GROUP = 0;

    /** The most bytes of one receive of a repeating request… */
    private static final int PIECE = 64 * 1024;
    /** …which ends with the receive that reaches this total, so that a Wire that wants no more receives at most a turn's worth. */
    private static final int CAP = Receiving.BYTES_PER_TURN - PIECE + 1;

    /** The total of a Wire's first request; that of each further one is four times as large, up to the cap. */
    private static final int FIRST_CAP = 64;

    /** So many requests of a Wire have a total of their own. */
    static final int GROWING = 6;

    private static final int BITWISE_COUNT = 16;
    private static final int BITWISE_SIZE = 64 * 1024;
    private static final int WHOLE_COUNT = 64;
    private static final int WHOLE_SIZE = 16 * 1024;
    private static final long ALL = 1024 * 1024; // in both cases

    private static final int ENTRY_SIZE = 16;
    private static final long TAIL = 14;
    private static final long MAPPED =
            ALL + (long) WHOLE_COUNT * ENTRY_SIZE; // the entries begin a page, whatever its size
    private static final int REGISTER = 22; // IORING_REGISTER_PBUF_RING
    private static final int BITWISE = 2; // IOU_PBUF_RING_INC
    private static final int DESCRIPTION_SIZE = 40;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    private static final int HAS_BUFFER = 1; // IORING_CQE_F_BUFFER
    private static final int NOT_USED_UP = 1 << 4; // IORING_CQE_F_BUF_MORE
    private static final int BUFFER_SHIFT = 16;

    private static final VarHandle TAIL_WORD = JAVA_SHORT.varHandle().withInvokeExactBehavior();

    private final MemorySegment entries;
    private final MemorySegment bytes;
    private final int count;
    private final int size;
    private final boolean capped;
    private final int[] used; // how many bytes of each buffer
    private short tail;
    private boolean closed;

    private ReceiveBuffers(MemorySegment entries, MemorySegment bytes, boolean bitwise, boolean capped) {
        this.capped = capped;
        this.entries = entries;
        this.bytes = bytes;
        count = bitwise ? BITWISE_COUNT : WHOLE_COUNT;
        size = bitwise ? BITWISE_SIZE : WHOLE_SIZE;
        used = new int[count];
        for (int i = 0; i < count; i++) {
            give(i);
        }
        publish();
    }

    /** Registers buffers with a ring that nobody uses yet. */
    static ReceiveBuffers register(Ring ring, MemorySegment errno, Arena arena, Kernel kernel) throws Ring.Refused {
        long at = LibC.map(errno, MAPPED, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (at < 0) {
            throw new Ring.Refused("have memory for what comes in", (int) -at);
        }
        MemorySegment entries = LibC.memoryAt(at + ALL, MAPPED - ALL);
        MemorySegment description = arena.allocate(DESCRIPTION_SIZE, Long.BYTES);
        boolean bitwise = kernel.bitwise();
        int result = bitwise ? register(ring, description, entries, BITWISE_COUNT, BITWISE) : -Errno.EINVAL;
        if (result == -Errno.EINVAL) {
            bitwise = false;
            result = register(ring, description, entries, WHOLE_COUNT, 0);
        }
        if (result < 0) {
            LibC.unmap(at, MAPPED);
            throw new Ring.Refused("give a ring its buffers", -result);
        }
        return new ReceiveBuffers(entries, LibC.memoryAt(at, ALL), bitwise, kernel.capped());
    }

    private static int register(Ring ring, MemorySegment description, MemorySegment entries, int count, int flags) {
        description.fill((byte) 0);
        description.set(JAVA_LONG, 0, entries.address());
        description.set(JAVA_INT, 8, count);
        description.set(JAVA_SHORT, 12, (short) GROUP);
        description.set(JAVA_SHORT, 14, (short) flags);
        return ring.register(REGISTER, description.address(), 1);
    }

    /** Returns the request that receives: repeating if the kernel can be told when to stop, else once. */
    int operation() {
        return capped ? Request.RECEIVE_MANY : Request.RECEIVE_ONCE;
    }

    /** Returns the length of that request. */
    int length() {
        return capped ? PIECE : 0;
    }

    /**
     * Returns the last word but two of that request. A Wire's first requests end early, so that the end of a request is nothing unusual: if it came only
     * after seconds, with all Wires of a busy loop at about the same time, then the JVM would drop the code that it has compiled for a loop in which
     * requests don't end, and compile it anew.
     *
     * @param before how many requests this Wire has made before; {@link #GROWING} or more are all the same
     */
    long word5(int before) {
        int cap = before < GROWING ? FIRST_CAP << (2 * before) : CAP;
        return capped ? GROUP | (long) cap << Integer.SIZE : GROUP;
    }

    private void give(int buffer) {
        long at = (long) (tail & (count - 1)) * ENTRY_SIZE;
        entries.set(JAVA_LONG, at, bytes.address() + (long) buffer * size);
        entries.set(JAVA_INT, at + 8, size);
        entries.set(JAVA_SHORT, at + 12, (short) buffer);
        tail++;
    }

    private void publish() {
        TAIL_WORD.setRelease(entries, TAIL, tail);
    }

    /** Returns whether an answer with these flags means that something was written to a buffer. */
    static boolean concerns(int flags) {
        return (flags & HAS_BUFFER) != 0;
    }

    /** Returns where in this memory the bytes of an answer are. */
    int at(int flags) {
        int buffer = flags >>> BUFFER_SHIFT;
        return buffer * size + used[buffer];
    }

    /** Notes that the bytes of an answer, this many, are no longer needed. */
    void done(int flags, int length) {
        if (closed) {
            return; // by the listener that was notified of them
        }
        int buffer = flags >>> BUFFER_SHIFT;
        if ((flags & NOT_USED_UP) != 0) {
            used[buffer] += length;
            return;
        }
        used[buffer] = 0;
        give(buffer);
        publish();
    }

    /** Appends some bytes to a direct buffer, which must have room for them. */
    void copy(int at, int length, ByteBuf target) {
        int to = target.writerIndex();
        if (target.hasMemoryAddress()) {
            MemorySegment.copy(bytes, at, LibC.EVERYTHING, target.memoryAddress() + to, length);
        } else {
            ByteBuffer space = target.internalNioBuffer(to, length);
            MemorySegment.copy(bytes, at, MemorySegment.ofBuffer(space), 0, length);
        }
        target.writerIndex(to + length);
    }

    /** Copies some bytes to an array. */
    void copy(int at, int length, byte[] target, int to) {
        MemorySegment.copy(bytes, JAVA_BYTE, at, target, to, length);
    }

    /** Receives by a call, and returns whether there was anything. It overwrites what is here: only when the ring is about to be closed. */
    boolean discard(MemorySegment errno, int socket) {
        return LibC.recv(errno, socket, bytes.address(), ALL) > 0;
    }

    /** Releases the memory, once the ring is closed. */
    void close() {
        closed = true;
        LibC.unmap(bytes.address(), MAPPED);
    }
}
