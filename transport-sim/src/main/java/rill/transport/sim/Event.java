package rill.transport.sim;

/** Something that happens at a moment of virtual time. */
abstract class Event implements Comparable<Event> {
    long time;
    long order; // among those of one moment: first planned, first done

    abstract void happen();

    @Override
    public final int compareTo(Event other) {
        int byTime = Long.compare(time, other.time);
        return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
}
