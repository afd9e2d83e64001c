/**
 * Sockets on Linux epoll, in two ways: {@link rill.transport.epoll.EpollTransport} calls the C library directly,
 * {@link rill.transport.epoll.EpollNioTransport} uses the JDK's own epoll.
 */
package rill.transport.epoll;
