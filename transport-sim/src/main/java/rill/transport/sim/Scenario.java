package rill.transport.sim;

/**
 * What happens in a simulation: it adds hosts, lets them talk, and throws if a condition does not hold. It creates everything anew each time, and
 * takes its randomness from the simulation.
 */
@FunctionalInterface
public interface Scenario {
    /** Runs once, in an empty simulation that is closed afterwards. */
    void run(Simulation simulation) throws Exception;
}
