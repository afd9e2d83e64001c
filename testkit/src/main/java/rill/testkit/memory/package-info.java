/** A transport for tests of protocols, clients and servers, without sockets and without waiting. See {@link rill.testkit.memory.MemoryTransport}. */
package rill.testkit.memory;
