package rill.transport.sim;

/** A fault in force. Closing it ends the fault; closing it again does nothing. */
public final class Injection implements AutoCloseable {
    private static final long STILL = Long.MAX_VALUE;

    private final Fault fault;
    private final Injections all;
    private final Runnable undo;
    private final long since;
    private final int number; // among those of swarms, or 0
    private final int swarm; // whose it is, or 0
    private final long planned; // how long it is to last, if that is known
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

    /** That never strikes. */
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

    /** How long it was in force, or is to be, as far as is known. */
    long lasting(long now) {
        return until == STILL ? Math.max(planned, now - since) : until - since;
    }

    /** Until when it was in force, or {@code now} if it still is. */
    long until(long now) {
        return Math.min(until, now);
    }

    @Override
    public String toString() {
        return fault.toString();
    }
}
