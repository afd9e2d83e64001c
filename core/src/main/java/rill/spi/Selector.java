package rill.spi;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The I/O half of one loop: opens Wires and delivers their events.
 *
 * <p><b>Threading:</b> {@link #wakeup()} may be called from any thread; everything else only by the loop's driver, one
 * at a time. The driver may change between calls, with a happens-before edge between the two.
 *
 * <p><b>Delivery:</b> events reach listeners only within {@link #select}; no other method of a Selector, Wire or Acceptor
 * calls a listener before it returns. A listener may call any method of any Wire of this Selector, those of its own Wire
 * included; it does not call {@code select}. A listener never throws.
 *
 * <p><b>Options:</b> a loop asks for {@code TCP_NODELAY} when it connects or opens, and for {@code SO_REUSEADDR} when it listens,
 * unless its user says otherwise; a transport to which these mean nothing accepts and ignores them.
 *
 * <p><b>Not guaranteed:</b> any order between events of different Wires; that {@code select} delivers anything at all
 * before it returns, or that it uses the whole of its timeout.
 */
public interface Selector {
    /** Pass to {@link #select} to wait for ever. */
    long FOREVER = -1;

    /**
     * Waits for events and delivers them.
     *
     * <p>Returns when at least one event was delivered, after a wake-up, or when the time is over; at once if there are
     * undelivered events (such as the {@code closed} of a Wire closed since the last call) or if {@link #wakeup()} was
     * called since the last {@code select}. Interrupting the thread makes it return; the interrupt status stays set.
     *
     * <p>One connection's turn is bounded (16 reads or 256 KiB), so that no peer holds up the others; what is left is
     * delivered by the next call.
     *
     * @param timeoutNanos nanoseconds; 0 never blocks, {@link #FOREVER} has no limit
     * @throws IOException only if the Selector itself is broken: the loop closes
     */
    void select(long timeoutNanos) throws IOException;

    /**
     * Makes the {@code select} that is blocked, or else the next one, return at once. Any thread. Several count as one, and a
     * {@code select} uses it up whatever its timeout.
     */
    void wakeup();

    /**
     * Opens a Wire to {@code remote}. Returns at once; the outcome is {@link WireListener#connected()} or
     * {@link WireListener#closed} with the cause, always from a later {@code select}. May be written to before that.
     *
     * <p>Has no time limit of its own: whoever waits calls {@link Wire#abort()}.
     *
     * @param local the address to bind first, or null
     * @throws IllegalArgumentException if this transport has no such kind of address or no such option
     */
    Wire connect(SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener);

    /**
     * Takes an accepted socket, from this Selector's transport but possibly from another Selector, as a Wire of this one.
     * {@link WireListener#connected()} is its first event, from a later {@code select}.
     *
     * @throws IllegalArgumentException if the socket is of another transport, or if this transport has no such option; the
     *     socket is closed in the latter case
     * @throws IllegalStateException if the socket was opened or closed before
     */
    Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener);

    /**
     * Binds and listens.
     *
     * @param backlog how many connections may wait for acceptance; 0 for the system's choice
     * @throws IOException if the address can't be had; the message names it
     * @throws IllegalArgumentException if this transport has no such kind of address or no such option
     */
    Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException;

    /**
     * Closes the Selector and, without further events, every Wire and Acceptor of it; every buffer is released. Calling it
     * again does nothing.
     */
    void close();
}
