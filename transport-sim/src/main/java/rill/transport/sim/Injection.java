package rill.transport.sim;

/** A fault in force. Closing it ends the fault; this is idempotent. */
public final class Injection implements AutoCloseable {
    private static final long STILL = Long.MAX_VALUE;

    private final Fault fault;
    private final Injections all;
    private final Runnable undo;
    private final long since;
    private final int number; // among those of swarms, or 0
    private final int swarm; // it belongs to, or 0
    private final long planned; // how long it is to last; 0 if unknown
    private long until = STILL;

    Injection(Fault fault, Injections all, Runnable undo, long since, int number, int swarm, long planned) {
        this.fault = fault;
        this.all = all;
        this.undo = undo;
        this.since = since;
        this.number = number;
        this.swarm = swarm;
        this.planned = planned;
    }

    /** Returns one that never strikes. */
    static Injection ofNothing(Fault fault, Injections all) {
        long now = all.agenda.now();
        var nothing = new Injection(fault, all, () -> {}, now, 0, 0, 0);
        nothing.until = now;
        return nothing;
    }

    @Override
    public void close() {
        if (until == STILL) {
            until = all.agenda.now();
            all.ended(this);
            undo.run();
        }
    }

    Fault fault() {
        return fault;
    }

    int number() {
        return number;
    }

    int swarm() {
        return swarm;
    }

    long since() {
        return since;
    }

    long planned() {
        return planned;
    }

    /** Returns how long it was in force, or will be, as far as is known. */
    long lasting(long now) {
        return until == STILL ? Math.max(planned, now - since) : until - since;
    }

    /** Returns when it ended, or {@code now} if it is still in force. */
    long until(long now) {
        return Math.min(until, now);
    }

    @Override
    public String toString() {
        return fault.toString();
    }
}
