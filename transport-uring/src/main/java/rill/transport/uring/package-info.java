/** Sockets on Linux io_uring: {@link rill.transport.uring.UringTransport}. */
package rill.transport.uring;
