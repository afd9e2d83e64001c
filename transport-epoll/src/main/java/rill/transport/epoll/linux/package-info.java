/**
 * Linux as called by the transports of Rill: the C library, error numbers, socket options and addresses. Only for the transports of this module and
 * of {@code rill.transport.uring}.
 */
package rill.transport.epoll.linux;
