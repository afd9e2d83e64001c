package rill.transport.uring;

/**
 * The requests to a ring.
 *
 * <p>The data of each hold the socket that it is for, by slot and generation as in {@code Registrations}, and its kind, in the lowest three bits.
 *
 * <pre>
 *  data         generation 32 | slot 29 | kind 3
 *  operation    ioprio 16 | flags 8 | opcode 8
 * </pre>
 */
final class Request {
    // ---- kinds
    static final int RECEIVE = 0;
    static final int SEND = 1;
    static final int CONNECT = 2;
    static final int CANCEL = 3;

    /** The data of the request that is answered by wake-ups. */
    static final long WAKE_UP = -1;

    /** The data of the request that is answered when there is a connection to accept. */
    static final long ACCEPT = -2;

    // ---- operations
    private static final int FLAGS_SHIFT = 8;
    private static final int PRIORITY_SHIFT = 16;
    private static final int BUFFER_SELECT = 1 << 5 << FLAGS_SHIFT; // IOSQE_BUFFER_SELECT
    private static final int SKIP_SUCCESS = 1 << 6 << FLAGS_SHIFT; // IOSQE_CQE_SKIP_SUCCESS
    private static final int RECV_MULTISHOT = 1 << 1 << PRIORITY_SHIFT;

    static final int NOP = 0;
    static final int POLL_ADD = 6;
    static final int SENDMSG = 9;
    static final int CANCEL_QUIETLY = 14 | SKIP_SUCCESS;
    static final int CONNECT_TO = 16;
    static final int SEND_BYTES = 26;
    static final int RECEIVE_ONCE = 27 | BUFFER_SELECT;
    static final int RECEIVE_MANY = 27 | BUFFER_SELECT | RECV_MULTISHOT;

    /** In the length of {@link #POLL_ADD}: an answer for each time that it becomes ready. */
    static final int POLL_MULTI = 1;

    private static final int KIND_BITS = 3;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;
    private static final long GENERATION = 0xffff_ffff_0000_0000L;

    private Request() {}

    /** Returns the data of a request of this kind, for the socket with these data in the registrations. */
    static long data(long registration, int kind) {
        int slotAndKind = ((int) registration << KIND_BITS) | kind;
        return (registration & GENERATION) | Integer.toUnsignedLong(slotAndKind);
    }

    static int kind(long data) {
        return (int) data & KIND_MASK;
    }

    /** Returns the socket's data in the registrations. */
    static long registration(long data) {
        return (data & GENERATION) | ((int) data >>> KIND_BITS);
    }
}
