package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * One io_uring: a queue of requests to the kernel and a queue of its answers, both in memory shared with the kernel.
 *
 * <pre>
 *  {@link #add} ──▶ requests ──enter──▶ kernel ──▶ answers ──▶ {@link #next}, {@link #data}, {@link #result}, {@link #flags}
 * </pre>
 *
 * <p>Any thread may create it. It belongs to the first that calls {@link #enable}; the kernel refuses others, and works for the ring only while that
 * thread is in {@code enter}. A word in the shared memory says whether it has work.
 *
 * <p><b>Memory order:</b> acquiring a tail shows what the kernel wrote before it moved that, and it overwrites an answer only once our head was
 * released. <b>Source:</b> io_uring_setup(2), io_uring_enter(2), {@code uapi/linux/io_uring.h}.
 */
final class Ring {
    /**
     * The size of a ring.
     *
     * @param requests between two enters; more of them take another enter
     * @param answers beyond these, the kernel keeps answers until there is room
     */
    record Size(int requests, int answers) {
        static final Size USUAL = new Size(256, 4096);
    }

    /** A flag of an answer that others to the same request follow. */
    static final int MORE = 1 << 1; // IORING_CQE_F_MORE

    private static final int REQUEST_SIZE = 64;
    private static final int ANSWER_SIZE = 16;
    private static final long REQUESTS_AT = 0x10000000L; // IORING_OFF_SQES
    private static final int MAP_SHARED_POPULATED = 0x8001; // MAP_SHARED | MAP_POPULATE

    private static final int KERNEL_HAS_WORK = 2 | 4; // IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN

    private static final int GET_ANSWERS = 1; // IORING_ENTER_GETEVENTS
    private static final int WITH_TIMEOUT = 1 << 3; // IORING_ENTER_EXT_ARG
    private static final int NO_IOWAIT = 1 << 7; // IORING_ENTER_NO_IOWAIT
    private static final int ENABLE = 12; // IORING_REGISTER_ENABLE_RINGS
    private static final int CANCEL = 24; // IORING_REGISTER_SYNC_CANCEL
    private static final int CANCEL_ANY = 1 | 4; // IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY
    private static final int CANCEL_SIZE = 64;
    private static final long CANCEL_FLAGS = 12;
    private static final long CANCEL_TIMEOUT = 16;
    private static final int ARGUMENT_SIZE = 24;
    private static final long ARGUMENT_TIMEOUT = 16;
    /** The longest wait before a request that the kernel did not take is made again. */
    static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final VarHandle WORD = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment errno;
    private final int fd;
    private final MemorySegment rings;
    private final MemorySegment requests;
    private final Layout layout;
    private final MemorySegment argument;
    private final MemorySegment timeout;
    private final MemorySegment cancel;
    private final int waitFlags;

    private int tail; // of the requests
    private int submitted; // how far the kernel has taken them
    private int head; // of the answers

    private long data;
    private int result;
    private int flags;

    /** The layout of the shared memory. Offsets are in bytes; masks stand for sizes, which are powers of two. */
    record Layout(
            long requestHead,
            long requestTail,
            int requestMask,
            long requestFlags,
            long answerHead,
            long answerTail,
            int answerMask,
            long answers,
            boolean noIowait) {}

    private Ring(MemorySegment errno, Arena arena, int fd, MemorySegment rings, MemorySegment requests, Layout layout) {
        this.errno = errno;
        this.fd = fd;
        this.rings = rings;
        this.requests = requests;
        this.layout = layout;
        argument = arena.allocate(ARGUMENT_SIZE, Long.BYTES);
        timeout = arena.allocate(2 * JAVA_LONG.byteSize(), Long.BYTES);
        cancel = arena.allocate(CANCEL_SIZE, Long.BYTES);
        waitFlags = GET_ANSWERS | WITH_TIMEOUT | (layout.noIowait ? NO_IOWAIT : 0);
        tail = (int) WORD.getAcquire(rings, layout.requestTail);
        submitted = tail;
        head = (int) WORD.getAcquire(rings, layout.answerHead);
    }

    /**
     * Creates a ring, which nobody can use before it is {@link #enable enabled}.
     *
     * @param errno the place for errno
     * @param arena must live as long as the ring is used
     */
    static Ring open(MemorySegment errno, Arena arena, Size size) throws Refused {
        Setup setup = Setup.of(errno, arena, size);
        long rings = LibC.map(errno, setup.ringsSize(), MAP_SHARED_POPULATED, setup.fd(), 0);
        long requests = rings < 0
                ? rings
                : LibC.map(errno, setup.requestsSize(), MAP_SHARED_POPULATED, setup.fd(), REQUESTS_AT);
        if (requests < 0) {
            if (rings >= 0) {
                LibC.unmap(rings, setup.ringsSize());
            }
            LibC.close(setup.fd());
            throw new Refused("map the memory of a ring", (int) -requests);
        }
        try {
            MemorySegment memory = LibC.memoryAt(rings, setup.ringsSize());
            setup.fillIn(memory);
            MemorySegment room = LibC.memoryAt(requests, setup.requestsSize());
            return new Ring(errno, arena, setup.fd(), memory, room, setup.layout(memory));
        } catch (RuntimeException | Error e) { // no memory
            LibC.unmap(requests, setup.requestsSize());
            LibC.unmap(rings, setup.ringsSize());
            LibC.close(setup.fd());
            throw e;
        }
    }

    /** Makes it belong to this thread from now on. */
    void enable() throws IOException {
        Errno.check(register(ENABLE, 0, 0));
    }

    /** io_uring_register(2). Returns the result, or the negated error number. */
    int register(int operation, long argumentAt, int count) {
        return LibC.uringRegister(errno, fd, operation, argumentAt, count);
    }

    // ---- requests

    /** Returns how many more can be added before the next enter. */
    int room() {
        return layout.requestMask + 1 - (tail - (int) WORD.getAcquire(rings, layout.requestHead));
    }

    /** Returns how many were added that the kernel has not taken yet. */
    int waiting() {
        return tail - submitted;
    }

    /**
     * Adds a request; there must be room. The fields are those of {@code struct io_uring_sqe}.
     *
     * @param operation the opcode, with its flags and its {@code ioprio}: see {@link Request}
     * @param word2 {@code off} or {@code addr2}
     * @param word5 {@code buf_group}, and in the upper half {@code optlen}
     */
    void add(
            int operation, int socket, long word2, long address, int length, int flagsOfIt, long word5, long dataOfIt) {
        long at = (long) (tail & layout.requestMask) * REQUEST_SIZE;
        requests.set(JAVA_LONG, at, Integer.toUnsignedLong(operation) | (long) socket << Integer.SIZE);
        requests.set(JAVA_LONG, at + 8, word2);
        requests.set(JAVA_LONG, at + 16, address);
        requests.set(JAVA_LONG, at + 24, Integer.toUnsignedLong(length) | (long) flagsOfIt << Integer.SIZE);
        requests.set(JAVA_LONG, at + 32, dataOfIt);
        requests.set(JAVA_LONG, at + 40, word5);
        requests.set(JAVA_LONG, at + 48, 0L);
        requests.set(JAVA_LONG, at + 56, 0L);
        tail++;
        WORD.setRelease(rings, layout.requestTail, tail);
    }

    // ---- entering

    /** Passes the added requests to the kernel, without asking for answers. */
    void submit() throws IOException {
        if (waiting() > 0) {
            entered(LibC.uringEnter(errno, fd, waiting(), 0, 0, 0, 0));
        }
    }

    /** Passes the added requests to the kernel, and lets it do its work, if any. Does not block. */
    void poll() throws IOException {
        boolean work = ((int) WORD.getAcquire(rings, layout.requestFlags) & KERNEL_HAS_WORK) != 0;
        if (work || waiting() > 0) {
            entered(LibC.uringEnter(errno, fd, waiting(), 0, GET_ANSWERS, 0, 0));
        }
    }

    /** Does the same as {@link #poll}, even if there seems to be nothing to do. */
    void enterNow() throws IOException {
        entered(LibC.uringEnter(errno, fd, waiting(), 0, GET_ANSWERS, 0, 0));
    }

    /**
     * Does the same as {@link #poll}, and waits until there is an answer.
     *
     * @param nanos negative for no limit
     */
    void await(long nanos) throws IOException {
        int taken = enterAndWait(waiting(), nanos);
        if ((taken == -Errno.EAGAIN || taken == -Errno.EBUSY) && waiting() > 0) {
            // It takes nothing now, and so it has not waited. What is under way may make room; otherwise this is
            // repeated a little later.
            taken = enterAndWait(0, nanos < 0 ? AGAIN_NANOS : Math.min(nanos, AGAIN_NANOS));
        }
        entered(taken);
    }

    private int enterAndWait(int submit, long nanos) {
        if (nanos >= 0) {
            CallMemory.putTimespec(timeout, 0, nanos);
        }
        argument.set(JAVA_LONG, ARGUMENT_TIMEOUT, nanos < 0 ? 0 : timeout.address());
        return LibC.uringEnter(errno, fd, submit, 1, waitFlags, argument.address(), ARGUMENT_SIZE);
    }

    private void entered(int taken) throws IOException {
        if (taken >= 0) {
            submitted += taken;
            return;
        }
        switch (-taken) {
            case Errno.EINTR, Errno.ETIME -> {} // these are no failures
            case Errno.EAGAIN, Errno.EBUSY -> {} // no memory, or no room for answers: what was not taken remains
            default -> throw Errno.exception(-taken);
        }
    }

    // ---- answers

    /** Takes the next answer, whose parts are available until the next is taken. Returns false if there is none. */
    boolean next() {
        if (head == (int) WORD.getAcquire(rings, layout.answerTail)) {
            return false;
        }
        long at = layout.answers + (long) (head & layout.answerMask) * ANSWER_SIZE;
        data = rings.get(JAVA_LONG, at);
        result = rings.get(JAVA_INT, at + 8);
        flags = rings.get(JAVA_INT, at + 12);
        head++;
        WORD.setRelease(rings, layout.answerHead, head);
        return true;
    }

    /** Returns how many answers there are. */
    int ready() {
        return (int) WORD.getAcquire(rings, layout.answerTail) - head;
    }

    /** Returns the data of the request. */
    long data() {
        return data;
    }

    /** Returns a number that depends on the request; negative for an error. */
    int result() {
        return result;
    }

    /** Returns {@link #MORE}, and flags about buffers. */
    int flags() {
        return flags;
    }

    // ---- ending

    /** Cancels everything under way. The last answers still arrive, with one of the next enters. */
    int cancelAll(long nanos) {
        cancel.fill((byte) 0);
        cancel.set(JAVA_INT, 8, -1);
        cancel.set(JAVA_INT, CANCEL_FLAGS, CANCEL_ANY);
        CallMemory.putTimespec(cancel, CANCEL_TIMEOUT, nanos);
        return register(CANCEL, cancel.address(), 1);
    }

    /** Releases everything. Nothing should be under way: the kernel would hold sockets for a while, and write into buffers. */
    void close() {
        LibC.unmap(requests.address(), requests.byteSize());
        LibC.unmap(rings.address(), rings.byteSize());
        LibC.close(fd);
    }

    /** The system does not provide what is needed. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        final int error;

        Refused(String what, int error) {
            super(what + ": " + LibC.describe(error));
            this.error = error;
        }
    }
}
