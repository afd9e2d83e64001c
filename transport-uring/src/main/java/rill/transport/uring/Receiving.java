package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * What a {@link UringWire} receives: one request, which receives until it is cancelled, and what has arrived and may not be delivered yet.
 *
 * <pre>
 *              wanted                    not wanted: paused, something unread, ended
 *  IDLE ─────────────────▶ UNDER WAY ──────────────────────────────────▶ CANCELLED
 *    ▲                      │  bytes: delivered, or {@link Unread}             │  bytes: as before
 *    └──── the last answer ─┴──────────────────────────────────────────┘
 *
 *  delivered while it is not paused and its turn is not over; the end after the last byte, and nothing after the end
 * </pre>
 *
 * <p>Whether it is wanted also depends on the Wire, which has to be open. While there is something unread, nothing more is received, so the kernel
 * keeps it. After a failed write the rest is read by plain calls, which say when there is no more.
 */
final class Receiving {
    /** A turn ends after this many reads… */
    static final int READS_PER_TURN = 16;
    /** …or this many bytes. */
    static final int BYTES_PER_TURN = 256 * 1024;

    private final UringWire wire;
    private final UringSelector selector;
    private boolean paused;
    private boolean ended; // and the listener was notified
    private boolean underWay;
    private boolean cancelled;
    private boolean lost; // bytes that were taken from the kernel and will not be delivered
    private byte reads; // in this turn
    private byte made; // requests, up to those that differ
    private int turn;
    private int bytes; // in this turn
    private @Nullable Unread unread;

    Receiving(UringWire wire, UringSelector selector) {
        this.wire = wire;
        this.selector = selector;
    }

    // ---- the request

    /** Requests more bytes if they are wanted; otherwise cancels the request. */
    void advance() {
        if (!isWanted()) {
            cancel();
        } else if (!underWay) {
            ReceiveBuffers buffers = selector.buffers();
            long data = wire.data(Request.RECEIVE);
            selector.requests()
                    .make(buffers.operation(), wire.fd(), 0, 0, buffers.length(), 0, buffers.word5(made), data);
            made = (byte) Math.min(made + 1, ReceiveBuffers.GROWING);
            underWay = true;
            cancelled = false;
        }
    }

    private boolean isWanted() {
        return wire.isOpen() && !paused && !ended && unread == null;
    }

    boolean isUnderWay() {
        return underWay;
    }

    void cancel() {
        if (underWay && !cancelled) {
            cancelled = true;
            selector.requests().cancel(wire.data(Request.RECEIVE), wire.data(Request.CANCEL));
        }
    }

    /** Allows another try, because the kernel may not have cancelled the request: it is asked again if there is still something to cancel. */
    void cancelAgain() {
        cancelled = false;
    }

    /** Handles an answer. Whatever a listener does or throws, the request is over if this was the last one, and the buffer is the kernel's again. */
    void answered(int result, int flags) {
        boolean last = (flags & Ring.MORE) == 0;
        if (last) {
            underWay = false;
            selector.requests().over();
        }
        boolean hasBuffer = ReceiveBuffers.concerns(flags);
        try {
            if (last && wire.hasFailed()) {
                wire.announce();
            }
            if (isWanted() != underWay) {
                again(result);
            }
            if (result > 0 && hasBuffer) {
                bytesCame(selector.buffers().at(flags), result);
            } else {
                noneCame(result);
            }
        } finally {
            if (hasBuffer) {
                selector.buffers().done(flags, Math.max(0, result));
            }
        }
    }

    /** Has the request made anew, or cancelled. Whoever got no buffer goes first: otherwise a few that receive much take all of them each time. */
    private void again(int result) {
        if (result == -Errno.ENOBUFS) {
            selector.unserved(wire);
        } else {
            wire.changed();
        }
    }

    private void noneCame(int result) {
        reportSent();
        if (result == 0) {
            endCame(null);
        } else if (!isToBeRepeated(-result)) {
            endCame(wire.named("read from ", Errno.exception(-result)));
        }
    }

    /** Bytes sent before an answer are reported before what it brings. */
    private void reportSent() {
        if (wire.isReadable()) {
            wire.reportSent();
        }
    }

    /** Returns whether the request was cancelled, or there was no buffer at the moment. */
    private static boolean isToBeRepeated(int error) {
        return error == Errno.ECANCELED || error == Errno.ENOBUFS || error == Errno.EAGAIN || error == Errno.EINTR;
    }

    // ---- arrivals

