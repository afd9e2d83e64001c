package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
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
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.NativeOptions;
import rill.transport.epoll.linux.Registrations;
import rill.transport.epoll.linux.SocketAddressArea;
import rill.transport.epoll.linux.Sockets;

/**
 * A loop's selector on one {@link Ring}, which belongs to the first thread that drives it.
 *
 * <pre>
 *  select ──▶ those that have changed make their requests ──▶ one enter: the kernel takes them, and waits
 *     ├─────▶ answers, which are events or lead to some; one of them is that {@link Listeners} have somebody to accept
 *     └─────▶ what is undelivered: events that no answer announces (closed, accepted, what was kept)
 *
 *  close  ──▶ all that is under way is cancelled ──▶ the last answers ──▶ descriptors and memory are given back
 * </pre>
 */
final class UringSelector implements Selector {
    private static final String NAME = "uring";

    private static final long END_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int FEW = 2;
    private static final int SPARE_QUEUES = 16;
    private static final int POLL_IN = 1;

    private final RingParts parts;
    private final Ring ring;
    private final NativeOptions options;
    private final Sockets sockets;
    private final Registrations<RingSocket> registrations = new Registrations<>();
    private final Supplier<ByteBuf> receiveBuffer;
    private final ArrayDeque<RingSocket> changed = new ArrayDeque<>();
    private final ArrayDeque<RingSocket> undelivered = new ArrayDeque<>();
    private final List<RingSocket> later = new ArrayList<>(); // that could not do something just now
    private @Nullable Listeners listeners; // once there was one
    private boolean awaitsAccept; // a request for them is under way
    private boolean hasTold; // in this step, before it enters
    private @Nullable SendQueue spareQueue;
    private int spareQueues;
    private Tally tally = Tally.NONE;
    private @Nullable Thread driver;
    private int underWay; // requests
    private int turn;
    private @Nullable UringWire lastSender; // in this step
    private int senders;
    private int sendersBefore; // in the last step
    private boolean closed;

    UringSelector(RingParts parts, Supplier<ByteBuf> receiveBuffer) {
        this.parts = parts;
        this.receiveBuffer = receiveBuffer;
        ring = parts.ring();
        options = new NativeOptions(NAME, parts.memory());
        sockets = new Sockets(parts.memory(), options);
    }

    // ---- the driver

