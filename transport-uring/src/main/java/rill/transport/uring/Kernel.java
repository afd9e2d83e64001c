package rill.transport.uring;

/**
 * What a ring may make use of.
 *
 * @param bitwise receive buffers are used up bit by bit (Linux 6.12, which is found out where they are registered)
 * @param capped a request to receive many times can be told when to end (Linux 6.17)
 */
record Kernel(boolean bitwise, boolean capped) {
    static final Kernel ANY = new Kernel(true, false);
}
