/**
 * The contract of a transport: what it must supply, and what it may rely on.
 *
 * <p>A transport implements {@link rill.spi.Transport}, {@link rill.spi.Selector}, {@link rill.spi.Wire} and {@link rill.spi.Acceptor}; the loop
 * implements {@link rill.spi.WireListener} and {@link rill.spi.AcceptListener}. Transports that learn of readiness and then make the system calls
 * themselves (NIO, epoll) share the state machines in {@link rill.spi.readiness} and add only the calls.
 */
package rill.spi;
