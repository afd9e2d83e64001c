package rill.spi;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** A loop as its {@link Driver} sees it: something that has a step to do now and then. The methods are described by {@link rill.Loop}. */
public interface Drivable {
    /** The loop's name in messages. */
    String name();

    /**
     * Does one step, without blocking.
     *
     * @return whether there is more to do at once
     */
    boolean tick();

    /** When the next timer is due, by the loop's clock; empty if there is no timer. */
    OptionalLong nextTimer();

    /** A reading of the loop's clock. */
    long nanoTime();

    /** The number of connections. */
    int connections();

    /** Descriptions of everything alive on the loop. */
    List<String> alive();

    /** The Tasks that wait, and what they wait for. For use between two ticks of all loops that interact. */
    List<WaitingTask> waitingTasks();

    /** Closes the loop, with this deadline for what is in flight. */
    void close(Duration deadline);

    /** Whether the loop is closed. */
    boolean isClosed();
}
