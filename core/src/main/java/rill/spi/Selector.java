package rill.spi;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The I/O half of one loop: opens Wires and delivers their events.
 *
 * <p><b>Threading:</b> {@link #wakeup()} may be called from any thread; everything else only by the loop's driver, one at a time. The driver may
 * change between calls, with a happens-before edge between the two, unless its transport {@link Transport#keepsDriver keeps the driver}. Even then,
 * every call but {@code select} may also come from another thread, which carries a Task of the loop while the driver waits for it, with such edges
 * before and after.
 *
 * <p><b>Delivery:</b> events reach listeners only within {@link #select}; no other method of a Selector, Wire or Acceptor calls a listener before it
 * returns. A listener may call any method of any Wire of this Selector, including its own, and connect, listen and open; it must not call
 * {@code select}. Events that it causes are delivered by a later {@code select}, so that the present call can't be kept busy for ever. A listener
 * must not throw. If one does anyway, {@code select} continues: the Wire concerned is closed with the exception as the cause, and an Acceptor pauses
 * and calls {@link AcceptListener#failed}. An exception thrown at the last event, or by a listener that has closed its Acceptor or is notified of a
 * failure, goes to the uncaught exception handler of the thread; what that throws is ignored.
 *
 * <p><b>Interrupts:</b> an interrupt of the thread affects {@code select} alone.
 *
 * <p><b>Options:</b> are applied in order, so the first unsupported one is the one refused; an option that was set can be read. A loop asks for
 * {@code TCP_NODELAY} when it connects to or accepts from an IP address, and for {@code SO_REUSEADDR} when it listens, unless its user says
 * otherwise. A transport for which these have no meaning accepts and ignores them, and reads them as true. A {@code SO_LINGER} of more than 0 is
 * refused, since a close that lingers would block the loop.
 *
 * <p><b>After it is closed</b> {@code select}, {@code connect}, {@code listen} and {@code open} throw {@link IllegalStateException}, {@code open}
 * after closing the socket; {@code wakeup} and {@code close} are no-ops. Its Wires and Acceptors are closed, and no event is delivered any more, not
 * even by the {@code select} within which it was closed. Sockets that it has accepted belong to their receivers.
 *
 * <p><b>Not guaranteed:</b> any order between events of different Wires; that {@code select} delivers anything at all before it returns, or that it
 * uses the whole of its timeout.
 */
public interface Selector {
    /** A timeout for {@link #select} that never expires. */
    long FOREVER = -1;

    /**
     * Waits for events and delivers them.
     *
     * <p>Returns when at least one event was delivered, after a wake-up, or when the timeout has expired. Returns at once if there are undelivered
     * events (such as the {@code closed} of a Wire closed since the last call) or if {@link #wakeup()} was called since the last {@code select}.
     * Interrupting the thread makes it return; the interrupt status stays set.
     *
     * <p>One connection's turn is bounded (16 reads or 256 KiB), so that no peer holds up the others; the rest is delivered by the next call.
     *
     * <p>Must not be called by a listener. The driver may be another thread than the last time.
     *
     * @param timeoutNanos nanoseconds; 0 never blocks, {@link #FOREVER} has no limit
     * @throws IOException only if the Selector itself is broken; the loop then closes, as for any other exception
     */
    void select(long timeoutNanos) throws IOException;

    /**
     * Makes the {@code select} that is blocked, or else the next one, return at once. Any thread. Several calls count as one, and a {@code select}
     * consumes the wake-up whatever its timeout.
     */
    void wakeup();

    /**
     * Opens a Wire to {@code remote}. Returns at once; the outcome is {@link WireListener#connected()} or {@link WireListener#closed} with the cause,
     * always delivered by a later {@code select}. The Wire may be written to before that.
     *
     * <p>There is no time limit; to impose one, the caller calls {@link Wire#abort()}.
     *
     * @param local the address to bind first, or null
     * @throws IllegalArgumentException if this transport does not support this kind of address or an option, or if the name in an address was not
     *     resolved; the message names the transport, and the option, or the class of the address
     */
    Wire connect(SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener);

    /**
     * Opens an accepted socket, from this Selector's transport but possibly from another Selector, as a Wire of this one.
     * {@link WireListener#connected()} is its first event, delivered by a later {@code select}.
     *
     * @throws IllegalArgumentException if the socket is of another transport, or if this transport does not support an option; the socket is closed
     *     in the latter case
     * @throws IllegalStateException if the socket was opened or closed before
     */
    Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener);

    /**
     * Binds and listens.
     *
     * @param backlog roughly how many connections may wait to be accepted, subject to the system's limits; 0 for the system's choice
     * @throws IOException if the address is not available; the message names it
     * @throws IllegalArgumentException as for {@link #connect}
     */
    Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException;

    /**
     * Sets the {@code tally} that receives counts of this Selector's work, in place of an earlier one: each read and each write that is made, and
     * when it has waited. A loop calls this before its first {@link #select}. A Selector that does not count keeps this default, and the numbers are
     * then unknown.
     */
    default void tellInto(Tally tally) {}

    /**
     * Closes the Selector and, without further events, all its Wires and Acceptors. Every buffer is released, once nothing writes it any more.
     * Idempotent. May be called by a listener.
     */
    void close();
}
