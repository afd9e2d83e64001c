package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * The parameters and results of io_uring_setup(2).
 *
 * <pre>
 *  io_uring_params   sq_entries 4 | cq_entries 4 | flags 4 | cpu 4 | idle 4 | features 4 | wq_fd 4 | unused 12
 *                    sq_off 40: head tail mask entries flags dropped array unused, 4 each, and 8
 *                    cq_off 40: head tail mask entries overflow cqes flags unused, 4 each, and 8
 * </pre>
 *
 * @param fd the ring's descriptor
 * @param parameters the structure, as the kernel has filled it in
 */
record Setup(int fd, MemorySegment parameters) {
    private static final int CQSIZE = 1 << 3;
    private static final int CLAMP = 1 << 4;
    private static final int DISABLED = 1 << 6; // until its thread is known
    private static final int SUBMIT_ALL = 1 << 7;
    private static final int TASKRUN_FLAG = 1 << 9;
    private static final int SINGLE_ISSUER = 1 << 12;
    private static final int DEFER_TASKRUN = 1 << 13;
    private static final int NO_SQARRAY = 1 << 16;
    private static final int WANTED =
            CQSIZE | CLAMP | DISABLED | SUBMIT_ALL | TASKRUN_FLAG | SINGLE_ISSUER | DEFER_TASKRUN;

    private static final int SINGLE_MMAP = 1;
    private static final int NODROP = 1 << 1;
    private static final int SUBMIT_STABLE = 1 << 2;
    private static final int FAST_POLL = 1 << 5;
    private static final int EXT_ARG = 1 << 8;
    private static final int NEEDED = SINGLE_MMAP | NODROP | SUBMIT_STABLE | FAST_POLL | EXT_ARG;
    private static final int FEATURE_NO_IOWAIT = 1 << 17;

    private static final int SIZE = 120;
    private static final long CQ_ENTRIES = 4;
    private static final long FLAGS = 8;
    private static final long FEATURES = 20;
    private static final long SQ = 40;
    private static final long CQ = 80;
    private static final long HEAD = 0;
    private static final long TAIL = 4;
    private static final long MASK = 8;
    private static final long SQ_FLAGS = 16;
    private static final long SQ_ARRAY = 24;
    private static final long CQ_ANSWERS = 20;

    private static final int ANSWER_SIZE = 16;
    private static final int REQUEST_SIZE = 64;

    static Setup of(MemorySegment errno, Arena arena, Ring.Size size) throws Ring.Refused {
        MemorySegment parameters = arena.allocate(SIZE, Long.BYTES);
        int fd = setup(errno, parameters, size, WANTED | NO_SQARRAY);
        if (fd == -Errno.EINVAL) {
            fd = setup(errno, parameters, size, WANTED); // Linux before 6.6
        }
        if (fd < 0) {
            throw new Ring.Refused("make a ring", -fd);
        }
        var made = new Setup(fd, parameters);
        if ((made.number(FEATURES) & NEEDED) != NEEDED) {
            LibC.close(fd);
            throw new Ring.Refused("make a ring that has what is needed", Errno.EOPNOTSUPP);
        }
        return made;
    }

    private static int setup(MemorySegment errno, MemorySegment parameters, Ring.Size size, int flags) {
        parameters.fill((byte) 0);
        parameters.set(JAVA_INT, CQ_ENTRIES, size.answers());
        parameters.set(JAVA_INT, FLAGS, flags);
        return LibC.uringSetup(errno, size.requests(), parameters.address());
    }

    private int number(long offset) {
        return parameters.get(JAVA_INT, offset);
    }

    private int requests() {
        return number(0);
    }

    private boolean hasArray() {
        return (number(FLAGS) & NO_SQARRAY) == 0;
    }

    long ringsSize() {
        long answers = number(CQ + CQ_ANSWERS) + (long) number(CQ_ENTRIES) * ANSWER_SIZE;
        long array = hasArray() ? number(SQ + SQ_ARRAY) + (long) requests() * Integer.BYTES : 0;
        return Math.max(answers, array);
    }

    long requestsSize() {
        return (long) requests() * REQUEST_SIZE;
    }

    /** Fills in the array by which an older kernel orders the requests: here, their own order. */
    void fillIn(MemorySegment rings) {
        if (hasArray()) {
            for (int i = 0; i < requests(); i++) {
                rings.set(JAVA_INT, number(SQ + SQ_ARRAY) + (long) i * Integer.BYTES, i);
            }
        }
    }

    Ring.Layout layout(MemorySegment rings) {
        return new Ring.Layout(
                number(SQ + HEAD),
                number(SQ + TAIL),
                rings.get(JAVA_INT, number(SQ + MASK)),
                number(SQ + SQ_FLAGS),
                number(CQ + HEAD),
                number(CQ + TAIL),
                rings.get(JAVA_INT, number(CQ + MASK)),
                number(CQ + CQ_ANSWERS),
                (number(FEATURES) & FEATURE_NO_IOWAIT) != 0);
    }
}
