/**
 * A simulated network that behaves like TCP, in virtual time: loops, timers, pipelines and clients run on it as they run in production, and the same
 * seed gives the same run. {@link rill.transport.sim.Simulation} is the entry point.
 */
package rill.transport.sim;
