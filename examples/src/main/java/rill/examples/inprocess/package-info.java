/** A custom transport in some three hundred lines: connections between the loops of one process. See {@code docs/custom-transport.md}. */
package rill.examples.inprocess;
