package rill.transport.uring;

import java.io.IOException;
import rill.transport.epoll.linux.Waker;

/**
 * What a {@link UringSelector} asks of its {@link Ring}: there is room for it, it is counted, and it is waited for; and what ends the waiting.
 *
 * <pre>
 *  make ──▶ waits for an enter ──▶ UNDER WAY ──the last answer──▶ over
 *
 *  wakeup ──▶ the waker is readable ──▶ an answer to the request that asks for that again and again, and is made anew if it has ended
 * </pre>
 */
final class Requests {
    private static final int POLL_IN = 1;

    private final Ring ring;
    private final Scratch scratch;
    private final Waker waker;
    private boolean awaitsWakeUp; // a request for that is under way
    private int underWay;

    Requests(RingParts parts) {
        ring = parts.ring();
        scratch = parts.scratch();
        waker = parts.waker();
    }

    // ---- making them

    /** Makes a request, for which there has to be room; it is under way until {@link #over}. */
    void make(int operation, int socket, long word2, long address, int length, int flags, long word5, long data) {
        ring.add(operation, socket, word2, address, length, flags, word5, data);
        underWay++;
    }

    /** Cancels the request with these data; only if that was not found is it answered. There has to be room. */
    void cancel(long data, long dataOfIt) {
        ring.add(Request.CANCEL_QUIETLY, -1, 0, data, 0, 0, 0, dataOfIt);
    }

    /** Asks to be told when this can be read; false if there is no room for that. */
    boolean awaitReadable(int descriptor, int howOften, long data) throws IOException {
        boolean room = hasRoom(1);
        if (room) {
            make(Request.POLL_ADD, descriptor, 0, 0, howOften, POLL_IN, 0, data);
        }
        return room;
    }

    /** Whether there is room for so many, and for what one of them points to; if need be what waits is given to the kernel. */
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

    /** One was answered for the last time. */
    void over() {
        underWay--;
    }

    /** How many there are, that of wake-ups included. */
    int underWay() {
        return underWay;
    }

    // ---- waiting

    /**
     * Gives the kernel what was made, and waits for an answer.
     *
     * @param nanos 0 for not at all, negative for ever
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

    /** Of such a time as much as it is waited if something has to be tried again. */
    static long soon(long nanos) {
        return nanos < 0 ? Ring.AGAIN_NANOS : Math.min(nanos, Ring.AGAIN_NANOS);
    }

    /** The answer to the request for wake-ups. */
    void wokenUp(int flags) {
        if ((flags & Ring.MORE) == 0) {
            awaitsWakeUp = false;
            over();
        }
    }

    /** Any thread. */
    void wakeup() {
        waker.wakeup();
    }
}
