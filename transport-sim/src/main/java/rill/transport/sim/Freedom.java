package rill.transport.sim;

/**
 * What a simulation leaves to its seed besides faults: nobody promises it, and code that relies on it works until it does not. Each seed
 * draws which of them it uses, and how much; {@link Simulation#chosen} tells, and {@link Simulation#fix} takes one away.
 */
public enum Freedom {
    /**
     * What comes first of all that is due at one instant: ticks of different loops, timers of different loops, segments of different
     * connections. On one loop the order of Handles stays what the loop promises. Without it: first planned, first done.
     */
    ORDER,

    /** Segments take longer than the latency says, each another time. Without it: exactly as long. */
    JITTER,

    /**
     * Bytes come and go in pieces: a read gives fewer bytes than there are, a write takes fewer than there is room for, segments are split
     * anywhere. Without it: as much as fits, in segments of at most 1,460 bytes.
     */
    PIECES,

    /** A loop that has something to do gets its tick late, or has one for nothing. Without it: at once, and only then. */
    WAKE_UPS,

    /** What is written leaves some time after the flush, together with what is flushed meanwhile. Without it: at once. */
    FLUSHES,

    /** A new connection has small buffers for sending or receiving. Without it: 128 KiB each. */
    BUFFERS
}
