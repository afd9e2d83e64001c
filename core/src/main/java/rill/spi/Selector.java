package rill.spi;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The I/O half of one loop: opens Wires and delivers their events.
 *
 * <p><b>Threading:</b> {@link #wakeup()} may be called from any thread; everything else only by the loop's driver, one
 * at a time. The driver may change between calls, with a happens-before edge between the two, unless its transport {@link Transport#keepsDriver keeps the driver}.
 *
 * <p><b>Delivery:</b> events reach listeners only within {@link #select}; no other method of a Selector, Wire or Acceptor
 * calls a listener before it returns. A listener may call any method of any Wire of this Selector, those of its own Wire
 * included, and connect, listen and open; it does not call {@code select}. What it causes is told by a later {@code select}, so that
 * none is kept here for ever. A listener never throws. If one does all the same, {@code select} goes on: the Wire concerned is closed with
 * what was thrown as the cause, and an Acceptor pauses and tells {@link AcceptListener#failed}. What is thrown at the last event
 * goes to the uncaught exception handler of the thread.
 *
 * <p><b>Interrupts:</b> whether its thread is interrupted matters to {@code select} alone.
 *
 * <p><b>Options:</b> are applied in their order, so that the first that there is not is the one refused; what was set can be read. A loop asks
 * for {@code TCP_NODELAY} when it connects to or accepts from an IP address, and for {@code SO_REUSEADDR} when it listens, unless its user
 * says otherwise; a transport to which these mean nothing accepts and ignores them, and reads them as true. A {@code SO_LINGER} of more than 0
 * is refused, since a close that lingers would block the loop.
 *
 * <p><b>After it is closed</b> {@code select}, {@code connect}, {@code listen} and {@code open} throw {@link IllegalStateException},
 * {@code open} after closing the socket; {@code wakeup} and {@code close} do nothing. Its Wires and Acceptors are closed, and nothing
 * is told any more, not even by the {@code select} within which it was closed. Sockets that it has accepted are their receivers'.
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
     * <p>Not to be called by a listener. The driver may be another thread than the last time.
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
     * @throws IllegalArgumentException if this transport has no such kind of address or no such option, or if the name in an address was not
     *     resolved; the message names the transport, and the option, or the class of the address
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
     * @param backlog how many connections may wait for acceptance, give or take what the system does; 0 for the system's choice
     * @throws IOException if the address can't be had; the message names it
     * @throws IllegalArgumentException as for {@link #connect}
     */
    Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException;

    /**
     * Tells {@code tally} from now on, instead of one given before, what this Selector does: each read and each write that is made, and when it has
     * waited. A loop gives one before its first {@link #select}. One that does not count leaves it be, as this does; then nobody knows.
     */
    default void tellInto(Tally tally) {}

    /**
     * Closes the Selector and, without further events, every Wire and Acceptor of it; every buffer is released, once nothing writes it any
     * more. Calling it again does nothing. May be called by a listener.
     */
    void close();
}
