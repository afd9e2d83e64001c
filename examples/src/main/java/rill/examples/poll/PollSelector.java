package rill.examples.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.WireListener;
import rill.spi.readiness.Interruption;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.Watched;

/** Waits by ppoll(2), and is woken up by an event descriptor, which is the first of those it polls. */
final class PollSelector extends ReadinessSelector<PollAccepted> {
    static final int IN = 0x1; // POLLIN
    static final int OUT = 0x4;
    private static final int ERR = 0x8;
    private static final int HUP = 0x10;

    private static final int ENTRY = 8; // bytes of a pollfd: descriptor 4, requested events 2, returned events 2
    private static final int ASKED = 4;
    private static final int ANSWERED = 6;
    private static final int SCRATCH = 64 * 1024;
    private static final long NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1L);

    private final Map<Watched, Interest> watched = new LinkedHashMap<>();
    private final Interruption interruption = new Interruption(this::wakeup);
    private final Arena arena = Arena.ofShared(); // shared, since the driver may change
    private final MemorySegment time = arena.allocate(JAVA_LONG, 2);
    private final int event;
    private boolean eventClosed; // guarded by this

    /** All writes, including those of heap buffers, are copied through here. */
    final ByteBuffer scratch = arena.allocate(SCRATCH).asByteBuffer();

    private record Interest(Watched who, int fd, int events) {}

    PollSelector(Supplier<ByteBuf> receiveBuffer) throws IOException {
        super(PollTransport.NAME, PollAccepted.class, receiveBuffer);
        try {
            event = LibC.check(LibC.EVENTFD, 0, LibC.NON_BLOCKING);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Sets the events to wait for; without any, nothing is reported, not even a hang-up. */
    void interest(Watched who, int fd, int events) {
        watched.put(who, new Interest(who, fd, events));
    }

    void forget(Watched who) {
        watched.remove(who);
    }

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        List<Interest> asked =
                watched.values().stream().filter(each -> each.events != 0).toList();
        try (var round = Arena.ofConfined()) {
            MemorySegment entries = round.allocate(ENTRY * (asked.size() + 1L), ENTRY);
            ask(entries, 0, event, IN);
            for (int i = 0; i < asked.size(); i++) {
                ask(entries, i + 1, asked.get(i).fd, asked.get(i).events);
            }
            await(entries, asked.size() + 1, timeoutNanos);
            if (timeoutNanos != 0) {
                awake(); // from here on the loop is busy
            }
            if (answer(entries, 0) != 0) {
                LibC.call(LibC.READ, event, time, JAVA_LONG.byteSize()); // consumes the wake-up
            }
            for (int i = 0; i < asked.size() && !isClosed(); i++) {
                int answer = answer(entries, i + 1);
                if (answer != 0 && watched.containsKey(asked.get(i).who)) { // otherwise an earlier one has closed it
                    asked.get(i).who.ready((answer & (IN | ERR | HUP)) != 0, (answer & (OUT | ERR | HUP)) != 0);
                }
            }
        }
    }

    private static void ask(MemorySegment entries, int index, int fd, int events) {
        entries.set(JAVA_INT, (long) index * ENTRY, fd);
        entries.set(JAVA_SHORT, (long) index * ENTRY + ASKED, (short) events);
    }

    private static int answer(MemorySegment entries, int index) {
        return entries.get(JAVA_SHORT, (long) index * ENTRY + ANSWERED);
    }

    private void await(MemorySegment entries, int count, long timeoutNanos) throws IOException {
        time.setAtIndex(JAVA_LONG, 0, timeoutNanos / NANOS);
        time.setAtIndex(JAVA_LONG, 1, timeoutNanos % NANOS);
        interruption.begins();
        try {
            int n = LibC.call(
                    LibC.PPOLL,
                    entries,
                    (long) count,
                    timeoutNanos < 0 ? MemorySegment.NULL : time,
                    MemorySegment.NULL);
            if (n < 0 && n != -LibC.EINTR) {
                throw LibC.failure(-n);
            }
        } finally {
            interruption.ends();
        }
    }

    @Override
    public synchronized void wakeup() {
        if (!eventClosed) {
            LibC.call(LibC.WRITE, event, ONE, JAVA_LONG.byteSize());
        }
    }

    // ---- sockets

    @Override
    protected boolean knows(SocketAddress address) {
        return Descriptor.knows(address);
    }

    @Override
    protected PollSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        return new PollSocket(this, Descriptor.ofNewSocket(), null, remote, listener);
    }

    @Override
    protected PollSocket newWire(PollAccepted accepted, WireListener listener) {
        return new PollSocket(this, accepted.descriptor(), accepted.localAddress(), accepted.remoteAddress(), listener);
    }

    @Override
    protected PollAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
        return new PollAcceptor(this, Descriptor.ofNewSocket(), listener);
    }

    // ---- the end

    @Override
    protected Collection<Watched> watched() {
        return List.copyOf(watched.keySet());
    }

    @Override
    protected synchronized void closeSelector() {
        eventClosed = true;
        LibC.call(LibC.CLOSE, event);
        arena.close();
    }
}
