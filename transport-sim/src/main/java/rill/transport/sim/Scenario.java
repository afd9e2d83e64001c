package rill.transport.sim;

/**
 * What happens in a simulation: adds hosts, lets them talk, and throws if what must hold does not. It makes everything anew each time,
 * and takes what is random from the simulation's loops.
 */
@FunctionalInterface
public interface Scenario {
    /** Runs once, in a simulation that is empty and is closed afterwards. */
    void run(Simulation simulation) throws Exception;
}
