/**
 * What transports share whose system reports readiness ("you can read now") and leaves the calls to them, as poll, epoll and NIO do.
 *
 * <p>Such a transport extends {@link rill.spi.readiness.ReadinessSelector}, {@link rill.spi.readiness.ReadinessWire}, {@link
 * rill.spi.readiness.ReadinessAcceptor} and {@link rill.spi.readiness.ReadinessAccepted} by its system calls. What the contract in
 * {@link rill.spi} asks for is done here: turns and budgets, what is told when, partial writes, half-close, failure, pausing, closing.
 */
package rill.spi.readiness;
