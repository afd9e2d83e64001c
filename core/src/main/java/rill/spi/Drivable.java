package rill.spi;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * A loop as its {@link Driver} sees it: something that has a step to do, now and then. {@link rill.Loop} says what each of these means.
 */
public interface Drivable {
    /** What it is called in messages. */
    String name();

    /**
     * Does one step, without blocking.
     *
     * @return whether there is more to do at once
     */
    boolean tick();

    /** When its next timer is due, by its clock; empty if it has none. */
    OptionalLong nextTimer();

    /** A reading of its clock. */
    long nanoTime();

    /** How many connections it has. */
    int connections();

    /** What is alive on it, in words. */
    List<String> alive();

    /** Its Tasks that wait, and for what. For use between two ticks of all loops that have to do with one another. */
    List<WaitingTask> waitingTasks();

    /** Closes it, with so much time for what is in flight. */
    void close(Duration deadline);

    /** Whether it is closed. */
    boolean closed();
}
