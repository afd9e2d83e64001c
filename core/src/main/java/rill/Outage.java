package rill;

/**
 * The time during which nothing of a pool is connected, since something failed.
 *
 * @param why the latest failure
 * @param since when, by the clock of the pool's loop, the last connection was lost or the first attempt failed
 * @param attempts how many attempts have failed
 */
record Outage(Throwable why, long since, int attempts) {
    /** It lasts: something else has failed, with so many more attempts. */
    Outage and(Throwable latest, int more) {
        return new Outage(latest, since, attempts + more);
    }
}
