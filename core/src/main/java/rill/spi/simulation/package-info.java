/**
 * What a simulation tells the loops of its hosts, besides what a {@link rill.spi.Driver} does. Not for users: exported to Rill's own simulated network
 * alone.
 */
package rill.spi.simulation;
