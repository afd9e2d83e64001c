package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.readiness.Interruption;

/**
 * Ends a selector's wait from outside: an event descriptor, which the selector watches in such a way that each write to it makes an event,
 * so that nobody has to read it. {@link #woken} spares the write while an earlier one has not been noticed.
 *
 * <p><b>Threading:</b> {@link #wakeup} any thread; the others are the selector's driver's. <b>Ownership:</b> of the descriptor; no wake-up
 * writes to one that was closed.
 */
public final class Waker {
    private static final int CLOSE_ON_EXEC = 0x80000; // EFD_CLOEXEC
    private static final int NON_BLOCKING = 0x800; // EFD_NONBLOCK

    private final Arena arena = Arena.ofShared();
    private final MemorySegment errno =
            LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());
    private final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);
    private final int event;
    private final Interruption interruption = new Interruption(this::wakeup);
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Object waking = new Object();
    private boolean closed; // guarded by waking

    private Waker(int event) {
        this.event = event;
    }

    /** The number of a new event descriptor, or that of the error, made negative. */
    public static int descriptor(MemorySegment errno) {
        return LibC.eventfd(errno, CLOSE_ON_EXEC | NON_BLOCKING);
    }

    /** That writes to this event descriptor, which it closes. */
    public static Waker of(int descriptor) {
        return new Waker(descriptor);
    }

    /** The event descriptor. */
    public int descriptor() {
        return event;
    }

    /** The thread is about to wait: from here on an interrupt wakes it up. */
    public void waitBegins() {
        interruption.begins();
    }

    /** The wait is over. */
    public void waitEnds() {
        interruption.ends();
    }

    /** The wait that a wake-up was for has ended, or would have. Whoever has woken us sees that, and we see what they did before. */
    public void useUp() {
        if (woken.get()) {
            woken.getAndSet(false);
        }
    }

    /** Ends the wait, or else the next one. */
    public void wakeup() {
        if (!woken.getAndSet(true)) {
            synchronized (waking) {
                if (!closed) {
                    LibC.write(errno, event, one.address(), one.byteSize());
                }
            }
        }
    }

    /** Gives the descriptor back. */
    public void close() {
        synchronized (waking) {
            if (!closed) {
                closed = true;
                LibC.close(event);
                arena.close();
            }
        }
    }
}
