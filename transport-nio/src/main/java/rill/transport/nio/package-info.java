/** Sockets on {@code java.nio.channels}: on every platform with a JDK. */
package rill.transport.nio;
