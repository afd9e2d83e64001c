package rill.transport.uring;

/**
 * The features that a ring may use.
 *
 * @param bitwise receive buffers are used up piece by piece (Linux 6.12, which is found out where they are registered)
 * @param capped a repeating receive can be told when to stop and misses no end (since Linux 6.17, or 6.18.20)
 */
record Kernel(boolean bitwise, boolean capped) {
    static final Kernel ANY = new Kernel(true, false);
}
