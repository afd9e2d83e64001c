/** Scenarios for the simulated network: Rill's own tests, and an example with a bug to find. {@code ./rill sim} runs them. */
package rill.examples.sim;
