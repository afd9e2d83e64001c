package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.readiness.Interruption;

/**
 * Ends a selector's wait from outside. It has an event descriptor, which the selector watches in such a way that each write to it causes an event, so
 * that nobody has to read it. {@link #woken} avoids the write while an earlier one has not been noticed.
 *
 * <p><b>Threading:</b> {@link #wakeup} is thread-safe; the rest is for the selector's driver. <b>Ownership:</b> of the descriptor; no wake-up writes
 * to a closed one.
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

    /** Returns a new event descriptor, or the negated error number. */
    public static int descriptor(MemorySegment errno) {
        return LibC.eventfd(errno, CLOSE_ON_EXEC | NON_BLOCKING);
    }

    /** Returns a waker that writes to this event descriptor, and owns it. */
    public static Waker of(int descriptor) {
        return new Waker(descriptor);
    }

    /** Returns the event descriptor. */
    public int descriptor() {
        return event;
    }

    /** Announces that the thread is about to wait: from here on, an interrupt wakes it up. */
    public void waitBegins() {
        interruption.begins();
    }

    /** Announces that the wait is over. */
    public void waitEnds() {
        interruption.ends();
    }

    /** Uses up a wake-up, because the wait that it was for has ended, or would have. The waking thread sees this, and we see what it did before. */
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

    /** Closes the descriptor. */
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
