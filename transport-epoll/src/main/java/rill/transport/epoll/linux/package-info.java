/**
 * Linux as the transports of Rill call it: the C library, error numbers, socket options and addresses. For the transports alone, this
 * module's and {@code rill.transport.uring}.
 */
package rill.transport.epoll.linux;
