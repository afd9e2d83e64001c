package rill.transport.sim;

/**
 * What a simulation leaves to its seed besides faults: nothing promises it, and code that relies on it works until it does not. Each seed draws which
 * freedoms it uses, and how much. {@link Simulation#chosen} tells, and {@link Simulation#fix} takes one away.
 */
public enum Freedom {
    /**
     * What comes first among all that is due at one instant: ticks of different loops, timers of different loops, segments of different connections.
     * On one loop, Handles keep the order that the loop promises. Without it: first planned, first done.
     */
    ORDER,

    /** Segments take longer than the latency says, each by a different amount. Without it: exactly that long. */
    JITTER,

    /**
     * Bytes are transferred in pieces: a read returns fewer bytes than are available, a write takes fewer than there is room for, segments are split
     * anywhere. Without it: as many as fit, in segments of at most 1,460 bytes.
     */
    PIECES,

    /** A loop that has something to do gets its tick late, or gets one for nothing. Without it: at once, and only then. */
    WAKE_UPS,

    /** Written bytes leave some time after the flush, together with what is flushed meanwhile. Without it: at once. */
    FLUSHES,

    /** A new connection has small buffers for sending or receiving. Without it: 128 KiB each. */
    BUFFERS
}
