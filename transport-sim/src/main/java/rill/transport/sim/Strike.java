package rill.transport.sim;

import java.time.Duration;

/**
 * A fault that struck in a run.
 *
 * @param number the number among the faults of the run's swarms, from 1, by which {@code -Drill.without} leaves it out; 0 if the scenario itself
 *     injected or scheduled it
 * @param swarm the number of the swarm that it belongs to, from 1; 0 if to none
 * @param at when, since the start of the simulation
 * @param lasting how long it was in force, or will be; up to the present, if that is unknown
 * @param fault the fault
 */
public record Strike(int number, int swarm, Duration at, Duration lasting, Fault fault) {
    @Override
    public String toString() {
        return (number == 0 ? "" : "#" + number + " ") + Simulation.inSeconds(at.toNanos()) + " + "
                + Simulation.inSeconds(lasting.toNanos()) + " " + fault;
    }
}