    /** Other calls than select may come from a Task's thread, while the driver waits for it: they leave the ring alone, or try. */
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
        armWaker();
    }

    private void requireOpen(String what, Object address) {
        if (closed) {
            throw new IllegalStateException(what + address + ": the selector is closed");
        }
    }

    private void armWaker() {
        request(Request.POLL_ADD, parts.waker().descriptor(), 0, 0, Request.POLL_MULTI, POLL_IN, 0, Request.WAKE_UP);
    }

    // ---- selecting

    @Override
    public void select(long timeoutNanos) throws IOException {
        requireOpen("select", "");
        requireDriver();
        int waiting = undelivered.size(); // what comes up from here on is for a later select, as promised
        boolean toAccept = listeners != null && listeners.haveSomethingToTell();
        hasTold = false;
        advanceAll();
        enter(timeoutNanos);
        parts.waker().useUp();
        turn++;
        sendersBefore = senders;
        senders = 0;
        lastSender = null;
        takeAnswers();
        if (toAccept && !closed) {
            Objects.requireNonNull(listeners).select(0);
        }
        for (int n = waiting; n > 0 && !closed; n--) {
            deliver(undelivered.remove());
        }
        if (!later.isEmpty() && !closed) {
            tryAgain();
        }
    }

    /** Lets all that have changed make their requests. */
    private void advanceAll() throws IOException {
        for (int n = changed.size(); n > 0; n--) {
            if ((ring.room() < RingSocket.MOST_REQUESTS || parts.scratch().isFull()) && !makeRoom()) {
                return;
            }
            RingSocket each = changed.remove();
            try {
                each.beforeEnter();
            } catch (IOException | RuntimeException | Error e) {
                broken(each, e);
            }
        }
        if (listeners != null && !awaitsAccept && (ring.room() > 0 || makeRoom())) {
            request(Request.POLL_ADD, listeners.descriptor(), 0, 0, 0, POLL_IN, 0, Request.ACCEPT);
            awaitsAccept = true;
        }
    }

    /** Want of memory, or a mistake: it costs this one alone. */
    private static void broken(RingSocket socket, Throwable why) {
        try {
            socket.broken(why);
        } catch (RuntimeException | Error e) {
            uncaught(e);
        }
    }

    private static void uncaught(Throwable e) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }

    private boolean makeRoom() throws IOException {
        ring.submit();
        if (ring.waiting() > 0) {
            return false;
        }
        parts.scratch().clear();
        return true;
    }

    private void enter(long timeoutNanos) throws IOException {
        boolean waits = timeoutNanos != 0;
        boolean something = hasTold
                || !undelivered.isEmpty()
                || ring.ready() > 0
                || (listeners != null && listeners.haveSomethingToTell());
        if (waits && !something) {
            block(timeoutNanos);
        } else {
            ring.poll();
        }
        if (ring.waiting() == 0) {
            parts.scratch().clear();
        }
        if (waits) {
            tally.awake();
        }
    }

    private void block(long timeoutNanos) throws IOException {
        boolean hasToCome = later.isEmpty() && changed.isEmpty() && (listeners == null || awaitsAccept);
        parts.waker().waitBegins();
        try {
            ring.await(
                    hasToCome
                            ? timeoutNanos
                            : timeoutNanos < 0 ? Ring.AGAIN_NANOS : Math.min(timeoutNanos, Ring.AGAIN_NANOS));
        } finally {
            parts.waker().waitEnds();
        }
    }

    /** Those that are there now; what they lead to is for a later select. */
    private void takeAnswers() throws IOException {
        for (int n = ring.ready(); n > 0 && !closed && ring.next(); n--) {
            if (ring.data() == Request.ACCEPT) {
                awaitsAccept = false;
                requestOver();
                Objects.requireNonNull(listeners).select(0);
            } else {
                answer(ring.data(), ring.result(), ring.flags());
            }
        }
    }

    private void answer(long data, int result, int flags) {
        if (data == Request.WAKE_UP) {
            if ((flags & Ring.MORE) == 0) {
                requestOver();
                armWakerAgain();
            }
            return;
        }
        RingSocket receiver = registrations.find(Request.registration(data));
        if (receiver == null) {
            return; // the answer to the cancelling of one that is over
        }
        try {
            receiver.answered(Request.kind(data), result, flags);
        } catch (RuntimeException | Error e) {
            broken(receiver, e);
        }
    }

    private void armWakerAgain() {
        if (!closed) {
            armWaker();
        }
    }

    /** If a listener throws at its last event, or when it is told of a failure, nobody else can be told. */
    private static void deliver(RingSocket each) {
        try {
            each.deliver();
        } catch (RuntimeException | Error e) {
            uncaught(e);
        }
    }

    @Override
    public void wakeup() {
        parts.waker().wakeup();
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

    UringMemory memory() {
        return parts.memory();
    }

    Scratch scratch() {
        return parts.scratch();
    }

    boolean scratchIsFull() {
        return parts.scratch().isFull();
    }

    HeapBytes heapBytes() {
        return parts.heapBytes();
    }

    /** Whether so few Wires send, in this step and in the last, that a call for each is right: their bytes are on their way at once. */
    boolean sendsAtOnce(UringWire sender) {
        if (lastSender != sender) {
            lastSender = sender;
            senders++;
        }
        return senders <= FEW && sendersBefore <= FEW;
    }

    ReceiveBuffers buffers() {
        return parts.buffers();
    }

    Tally tally() {
        return tally;
    }

    /** Counts selects. */
    int turn() {
        return turn;
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

    /** Told its listener something when it was asked what it wants: so this select does not wait. */
    void hasTold() {
        hasTold = true;
    }

    /** It is asked {@link RingSocket#again again} with a later select. */
    void later(RingSocket socket) {
        later.add(socket);
    }

    /** Makes a request, which is under way until {@link #requestOver}. */
    void request(int operation, int socket, long word2, long address, int length, int flags, long word5, long data) {
        ring.add(operation, socket, word2, address, length, flags, word5, data);
        underWay++;
    }

    /** How many there are, that of wake-ups included. */
    int requestsUnderWay() {
        return underWay;
    }

    /** A request was answered for the last time. */
    void requestOver() {
        underWay--;
    }

    /** Cancels the request with these data; only if that was not found is it answered. */
    void cancel(long data, long dataOfIt) {
        ring.add(Request.CANCEL_QUIETLY, -1, 0, data, 0, 0, 0, dataOfIt);
    }

    SendQueue takeQueue() {
        SendQueue queue = spareQueue;
        if (queue == null) {
            return new SendQueue();
        }
        spareQueue = queue.nextSpare;
        queue.nextSpare = null;
        spareQueues--;
        return queue;
    }

    /** Takes back one that is empty. */
    void giveBack(SendQueue queue) {
        if (spareQueues < SPARE_QUEUES) {
            queue.nextSpare = spareQueue;
            spareQueue = queue;
            spareQueues++;
        }
    }

    // ---- connecting

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions wanted, WireListener listener) {
        requireOpen("connect to ", remote);
        requireKnown(remote);
        if (local != null) {
            requireKnown(local);
        }
        UringWire wire;
        try {
            wire = newWire(remote, listener);
        } catch (IOException noDescriptor) {
            wire = new UringWire(this, RingSocket.GONE, null, remote, SocketAddressArea.NOT_INET4, listener);
            wire.startFailed(noDescriptor);
            return wire;
        }
        try {
            wanted.<IOException>applyTo(wire::setOption);
            bind(wire, local);
            wire.startConnecting();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException | Error e) {
            wire.release();
            throw e;
        }
        return wire;
    }

    private UringWire newWire(SocketAddress remote, WireListener listener) throws IOException {
        int fd = sockets.connecting(remote);
        try {
            return new UringWire(this, fd, null, remote, SocketAddressArea.NOT_INET4, listener);
        } catch (Error e) { // no memory
            LibC.close(fd);
            throw e;
        }
    }

    private void bind(UringWire wire, @Nullable SocketAddress local) throws IOException {
        if (local == null) {
            return;
        }
        try {
            sockets.bind(wire.fd(), local, SocketAddressArea.familyOf(wire.remoteAddress()));
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    private void tryAgain() {
        List<RingSocket> present = List.copyOf(later);
        later.clear();
        for (RingSocket each : present) {
            try {
                each.again();
            } catch (RuntimeException | Error e) {
                broken(each, e);
            }
        }
    }

    private static void requireKnown(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IllegalArgumentException(
                    "transport " + NAME + " takes addresses, not names: " + inet + " has to be resolved first");
        }
        if (address instanceof UnixDomainSocketAddress path
                && path.getPath().toString().isEmpty()) {
            throw new IllegalArgumentException(
                    "transport " + NAME
                            + " needs the path of a file in the address of a Unix domain socket, as in UnixDomainSocketAddress.of(\"/run/my.socket\")");
        }
        if (!SocketAddressArea.knows(address)) {
            throw new IllegalArgumentException("transport " + NAME + " has no addresses of type "
                    + address.getClass().getName() + ": " + address);
        }
    }

    // ---- those that were accepted

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions wanted, WireListener listener) {
        if (!(socket instanceof UringAccepted ours)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        ours.takeOver();
        UringWire wire;
        try {
            requireOpen("open a connection from ", ours.remoteAddress());
            wire = ours.wire(this, listener);
        } catch (RuntimeException | Error e) {
            ours.closeDescriptor();
            throw e;
        }
        try {
            wanted.<IOException>applyTo(wire::setOption);
            wire.startConnected();
        } catch (IOException e) {
            wire.startFailed(e);
        } catch (RuntimeException | Error e) {
            wire.release();
            throw e;
        }
        return wire;
    }

    // ---- listening

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions wanted, AcceptListener listener)
            throws IOException {
        requireOpen("listen on ", local);
        Listeners present = listeners;
        if (present == null) {
            requireKnown(local);
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
        closed = true;
        List<RingSocket> all = registrations.all();
        var failures = new ArrayList<Throwable>();
        all.forEach(each -> attempt(each::abandon, failures));
        if (listeners != null) {
            attempt(listeners::close, failures);
        }
        attempt(this::awaitAllOver, failures);
        attempt(parts::closeRing, failures); // of one that others drive: what is under way is the kernel's to cancel
        all.forEach(each -> attempt(each::release, failures));
        changed.clear();
        undelivered.clear();
        later.clear();
        attempt(parts::close, failures);
        if (!failures.isEmpty()) {
            throw new IllegalStateException("closing the selector", failures.getLast());
        }
    }

    /** And what comes after it is done all the same. */
    private static void attempt(Runnable step, List<Throwable> failures) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }

    private void awaitAllOver() {
        long begun = System.nanoTime();
        try {
            while (underWay > 0 && System.nanoTime() - begun < END_NANOS) {
                if (ring.cancelAll(STEP_NANOS) == -Errno.EEXIST) {
                    return; // this is not the driver's thread
                }
                ring.pollAll();
                while (ring.next()) {
                    if (ring.data() == Request.ACCEPT) {
                        requestOver();
                    } else {
                        answer(ring.data(), ring.result(), ring.flags());
                    }
                }
            }
        } catch (IOException e) {
            // The ring is broken, and is closed with what is in it.
        }
    }
}
