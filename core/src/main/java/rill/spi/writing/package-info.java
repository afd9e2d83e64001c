/**
 * What Wires were given to write, and what transports share of that, whether their system reports readiness or completion. Not for users:
 * exported to the transports of Rill alone.
 */
package rill.spi.writing;
