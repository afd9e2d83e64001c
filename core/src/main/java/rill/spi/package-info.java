/**
 * What a transport supplies, and what it is promised.
 *
 * <p>A transport implements {@link rill.spi.Transport}, {@link rill.spi.Selector}, {@link rill.spi.Wire} and
 * {@link rill.spi.Acceptor}; the loop implements {@link rill.spi.WireListener} and {@link rill.spi.AcceptListener}.
 * Transports that learn of readiness and then make system calls themselves (NIO, epoll) share
 * {@link rill.spi.ReadinessWire} and add only the calls.
 */
package rill.spi;
