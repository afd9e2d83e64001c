/**
 * Queues of buffers that Wires are to write, shared by transports whose system reports readiness and those whose system reports completion. Not for
 * users: exported to the transports of Rill alone.
 */
package rill.spi.writing;
