/** What all transports on {@code java.nio.channels} have in common. Not exported to users. */
package rill.transport.nio.channels;
