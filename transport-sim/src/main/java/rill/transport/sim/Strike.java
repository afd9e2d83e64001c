package rill.transport.sim;

import java.time.Duration;

/**
 * A fault that struck in a run.
 *
 * @param number the number among those of the run's swarms, from 1, by which {@code -Drill.without} leaves it out; 0 if the scenario
 *     itself injected or scheduled it
 * @param swarm which of the run's swarms it is of, from 1; 0 if it is of none
 * @param at when, since the simulation began
 * @param lasting how long it was in force, or is to be; to the present, if that is not known
 * @param fault what it is
 */
public record Strike(int number, int swarm, Duration at, Duration lasting, Fault fault) {
    @Override
    public String toString() {
        return (number == 0 ? "" : "#" + number + " ") + Simulation.inSeconds(at.toNanos()) + " + "
                + Simulation.inSeconds(lasting.toNanos()) + " " + fault;
    }
}
