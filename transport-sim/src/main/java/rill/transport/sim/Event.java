package rill.transport.sim;

/** Something that happens at a moment of virtual time. */
abstract class Event {
    long time;
    long order; // among those of one moment, the smaller is first

    abstract void happen();

    final boolean isBefore(Event other) {
        return time != other.time ? time < other.time : order < other.order;
    }
}
