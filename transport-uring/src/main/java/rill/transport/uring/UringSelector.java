package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Tally;
import rill.spi.Uncaught;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.readiness.SocketFailures;
import rill.spi.writing.SpareQueues;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.NativeOptions;
import rill.transport.epoll.linux.Registrations;
import rill.transport.epoll.linux.Sockets;

/**
 * A loop's Selector on one {@link Ring}, which belongs to the first thread that drives it.
 *
 * <pre>
 *  select ──▶ sockets that have changed make their requests ──▶ one enter: the kernel takes them, and waits
 *     ├─────▶ answers, which are events or lead to some; one of them says that {@link Listeners} have a connection to accept
 *     └─────▶ undelivered events, which no answer announces (closed, accepted, what was kept)
 *
 *  close  ──▶ everything under way is cancelled ──▶ the last answers ──▶ descriptors and memory are released
 *     └─────▶ on another thread: sockets are cut off, so that what is under way finds nothing to do ─┘
 * </pre>
 */
final class UringSelector implements Selector {
    static final String NAME = "uring";

    private static final long END_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LATER_PER_TURN = 16; // each may take a system call, and others wait meanwhile
    private static final int MOST_IN_VAIN = 3;
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final RingParts parts;
    private final Ring ring;
    private final Requests requests;
    private final NativeOptions options;
    private final Sockets sockets;
    private final Registrations<RingSocket> registrations = new Registrations<>();
    private final Opening opening = new Opening(NAME, this);
    private final Gathering gathering;
    private final SpareQueues queues = new SpareQueues();
    private final Senders senders = new Senders();
    private final Supplier<ByteBuf> receiveBuffer;
    private final SocketQueue.Changed changed = new SocketQueue.Changed();
    private final SocketQueue.Unserved unserved = new SocketQueue.Unserved();
    private final SocketQueue.Undelivered undelivered = new SocketQueue.Undelivered();
    private final ArrayDeque<RingSocket> later = new ArrayDeque<>(); // they could not do something just now
    private @Nullable Listeners listeners; // once there was one
    private boolean awaitsAccept; // a request for them is under way
    private Tally tally = Tally.NONE;
    private @Nullable Thread driver;
    private int turn;
    private boolean selecting;
    private boolean closed;

    UringSelector(RingParts parts, Supplier<ByteBuf> receiveBuffer) {
        this.parts = parts;
        this.receiveBuffer = receiveBuffer;
        ring = parts.ring();
        requests = new Requests(parts);
        options = new NativeOptions(NAME, parts.memory());
        sockets = new Sockets(parts.memory(), options);
        gathering = new Gathering(parts.scratch(), parts.heapBytes());
    }

    // ---- the driver

    /**
     * Claims the ring for the driver. Calls other than select may come from a Task's thread while the driver waits for it; they leave the ring alone,
     * or only try.
     */
    private void requireDriver() throws IOException {
        Thread here = Thread.currentThread();
        if (driver == here) {
            return;
        }
        if (driver != null) {
            throw new IllegalStateException("select on " + here + ": a selector of transport " + NAME
                    + " belongs to the first thread that drives it, which is " + driver
                    + "; give the loop a thread of its own (Loop.start, LoopGroup), or take another transport");
        }
        ring.enable();
        driver = here;
    }

    void requireOpen(String what, Object address) {
        if (closed) {
            throw new IllegalStateException(what + address + ": the selector is closed");
        }
    }

    // ---- selecting

    @Override
    public void select(long timeoutNanos) throws IOException {
        requireOpen("select", "");
        requireDriver();
        selecting = true;
        int waiting = undelivered.size(); // events added from here on are for a later select, as promised
        boolean toAccept = listeners != null && listeners.haveSomethingToTell();
        advanceAll();
        enter(timeoutNanos);
        turn++;
        senders.step();
        takeAnswers();
        if (toAccept && !closed) {
            Objects.requireNonNull(listeners).select(0);
        }
        for (int n = waiting; n > 0 && !closed; n--) {
            deliver(undelivered.remove());
        }
        for (int n = Math.min(later.size(), LATER_PER_TURN); n > 0 && !closed; n--) {
            tryAgain(later.remove());
        }
        selecting = false;
    }

    /** Lets all sockets that have changed make their requests, and before these the ones that got no buffer the last time. */
    private void advanceAll() throws IOException {
        for (int n = unserved.size(); n > 0 && requests.hasRoom(RingSocket.MOST_REQUESTS); n--) {
            advance(unserved.remove());
        }
        for (int n = changed.size(); n > 0; n--) {
            if (!requests.hasRoom(RingSocket.MOST_REQUESTS)) {
                return;
            }
            advance(changed.remove());
        }
        if (listeners != null && !awaitsAccept) {
            awaitsAccept = requests.awaitReadable(listeners.descriptor(), 0, Request.ACCEPT);
        }
    }

    private static void advance(RingSocket each) {
        try {
            each.advance();
        } catch (RuntimeException | Error e) {
            broken(each, e);
        }
    }

    /** Fails one socket, for lack of memory or because of a mistake. No other is affected. */
    private static void broken(RingSocket socket, Throwable why) {
        try {
            socket.broken(why);
        } catch (RuntimeException | Error e) {
            Uncaught.tell(e);
        }
    }

    private void enter(long timeoutNanos) throws IOException {
        boolean something = !undelivered.isEmpty() || (listeners != null && listeners.haveSomethingToTell());
        boolean allRequested = unserved.isEmpty() && changed.isEmpty() && (listeners == null || awaitsAccept);
        boolean hasToCome = later.isEmpty() && allRequested;
        requests.enter(something ? 0 : hasToCome ? timeoutNanos : Requests.soon(timeoutNanos));
        if (timeoutNanos != 0) {
            tally.awake();
        }
    }

