package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.writing.WriteQueue;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;

/**
 * What a {@link UringWire} sends: buffers that wait, and one request at a time, since two on a full socket would mix up their bytes. Buffers written
 * meanwhile go with the next request.
 *
 * <pre>
 *  WAITING ──flush──▶ by a call, if few send ──▶ all has left, or
 *     │                                          ▼
 *     └──────flush──▶ FLUSHED ──advance──▶ UNDER WAY (sends; or waits until the kernel takes more) ──retry, end──▶ CANCELLED
 *                        ▲                   │ the answer: how much has left                                       │
 *                        └─────some is left──┴─────────────────────────────────────────────────────────────────────┘
 *
 *  shutdownOutput ──▶ wanted ──all has left──▶ the stream is ended
 *  a failure ──▶ nothing more leaves; everything is released
 * </pre>
 *
 * <p>Until the kernel has answered, it reads the first buffers of the queue, those offered: they are not released before.
 */
final class Sending {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int CALLS_PER_TURN = 16;
    private static final int SHUT_WR = 1;

    private final UringWire wire;
    private final UringSelector selector;
    private boolean flushed; // something waiting should leave
    private boolean retryWanted;
    private boolean underWay;
    private boolean cancelled;
    private boolean writableWanted; // before the next try
    private boolean awaitsWritable; // instead of sending
    private boolean shutdownWanted;
    private boolean shut;
    private int offered; // how many buffers, by the request under way
    private @Nullable WriteQueue queue; // while something is to be written or reported

    Sending(UringWire wire, UringSelector selector) {
        this.wire = wire;
        this.selector = selector;
    }

    // ---- calls of its Wire

    void write(ByteBuf buffer) {
        if (!wire.isAccepting() || shut || shutdownWanted || !buffer.isReadable()) {
            buffer.release();
            return;
        }
        try {
            add(buffer);
        } catch (RuntimeException | Error e) { // no memory
            buffer.release();
            throw e;
        }
    }

    private void add(ByteBuf buffer) {
        WriteQueue open = queue;
        if (open == null) {
            open = selector.queues().take();
            queue = open;
        }
        open.add(buffer);
    }

    private boolean hasQueued() {
        return queue != null && !queue.isEmpty();
    }

    long flush() {
        if (!wire.isOpen() || flushed || !hasQueued()) {
            return 0;
        }
        long left = 0;
        if (!underWay && !writableWanted && selector.senders().add(wire)) {
            left = sendByCalls();
            giveBackIfIdle();
        }
        if (hasQueued()) {
            wantToSend();
        }
        return left;
    }

    private void wantToSend() {
        flushed = true;
        if (!underWay) {
            wire.changed();
        }
    }

    /** Gives up the request that waits for room; the next one tries at once. */
    void retry() {
        if (wire.isOpen() && underWay) {
            retryWanted = true;
            wire.changed();
        }
    }

    void shutdownOutput() {
        if (!wire.isAccepting() || shutdownWanted || shut) {
            return;
        }
        shutdownWanted = true;
        if (hasQueued()) {
            wantToSend(); // bytes that leave later are reported, which a flush would not do
        }
        shutdownIfWritten();
    }

    private void shutdownIfWritten() {
        if (!shutdownWanted || !wire.isOpen() || underWay || hasQueued()) {
            return;
        }
        shutdownWanted = false;
        shut = true;
        int result = LibC.shutdown(selector.memory().errno, wire.fd(), SHUT_WR);
        if (result < 0) {
            fail("shut down output to ", Errno.exception(-result));
        }
    }

    /** Sends what was written before, because the Wire is open. */
    void connected() {
        flushed = true;
        wire.changed();
        shutdownIfWritten();
    }

    // ---- the request

    /** Makes a request for what should leave, unless one is under way. */
    void advance() {
        if (wire.isOpen() && !underWay && flushed) {
            send();
        } else if (retryWanted) {
            cancel();
        }
        retryWanted = false;
    }

    private void send() {
        WriteQueue open = queue;
        if (open == null || open.isEmpty()) {
            flushed = false;
            return;
        }
        try {
            if (writableWanted) {
                awaitWritable();
            } else if (Gathering.isPlain(open)) {
                ByteBuf buffer = open.get(0);
                request(Request.SEND_BYTES, Gathering.address(buffer), buffer.readableBytes(), 1);
            } else if (selector.gathering().hasRoom()) {
                sendMessage(open);
            } else {
                wire.changed(); // with the next enter instead
            }
        } catch (RuntimeException | Error e) { // lack of memory, or a buffer that its owner has released as well
            fail("write to ", new IOException(e));
        }
    }

    /** Sends a message. Bytes on the heap are sent by a call: a request would need a copy of them for as long as the peer lets it wait. */
    private void sendMessage(WriteQueue open) {
        Gathering gathering = selector.gathering();
        long message = gathering.message(open, false);
        if (gathering.bytes() == 0) {
            gathering.giveBack();
            sendCopies(open);
        } else {
            request(Request.SENDMSG, message, 1, gathering.buffers());
        }
    }