    private void bytesCame(int at, int length) {
        int from = at;
        int left = length;
        try {
            selector.tally().read();
            reportSent();
            while (left > 0 && unread == null && wire.isOpen() && mayTell() && !turnIsOver()) {
                ByteBuf target = target();
                if (!wire.isOpen() || !mayTell()) {
                    break; // the listener has paused or closed it, or the Selector, when asked for a target
                }
                int part = Math.min(left, target.writableBytes());
                selector.buffers().copy(from, part, target);
                from += part;
                left -= part;
                count(part);
                wire.listener.received(target);
            }
            if (from > at && !wire.isClosed()) {
                wire.listener.turnEnded(); // other Wires' answers precede the next of this one
            }
            if (left > 0 && !wire.isClosed()) {
                keep().append(selector.buffers(), from, left);
                left = 0;
            }
        } finally {
            lost |= left > 0;
        }
    }

    private void endCame(@Nullable IOException cause) {
        if (unread == null && wire.isOpen() && !paused) {
            tellEnd(cause);
        } else if (!wire.isClosed()) {
            keep().end(cause);
        }
    }

    private Unread keep() {
        Unread kept = unread;
        if (kept == null) {
            kept = new Unread();
            unread = kept;
            wire.changed();
        }
        if (!paused) {
            wire.announce();
        }
        return kept;
    }

    // ---- delivering

    /** Returns whether the listener accepts events, and there may be some. */
    private boolean mayTell() {
        return !paused && !ended && wire.isReadable();
    }

    private boolean turnIsOver() {
        if (turn != selector.turn()) {
            turn = selector.turn();
            reads = 0;
            bytes = 0;
        }
        return reads >= READS_PER_TURN || bytes >= BYTES_PER_TURN;
    }

    private void count(int came) {
        reads++;
        bytes += came;
    }

    private ByteBuf target() {
        ByteBuf target = wire.listener.readTarget();
        return target == null || !target.isWritable() ? selector.receiveBuffer() : target;
    }

    private void tellEnd(@Nullable IOException cause) {
        ended = true;
        if (wire.hasFailed()) {
            wire.restIsRead(); // whatever the kernel says of the stream's end
        } else if (cause == null) {
            wire.changed();
            wire.listener.inputEnded();
        } else {
            wire.fail(cause);
        }
    }

    /** Delivers what was kept, as far as that is wanted now; and, after a failed write, what the kernel still has. */
    void tell() {
        boolean some = tellUnread();
        if (wire.hasFailed() && unread == null && !underWay) {
            if (ended) {
                wire.restIsRead();
            } else {
                some |= readRest();
            }
        }
        if (some && !wire.isClosed()) {
            wire.listener.turnEnded();
        }
    }

    /** Returns whether there was anything to deliver. */
    private boolean tellUnread() {
        boolean some = false;
        Unread kept = unread;
        while (kept != null && mayTell()) {
            if (kept.hasBytes()) {
                if (turnIsOver()) {
                    wire.announce();
                    return some;
                }
                ByteBuf target = target();
                if (!mayTell()) {
                    return some;
                }
                count(kept.moveTo(target));
                wire.listener.received(target);
                some = true;
            } else {
                unread = null;
                wire.changed();
                if (kept.ended()) {
                    tellEnd(kept.failure());
                }
                return some;
            }
        }
        return some;
    }

    /** Reads by calls until nothing more is available; that is then the end. Returns whether anything was read. */
    private boolean readRest() {
        boolean some = false;
        MemorySegment errno = selector.memory().errno;
        while (wire.hasFailed() && mayTell()) {
            if (turnIsOver()) {
                wire.announce();
                return some;
            }
            ByteBuf target = target();
            if (!mayTell()) {
                return some;
            }
            int at = target.writerIndex();
            int room = target.writableBytes();
            selector.tally().read();
            int n = (int) LibC.recv(errno, wire.fd(), Gathering.addressAt(target, at, room), room);
            if (n <= 0) {
                tellEnd(null);
                return some;
            }
            target.writerIndex(at + n);
            count(n);
            wire.listener.received(target);
            some = true;
        }
        return some;
    }

    // ---- calls of its Wire

    void pause() {
        paused = true;
        wire.changed();
    }

    void resume() {
        if (paused) {
            paused = false;
            wire.changed();
            if (unread != null || wire.hasFailed()) {
                wire.announce();
            }
        }
    }

    /** Stops delivering. */
    void giveUp() {
        lost |= unread != null && unread.hasBytes();
        unread = null;
    }

    /** Takes what the kernel has, and delivers nothing of it. */
    void discard() {
        while (selector.buffers().discard(selector.memory().errno, wire.fd())) {
            lost = true;
        }
    }

    /** Returns whether bytes were taken from the kernel, which considers them read, and not delivered. */
    boolean hasLost() {
        return lost;
    }
}
