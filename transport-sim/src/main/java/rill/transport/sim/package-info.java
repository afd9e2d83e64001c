/**
 * A simulated network that behaves as TCP does, in virtual time: loops, timers, pipelines and clients run on it as they run in
 * production, and the same seed gives the same run. {@link rill.transport.sim.Simulation} is the way in.
 */
package rill.transport.sim;
