package rill.transport.uring;

import java.io.IOException;
import rill.transport.epoll.linux.Waker;

/**
 * What a {@link UringSelector} requests of its {@link Ring}: room for requests, their number, the wait for answers, and what ends that wait.
 *
 * <pre>
 *  make ──▶ waits for an enter ──▶ UNDER WAY ──the last answer──▶ over
 *
 *  wakeup ──▶ the waker is readable ──▶ an answer to the repeating request for that, which is made anew if it has ended
 * </pre>
 */
final class Requests {
    private static final int POLL_IN = 1;

    private final Ring ring;
    private final Scratch scratch;
    private final Waker waker;
    private boolean awaitsWakeUp; // a request for it is under way
    private int underWay;

    Requests(RingParts parts) {
        ring = parts.ring();
        scratch = parts.scratch();
        waker = parts.waker();
    }

    // ---- making requests

    /** Makes a request, for which there must be room; it is under way until {@link #over}. */
    void make(int operation, int socket, long word2, long address, int length, int flags, long word5, long data) {
        ring.add(operation, socket, word2, address, length, flags, word5, data);
        underWay++;
    }

    /** Cancels the request with these data. Only if that fails is the cancel request answered. There must be room. */
    void cancel(long data, long dataOfIt) {
        ring.add(Request.CANCEL_QUIETLY, -1, 0, data, 0, 0, 0, dataOfIt);
    }

    /** Makes a request for when this can be read. Returns false if there is no room for it. */
    boolean awaitReadable(int descriptor, int howOften, long data) throws IOException {
        boolean room = hasRoom(1);
        if (room) {
            make(Request.POLL_ADD, descriptor, 0, 0, howOften, POLL_IN, 0, data);
        }
        return room;
    }

    /** Returns whether there is room for this many, and for what one of them points to. If need be, waiting requests are passed to the kernel. */
    boolean hasRoom(int wanted) throws IOException {
        if (ring.room() >= wanted && !scratch.isFull()) {
            return true;
        }
        ring.submit();
        return taken();
    }

    private boolean taken() {
        boolean all = ring.waiting() == 0;
        if (all) {
            scratch.clear();
        }
        return all;
    }

    /** Notes that a request was answered for the last time. */
    void over() {
        underWay--;
    }

    /** Returns how many are under way, including the one for wake-ups. */
    int underWay() {
        return underWay;
    }

    // ---- waiting

    /**
     * Passes waiting requests to the kernel, and waits for an answer.
     *
     * @param nanos 0 for no wait, negative for no limit
     */
    void enter(long nanos) throws IOException {
        if (!awaitsWakeUp) {
            awaitsWakeUp = awaitReadable(waker.descriptor(), Request.POLL_MULTI, Request.WAKE_UP);
        }
        if (nanos == 0 || ring.ready() > 0) {
            ring.poll();
        } else {
            waker.waitBegins();
            try {
                ring.await(awaitsWakeUp ? nanos : soon(nanos));
            } finally {
                waker.waitEnds();
            }
        }
        waker.useUp();
        taken();
    }

    /** Returns how much of this time to wait if something has to be tried again. */
    static long soon(long nanos) {
        return nanos < 0 ? Ring.AGAIN_NANOS : Math.min(nanos, Ring.AGAIN_NANOS);
    }

    /** Handles the answer to the request for wake-ups. */
    void wokenUp(int flags) {
        if ((flags & Ring.MORE) == 0) {
            awaitsWakeUp = false;
            over();
        }
    }

    /** Ends the wait, or else the next one. Thread-safe. */
    void wakeup() {
        waker.wakeup();
    }
}