    /** Takes the answers that are available now; the events they lead to are for a later select. */
    private void takeAnswers() throws IOException {
        for (int n = ring.ready(); n > 0 && !closed && ring.next(); n--) {
            answer(ring.data(), ring.result(), ring.flags());
        }
    }

    private void answer(long data, int result, int flags) throws IOException {
        if (data == Request.WAKE_UP) {
            requests.wokenUp(flags);
            return;
        }
        if (data == Request.ACCEPT) {
            awaitsAccept = false;
            requests.over();
            if (!closed) {
                Objects.requireNonNull(listeners).select(0);
            }
            return;
        }
        RingSocket receiver = registrations.find(Request.registration(data));
        if (receiver == null) {
            return; // the answer to a cancel request of a socket that is over
        }
        try {
            receiver.answered(Request.kind(data), result, flags);
        } catch (RuntimeException | Error e) {
            broken(receiver, e);
        }
    }

    /** Delivers the events of a socket. If a listener throws at its last event, or when notified of a failure, there is nobody else to notify. */
    private static void deliver(RingSocket each) {
        try {
            each.deliver();
        } catch (RuntimeException | Error e) {
            Uncaught.tell(e);
        }
    }

    @Override
    public void wakeup() {
        requests.wakeup();
    }

    @Override
    public void tellInto(Tally newTally) {
        tally = newTally;
    }

    // ---- for its sockets

    Registrations<RingSocket> registrations() {
        return registrations;
    }

    NativeOptions options() {
        return options;
    }

    Sockets sockets() {
        return sockets;
    }

    CallMemory memory() {
        return parts.memory();
    }

    Scratch scratch() {
        return parts.scratch();
    }

    Requests requests() {
        return requests;
    }

    Gathering gathering() {
        return gathering;
    }

    SpareQueues queues() {
        return queues;
    }

    Senders senders() {
        return senders;
    }

    ReceiveBuffers buffers() {
        return parts.buffers();
    }

    Tally tally() {
        return tally;
    }

    /** Returns the number of selects so far. */
    int turn() {
        return turn;
    }

    /** Returns whether a select is under way. */
    boolean isSelecting() {
        return selecting;
    }

    ByteBuf receiveBuffer() {
        return receiveBuffer.get();
    }

    void changed(RingSocket socket) {
        changed.add(socket);
    }

    void undelivered(RingSocket socket) {
        undelivered.add(socket);
    }

    /** Notes that there was no receive buffer for this one. */
    void unserved(RingSocket socket) {
        unserved.add(socket);
    }

    /** Schedules a call of {@link RingSocket#again} for a later select. */
    void later(RingSocket socket) {
        later.add(socket);
    }

    // ---- Wires

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions wanted, WireListener listener) {
        requireOpen("connect to ", remote);
        return opening.connect(remote, local, wanted, listener);
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions wanted, WireListener listener) {
        return opening.open(socket, wanted, listener);
    }

    private static void tryAgain(RingSocket each) {
        try {
            each.again();
        } catch (RuntimeException | Error e) {
            broken(each, e);
        }
    }

    // ---- listening

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions wanted, AcceptListener listener)
            throws IOException {
        requireOpen("listen on ", local);
        Listeners present = listeners;
        if (present == null) {
            opening.requireKnown(local);
            try {
                present = new Listeners(NAME, parts.memory());
            } catch (IOException e) {
                throw SocketFailures.naming("listen on " + local, e);
            }
            listeners = present;
        }
        return present.listen(local, backlog, wanted, listener);
    }

    // ---- closing

    @Override
    public void close() {
        if (closed) {
            return;
        }
        List<RingSocket> all = registrations.all();
        var failures = new ArrayList<Throwable>();
        closed = true; // once all are known: without memory for that, it can be closed later
        all.forEach(each -> attempt(each::abandon, failures));
        if (listeners != null) {
            attempt(listeners::close, failures);
        }
        attempt(this::awaitAllOver, failures);
        if (requests.underWay()
                > 0) { // the ring is another thread's, and the kernel cancels what is under way a little later
            all.forEach(each -> attempt(each::cutOff, failures));
        }
        attempt(parts::closeRing, failures);
        all.forEach(each -> attempt(each::release, failures));
        changed.clear();
        unserved.clear();
        undelivered.clear();
        later.clear();
        attempt(parts::close, failures);
        if (!failures.isEmpty()) {
            throw new IllegalStateException("closing the selector", failures.getLast());
        }
    }

    /** Takes a step of closing; if it fails, the next one is taken all the same. */
    private static void attempt(Runnable step, List<Throwable> failures) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }

    private void awaitAllOver() {
        long begun = System.nanoTime();
        int inVain = 0; // so often in succession, there was nothing to cancel, and no answer
        try {
            while (requests.underWay() > 0 && System.nanoTime() - begun < END_NANOS) {
                int found = ring.cancelAll(STEP_NANOS);
                if (found == -Errno.EEXIST) {
                    return; // this is not the driver's thread
                }
                ring.enterNow();
                inVain = found != 0 || ring.ready() > 0 || ring.waiting() > 0 ? 0 : inVain + 1;
                if (inVain == MOST_IN_VAIN) {
                    return; // without memory, the kernel has dropped an answer
                }
                if (inVain > 0) {
                    ring.await(STEP_NANOS); // something may still be on its way
                }
                while (ring.next()) {
                    answer(ring.data(), ring.result(), ring.flags());
                }
            }
        } catch (IOException e) {
            // The ring is broken, and is closed with its contents.
        }
    }
}