    private void request(int operation, long address, int length, int buffers) {
        selector.requests().make(operation, wire.fd(), 0, address, length, MSG_NOSIGNAL, 0, wire.data(Request.SEND));
        selector.tally().written();
        offered = buffers;
        underWay = true;
        cancelled = false;
    }

    private void awaitWritable() {
        wire.requestWritable(Request.SEND);
        writableWanted = false;
        awaitsWritable = true;
        underWay = true;
        cancelled = false;
    }

    boolean isUnderWay() {
        return underWay;
    }

    void cancel() {
        if (underWay && !cancelled) {
            cancelled = true;
            selector.requests().cancel(wire.data(Request.SEND), wire.data(Request.CANCEL));
        }
    }

    /** Allows another try, because the kernel may not have cancelled the request: it is asked again if there is still something to cancel. */
    void cancelAgain() {
        cancelled = false;
    }

    void answered(int result) {
        boolean hasWaited = awaitsWritable;
        int bytes = hasWaited ? 0 : Math.max(0, result);
        awaitsWritable = false;
        underWay = false;
        offered = 0;
        selector.requests().over();
        Objects.requireNonNull(queue).sent(bytes);
        if (!wire.isOpen()) {
            return; // closed; the rest is released once all is over
        }
        if (result < 0 && !isToBeRepeated(-result)) {
            fail("write to ", Errno.exception(-result));
            return;
        }
        writableWanted = result == -Errno.EAGAIN && !hasWaited;
        goOn();
        if (bytes > 0) {
            wire.listener.written(bytes);
        }
    }

    private static boolean isToBeRepeated(int error) {
        return error == Errno.ECANCELED || error == Errno.EAGAIN || error == Errno.EINTR;
    }

    private void goOn() {
        giveBackIfIdle();
        if (hasQueued()) {
            wire.changed();
        } else {
            flushed = false;
            shutdownIfWritten();
        }
    }

    // ---- calls

    /** Sends what the kernel takes now, and returns how much that was. */
    private long sendByCalls() {
        WriteQueue open = Objects.requireNonNull(queue);
        long sum = 0;
        try {
            for (int n = 0;
                    n < CALLS_PER_TURN
                            && !open.isEmpty()
                            && selector.gathering().hasRoom();
                    n++) {
                long sent = call(open);
                if (sent < 0) {
                    if (!isToBeRepeated((int) -sent)) {
                        fail("write to ", Errno.exception((int) -sent));
                    }
                    break;
                }
                sum += sent;
                open.sent(sent);
            }
        } catch (RuntimeException | Error e) { // lack of memory, or a buffer that its owner has released as well
            fail("write to ", new IOException(e));
        }
        return sum;
    }

    private long call(WriteQueue open) {
        selector.tally().written();
        if (Gathering.isPlain(open)) {
            ByteBuf buffer = open.get(0);
            long address = Gathering.address(buffer);
            return LibC.send(selector.memory().errno, wire.fd(), address, buffer.readableBytes(), MSG_NOSIGNAL);
        }
        long message = selector.gathering().message(open, true);
        long sent = LibC.sendmsg(selector.memory().errno, wire.fd(), message, MSG_NOSIGNAL);
        selector.gathering().giveBack();
        return sent;
    }

    private void sendCopies(WriteQueue open) {
        long sent = sendByCalls();
        if (sent > 0) {
            open.unreported(open.unreported() + sent);
            wire.announce(); // no callback may be called now
        }
        if (!wire.isOpen()) {
            return; // it has failed
        }
        if (open.isEmpty()) {
            goOn();
        } else {
            awaitWritable();
        }
    }

    /** Reports the bytes that have left and were not reported then. */
    void report() {
        WriteQueue open = queue;
        if (open != null && open.unreported() > 0) {
            long sent = open.unreported();
            open.unreported(0);
            giveBackIfIdle();
            wire.listener.written(sent);
        }
    }

    // ---- buffers

    private void giveBackIfIdle() {
        WriteQueue open = queue;
        if (open != null && open.isEmpty() && open.unreported() == 0) {
            queue = null;
            selector.queues().giveBack(open);
        }
    }

    /** Fails the output, and releases all buffers. No request is under way here: one that offers buffers has been cancelled and answered first. */
    private void fail(String doing, IOException cause) {
        wire.outputFails(wire.named(doing, cause));
        if (queue != null) {
            queue.release();
        }
    }

    /** Releases what no request points to. */
    void giveUp() {
        if (queue != null) {
            queue.releaseFrom(offered);
        }
    }

    /** Releases everything. */
    void release() {
        if (queue != null) {
            queue.release();
            queue = null;
        }
    }
}
