/**
 * Shared code of transports whose system reports readiness ("you can read now") and leaves the system calls to them, as poll, epoll and NIO do.
 *
 * <p>Such a transport extends {@link rill.spi.readiness.ReadinessSelector}, {@link rill.spi.readiness.ReadinessWire},
 * {@link rill.spi.readiness.ReadinessAcceptor} and {@link rill.spi.readiness.ReadinessAccepted} with its system calls. Everything that the contract
 * in {@link rill.spi} requires is done here: turns and budgets, the order of events, partial writes, half-close, failure, pausing, closing.
 */
package rill.spi.readiness;
