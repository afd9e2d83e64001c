/** Sockets by {@code java.nio.channels}: on every platform that has a JDK. */
package rill.transport.nio;
