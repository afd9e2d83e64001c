/**
 * Sockets by Linux epoll, by two paths: {@link rill.transport.epoll.EpollTransport} calls the C library directly,
 * {@link rill.transport.epoll.EpollNioTransport} drives the JDK's own epoll.
 */
package rill.transport.epoll;
