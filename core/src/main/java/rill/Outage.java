package rill;

/**
 * Nothing of a pool is connected, and something has failed.
 *
 * @param why the latest failure
 * @param since when, by the clock of the pool's loop, the last connection was lost or the first attempt has failed
 * @param attempts how many have failed
 */
record Outage(Throwable why, long since, int attempts) {}
