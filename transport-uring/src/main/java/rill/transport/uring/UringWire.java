package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.CallMemory;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * A connected or connecting socket. It has at most three requests under way: one that receives until it is cancelled, one that sends, one
 * that connects.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ FAILING (a write failed; to be told with the next select)
 *                  ▲          └──▶ FAILED (what the peer sent before is read) ──▶ CLOSED ──▶ the last answer ──▶ closed is told
 *   CONNECTED ─────┘ (from the start; to be told with the next select)
 * </pre>
 *
 * <p>What has come and may not be told yet is kept in {@link Unread}; while there is something in it, nothing more is received. After a
 * failed write the rest is read by plain calls, which say when there is no more.
 */
final class UringWire extends RingSocket implements Wire {
    /** A turn ends after this many reads… */
    static final int READS_PER_TURN = 16;
    /** …or this many bytes. */
    static final int BYTES_PER_TURN = 256 * 1024;

    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int POLL_OUT = 4;
    private static final int CALLS_PER_TURN = 16;
    private static final int SHUT_WR = 1;
    private static final int SIOCOUTQ = 0x5411; // as TIOCOUTQ; tcp(7), unix(7)

    private enum State {
        CONNECTING,
        CONNECTED,
        OPEN,
        FAILING,
        FAILED,
        CLOSED
    }

    private final WireListener listener;
    private State state = State.CONNECTING;
    private boolean connected; // and told so
    private boolean paused;
    private boolean inputEnded; // and told so
    private boolean flushed; // something that waits is to leave
    private boolean retryWanted;
    private boolean shutdownWanted;
    private boolean outputShut;
    private boolean reset; // how it is closed
    private boolean told; // that it is closed
    private boolean connecting; // these three: a request is under way
    private boolean receiving;
    private boolean sending;
    private boolean connectCancelled; // these three: and given up
    private boolean receiveCancelled;
    private boolean sendCancelled;
    private boolean writableWanted; // before the next try to connect or send
    private boolean awaitsWritable; // instead of connecting or sending
    private boolean answering; // the end waits until that is done
    private byte reads; // in this turn
    private int turn;
    private int bytesRead; // in this turn
    private @Nullable Throwable failure;
    private @Nullable SendQueue queue; // while something is to be written
    private @Nullable Unread unread;
    private @Nullable SocketAddress local; // null: not known yet, or it is in inet4
    private final @Nullable SocketAddress remote; // null: it is in inet4
    private long inet4; // see SocketAddressArea.inet4

    /** An accepted socket has a local address, and one that connects a remote one. */
    UringWire(
            UringSelector selector,
            int fd,
            @Nullable SocketAddress local,
            @Nullable SocketAddress remote,
            long inet4,
            WireListener listener) {
        super(selector, fd);
        this.listener = listener;
        this.local = local;
        this.remote = remote;
        this.inet4 = inet4;
    }

    // ---- the beginning

    /** A socket that is connected already, such as an accepted one: {@code connected} comes with the next select. */
    void startConnected() {
        state = State.CONNECTED;
        announce();
    }

    /** Connects with the next enter, or at once if it is to a Unix domain socket. */
    void startConnecting() throws IOException {
        if (remoteAddress() instanceof InetSocketAddress) {
            changed();
        } else {
            connectUnix();
        }
    }

    /** If the listener has no room, it is tried again a little later: no request waits for that. */
    private void connectUnix() throws IOException {
        SocketAddressArea address = selector.memory().address;
        int size = address.put(remoteAddress(), SocketAddressArea.AF_UNIX);
        int result;
        do {
            result = LibC.connect(selector.memory().errno, fd(), address.at(), size);
        } while (result == -Errno.EINTR);
        switch (-result) {
            case 0, Errno.EISCONN -> startConnected();
            case Errno.EAGAIN -> selector.later(this);
            default -> throw Errno.connecting(-result);
        }
    }

    @Override
    void again() {
        if (state != State.CONNECTING || remoteAddress() instanceof InetSocketAddress) {
            changed();
            return;
        }
        try {
            connectUnix();
        } catch (IOException e) {
            startFailed(e);
        }
    }

    /** A connection that could not even be tried: {@code closed(cause)} comes with the next select. */
    void startFailed(IOException cause) {
        fail(named("connect to ", cause));
    }

    private void nowConnected() {
        try {
            learnOwnAddress();
        } catch (IOException e) {
            fail(named("connect to ", e));
            return;
        }
        connected = true;
        state = State.OPEN;
        changed();
        listener.connected();
        flushed = true;
        changed();
        shutdownIfWritten();
    }

    private void learnOwnAddress() throws IOException {
        if (local == null) {
            SocketAddressArea address = selector.sockets().askLocalAddress(fd());
            inet4 = address.inet4();
            if (inet4 == SocketAddressArea.NOT_INET4) {
                local = address.get();
            }
        }
    }

    // ---- requests

    @Override
    void advance() throws IOException {
        if (state == State.CLOSED) {
            cancelAll();
            finishIfOver();
            return;
        }
        if (state == State.CONNECTING) {
            if (!connecting && remoteAddress() instanceof InetSocketAddress) {
                connect();
            }
            return;
        }
        if (wantsToReceive()) {
            receive();
        } else {
            cancelReceive();
        }
        if (state == State.OPEN && !sending && flushed) {
            send();
        } else if (retryWanted) {
            cancelSend();
        }
        retryWanted = false;
    }

    private void connect() throws IOException {
        if (writableWanted) {
            awaitWritable(Request.CONNECT);
            connecting = true;
            return;
        }
        long address;
        int size;
        try {
            SocketAddressArea area = selector.memory().address;
            size = area.put(remoteAddress(), SocketAddressArea.familyOf(remoteAddress()));
            if (selector.scratchIsFull()) {
                changed(); // with the next enter, then
                return;
            }
            address = selector.scratch().address(area, size);
        } catch (IOException e) {
            startFailed(e);
            return;
        }
        selector.request(Request.CONNECT_TO, fd(), size, address, 0, 0, 0, data(Request.CONNECT));
        connecting = true;
    }

    /** What the kernel does not do now it may do then. */
    private void awaitWritable(int kind) {
        selector.request(Request.POLL_ADD, fd(), 0, 0, 0, POLL_OUT, 0, data(kind));
        writableWanted = false;
        awaitsWritable = true;
    }

    private boolean wantsToReceive() {
        return state == State.OPEN && !paused && !inputEnded && unread == null;
    }

    private void receive() {
        if (!receiving) {
            ReceiveBuffers buffers = selector.buffers();
            selector.request(
                    buffers.operation(), fd(), 0, 0, buffers.length(), 0, buffers.word5(), data(Request.RECEIVE));
            receiving = true;
            receiveCancelled = false;
        }
    }

    private void cancelReceive() {
        if (receiving && !receiveCancelled) {
            receiveCancelled = true;
            selector.cancel(data(Request.RECEIVE), data(Request.CANCEL));
        }
    }

    private void cancelSend() {
        if (sending && !sendCancelled) {
            sendCancelled = true;
            selector.cancel(data(Request.SEND), data(Request.CANCEL));
        }
    }

    private void cancelAll() {
        cancelReceive();
        cancelSend();
        if (connecting && !connectCancelled) {
            connectCancelled = true;
            selector.cancel(data(Request.CONNECT), data(Request.CANCEL));
        }
    }

    private boolean isUnderWay() {
        return receiving || sending || connecting;
    }

    @Override
    void answered(int kind, int result, int flags) {
        answering = true;
        try {
            switch (kind) {
                case Request.RECEIVE -> received(result, flags);
                case Request.SEND -> sent(result);
                case Request.CONNECT -> connectIsDecided(result);
                default -> cancelIsDecided(result);
            }
        } catch (RuntimeException | Error e) {
            broken(e);
        } finally {
            answering = false;
        }
        if (state == State.CLOSED) {
            finishIfOver();
        }
    }

    /** Said only of one that was not found (it had not begun to wait, or is just about to be answered), or is being dealt with. */
    private void cancelIsDecided(int result) {
        receiveCancelled = false;
        sendCancelled = false;
        connectCancelled = false;
        if (result == -Errno.ENOENT) {
            changed();
        } else {
            selector.later(this); // nobody says when that is over
        }
    }

    private void connectIsDecided(int result) {
        connecting = false;
        selector.requestOver();
        boolean wasWaiting = awaitsWritable;
        awaitsWritable = false;
        if (state != State.CONNECTING) {
            return;
        }
        int outcome = wasWaiting && result > 0 ? -selector.options().socketError(fd()) : result;
        switch (-outcome) {
            case 0, Errno.EISCONN -> nowConnected();
            case Errno.EALREADY, Errno.EINPROGRESS -> { // an earlier request was interrupted, and the kernel goes on
                writableWanted = true;
                changed();
            }
            case Errno.EINTR -> changed();
            default -> fail(named("connect to ", Errno.connecting(-outcome)));
        }
    }

    /** Want of memory, or a mistake: it costs this Wire alone. */
    @Override
    void broken(Throwable e) {
        @Nullable Throwable cause;
        try {
            Throwable refusal = e instanceof UncheckedIOException ? e.getCause() : null;
            cause = named("serve ", refusal instanceof IOException known ? known : new IOException(e));
        } catch (RuntimeException | Error noMemory) {
            cause = e;
        }
        fail(cause);
        if (fd() != GONE) {
            changed(); // if it was about to end, that is tried again
        }
    }

    // ---- reading

    private void received(int result, int flags) {
        if ((flags & Ring.MORE) == 0) {
            receiving = false;
            selector.requestOver();
            if (state == State.FAILED) {
                announce();
            }
        }
        if (wantsToReceive() != receiving) {
            changed();
        }
        boolean hasBuffer = ReceiveBuffers.concerns(flags);
        try {
            if (result > 0 && hasBuffer) {
                selector.tally().read();
                bytesCame(selector.buffers().at(flags), result);
            } else if (result == 0) {
                endCame(null);
            } else if (!isOver(-result)) {
                endCame(named("read from ", Errno.exception(-result)));
            }
        } finally {
            if (hasBuffer) {
                selector.buffers().done(flags, Math.max(0, result));
            }
        }
    }

    /** Cancelled, or there was no buffer at this moment: it is asked for again if it is wanted. */
    private static boolean isOver(int error) {
        return error == Errno.ECANCELED || error == Errno.ENOBUFS || error == Errno.EAGAIN || error == Errno.EINTR;
    }

    private void bytesCame(int at, int length) {
        int from = at;
        int left = length;
        while (left > 0 && state == State.OPEN && unread == null && readable() && !turnIsOver()) {
            ByteBuf target = target();
            if (!readable() || state != State.OPEN) {
                break; // the listener has paused or closed it, or the Selector, when it was asked for a target
            }
            int part = Math.min(left, target.writableBytes());
            selector.buffers().copy(from, part, target);
            from += part;
            left -= part;
            count(part);
            listener.received(target);
        }
        if (from > at && state != State.CLOSED) {
            listener.turnEnded(); // other Wires' answers come before the next of this one
        }
        if (left == 0) {
            return;
        }
        if (state == State.CLOSED) {
            reset = true; // it was not read
        } else {
            keep().append(selector.buffers(), from, left);
        }
    }

    private ByteBuf target() {
        ByteBuf target = listener.readTarget();
        return target == null || !target.isWritable() ? selector.receiveBuffer() : target;
    }

    private void endCame(@Nullable IOException cause) {
        if (state == State.OPEN && unread == null && !paused) {
            tellEnd(cause);
        } else if (state != State.CLOSED) {
            keep().end(cause);
        }
    }

    private Unread keep() {
        Unread kept = unread;
        if (kept == null) {
            kept = new Unread();
            unread = kept;
            changed();
        }
        if (!paused) {
            announce();
        }
        return kept;
    }

    private void tellEnd(@Nullable IOException cause) {
        inputEnded = true;
        if (state == State.FAILED) {
            fail(failure); // whatever the kernel says of the stream's end: what it had is read
        } else if (cause == null) {
            changed();
            listener.inputEnded();
        } else {
            fail(cause);
        }
    }

    private boolean turnIsOver() {
        if (turn != selector.turn()) {
            turn = selector.turn();
            reads = 0;
            bytesRead = 0;
        }
        return reads >= READS_PER_TURN || bytesRead >= BYTES_PER_TURN;
    }

    private void count(int bytes) {
        reads++;
        bytesRead += bytes;
    }

    private boolean readable() {
        return !paused && !inputEnded && (state == State.OPEN || state == State.FAILED);
    }

    /** Tells what was kept, as far as that is wanted now. */
    private void tellUnread() {
        if (tellSome() && state != State.CLOSED) {
            listener.turnEnded();
        }
    }

    /** Whether there was anything to tell. */
    private boolean tellSome() {
        boolean some = false;
        Unread kept = unread;
        while (kept != null && readable()) {
            if (kept.hasBytes()) {
                if (turnIsOver()) {
                    announce();
                    return some;
                }
                ByteBuf target = target();
                if (!readable()) {
                    return some;
                }
                count(kept.moveTo(target));
                listener.received(target);
                some = true;
            } else {
                unread = null;
                changed();
                if (kept.ended()) {
                    tellEnd(kept.failure());
                }
                return some;
            }
        }
        return some;
    }

    /** Reads by calls until there is nothing more at this moment, and then that is all there will be. */
    private void readRest() {
        MemorySegment errno = selector.memory().errno;
        while (state == State.FAILED && readable()) {
            if (turnIsOver()) {
                announce();
                return;
            }
            ByteBuf target = target();
            if (!readable()) {
                return;
            }
            int at = target.writerIndex();
            int room = target.writableBytes();
            selector.tally().read();
            int n = (int) LibC.recv(errno, fd(), SendQueue.addressAt(target, at, room), room);
            if (n <= 0) {
                tellEnd(null);
                return;
            }
            target.writerIndex(at + n);
            count(n);
            listener.received(target);
        }
    }

    @Override
    public void pauseReads() {
        paused = true;
        changed();
    }

    @Override
    public void resumeReads() {
        if (paused) {
            paused = false;
            changed();
            if (unread != null || state == State.FAILED) {
                announce();
            }
        }
    }

    // ---- writing

    @Override
    public void write(ByteBuf buffer) {
        if (!accepting() || outputShut || shutdownWanted || !buffer.isReadable()) {
            buffer.release();
            return;
        }
        SendQueue open = queue;
        if (open == null) {
            open = selector.takeQueue();
            queue = open;
        }
        open.add(buffer);
    }

    private boolean hasQueued() {
        return queue != null && !queue.isEmpty();
    }

    private boolean accepting() {
        return state == State.CONNECTING || state == State.CONNECTED || state == State.OPEN;
    }

    @Override
    public long flush() {
        if (state != State.OPEN || flushed || !hasQueued()) {
            return 0;
        }
        if (!sending && !writableWanted && selector.sendsAtOnce(this)) {
            long left = 0;
            try {
                left = Math.max(0, sendByCall());
            } catch (RuntimeException | Error e) {
                // Whoever asks again has that told.
            }
            if (hasQueued()) {
                wantToSend();
            }
            return left;
        }
        wantToSend();
        return 0;
    }

    private void wantToSend() {
        flushed = true;
        if (!sending) {
            changed();
        }
    }

    /** Sends what the kernel takes now: how much that was, or why nothing left, made negative. What is wrong is told by who asks again. */
    private long sendByCall() {
        long sum = 0;
        for (int n = 0; n < CALLS_PER_TURN && hasQueued() && !selector.scratchIsFull(); n++) {
            SendQueue open = Objects.requireNonNull(queue);
            long sent;
            try {
                sent = call(open);
            } catch (RuntimeException | Error e) { // want of memory, or a buffer that its owner has released as well
                if (sum == 0) {
                    throw e;
                }
                break;
            }
            if (sent < 0) {
                return sum > 0 ? sum : sent;
            }
            sum += sent;
        }
        giveBackIfEmpty();
        return sum;
    }

    private long call(SendQueue open) {
        selector.tally().written();
        MemorySegment errno = selector.memory().errno;
        long sent;
        if (open.isPlain()) {
            sent = LibC.send(errno, fd(), open.plainAddress(), open.plainLength(), MSG_NOSIGNAL);
        } else {
            long message = open.gather(selector.scratch(), selector.heapBytes());
            sent = LibC.sendmsg(errno, fd(), message, MSG_NOSIGNAL);
            selector.scratch().giveBack();
        }
        open.sent(Math.max(0, sent));
        return sent;
    }

    private void giveBackIfEmpty() {
        SendQueue open = queue;
        if (open != null && open.isEmpty()) {
            queue = null;
            selector.giveBack(open);
        }
    }

    /** The request that waits for room is given up; the next one tries at once. */
    @Override
    public long retry() {
        if (state == State.OPEN && sending) {
            retryWanted = true;
            changed();
        }
        return 0;
    }

    private void send() throws IOException {
        SendQueue open = queue;
        if (open == null || open.isEmpty()) {
            flushed = false;
            return;
        }
        try {
            if (writableWanted) {
                awaitWritable(Request.SEND);
            } else if (open.isPlain()) {
                long address = open.plainAddress();
                selector.request(
                        Request.SEND_BYTES, fd(), 0, address, open.plainLength(), MSG_NOSIGNAL, 0, data(Request.SEND));
                selector.tally().written();
            } else if (selector.scratchIsFull()) {
                changed(); // with the next enter, then
                return;
            } else {
                long message = open.gather(selector.scratch(), null);
                if (selector.scratch().bytes() == 0) {
                    selector.scratch().giveBack();
                    sendFromHeap();
                    return;
                }
                selector.request(Request.SENDMSG, fd(), 0, message, 1, MSG_NOSIGNAL, 0, data(Request.SEND));
                selector.tally().written();
            }
        } catch (RuntimeException | Error e) { // want of memory, or a buffer that its owner has released as well
            outputFails(named("write to ", new IOException(e)));
            return;
        }
        sending = true;
        sendCancelled = false;
    }

    /** A request would need a copy for as long as the peer lets it wait, and a call does not. */
    private void sendFromHeap() {
        long sent = sendByCall();
        if (sent < 0 && sent != -Errno.EAGAIN) {
            outputFails(named("write to ", Errno.exception((int) -sent)));
            return;
        }
        if (hasQueued()) {
            awaitWritable(Request.SEND);
            sending = true;
            sendCancelled = false;
        } else {
            flushed = false;
            shutdownIfWritten();
        }
        if (sent > 0) {
            selector.hasTold();
            listener.written(sent);
        }
    }

    private void sent(int result) {
        sending = false;
        selector.requestOver();
        boolean wasWaiting = awaitsWritable;
        awaitsWritable = false;
        SendQueue open = Objects.requireNonNull(queue);
        int bytes = wasWaiting ? 0 : Math.max(0, result);
        open.sent(bytes);
        if (state != State.OPEN) {
            return; // closed, and finish() releases the rest
        }
        if (result < 0 && !isToBeRepeated(-result)) {
            outputFails(named("write to ", Errno.exception(-result)));
            return;
        }
        writableWanted = result == -Errno.EAGAIN && !wasWaiting;
        giveBackIfEmpty();
        if (hasQueued()) {
            changed();
        } else {
            flushed = false;
            shutdownIfWritten();
        }
        if (bytes > 0) {
            listener.written(bytes);
        }
    }

    private static boolean isToBeRepeated(int error) {
        return error == Errno.ECANCELED || error == Errno.EAGAIN || error == Errno.EINTR;
    }

    /**
     * A peer that answers "go away" and closes makes our write fail; its answer is still there to be read.
     */
    private void outputFails(IOException cause) {
        failure = cause;
        state = State.FAILING;
        releaseQueue();
        announce();
        changed();
    }

    private void releaseQueue() {
        SendQueue open = queue;
        if (open != null) {
            queue = null;
            open.release();
        }
    }

    @Override
    public long unacknowledged() {
        if (state != State.OPEN) {
            return UNKNOWN;
        }
        CallMemory memory = selector.memory();
        int result = LibC.ioctl(memory.errno, fd(), SIOCOUTQ, memory.length.address());
        return result < 0 ? UNKNOWN : memory.length.get(JAVA_INT, 0);
    }

    @Override
    public void shutdownOutput() {
        if (!accepting() || shutdownWanted || outputShut) {
            return;
        }
        shutdownWanted = true;
        if (hasQueued()) {
            wantToSend(); // what leaves by itself is told, which a flush would not do
        }
        shutdownIfWritten();
    }

    private void shutdownIfWritten() {
        if (!shutdownWanted || state != State.OPEN || sending || hasQueued()) {
            return;
        }
        shutdownWanted = false;
        outputShut = true;
        int result = LibC.shutdown(selector.memory().errno, fd(), SHUT_WR);
        if (result < 0) {
            outputFails(named("shut down output to ", Errno.exception(-result)));
        }
    }

    // ---- the end

    @Override
    public void close() {
        end(null, false);
    }

    @Override
    public void abort() {
        end(null, true);
    }

    private void fail(@Nullable Throwable cause) {
        end(cause, false);
    }

    private void end(@Nullable Throwable cause, boolean withReset) {
        if (state == State.CLOSED) {
            if (cause == null) {
                failure = null; // a close need not be told what had failed before it
            }
            return;
        }
        state = State.CLOSED;
        failure = cause;
        giveUp(withReset);
        if (isUnderWay()) {
            changed();
        } else {
            finishIfOver();
        }
    }

    private void giveUp(boolean withReset) {
        reset = withReset || (unread != null && unread.hasBytes()); // which the kernel holds to be read
        unread = null;
        if (queue != null) {
            queue.releaseWaiting();
        }
    }

    /** Once the last answer has come. */
    private void finishIfOver() {
        if (!isUnderWay() && !answering && !told) {
            releaseQueue();
            announce();
            closeDescriptor(reset);
        }
    }

    @Override
    void abandon() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            giveUp(false);
        }
    }

    @Override
    void release() {
        releaseQueue();
        closeDescriptor(reset);
    }

    @Override
    void tell() {
        if (state == State.CLOSED) {
            if (fd() == GONE && !told) {
                told = true;
                listener.closed(failure);
            }
            return;
        }
        try {
            tellMore();
        } catch (RuntimeException | Error e) {
            broken(e);
        }
    }

    private void tellMore() {
        if (state == State.CONNECTED) {
            nowConnected();
            return;
        }
        if (state == State.FAILING) {
            state = State.FAILED;
            listener.writeFailed(Objects.requireNonNull(failure));
        }
        if (state == State.OPEN || state == State.FAILED) {
            tellUnread();
        }
        if (state == State.FAILED && unread == null && !receiving) {
            if (inputEnded) {
                fail(failure);
            } else {
                readRest();
            }
        }
    }

    private IOException named(String doing, IOException cause) {
        return SocketFailures.naming(doing + remoteAddress(), cause);
    }

    // ---- options and addresses

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        setOption(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        return selector.options().get(fd(), option);
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        if (!connected) {
            return null;
        }
        boolean isNumber = local == null && inet4 != SocketAddressArea.NOT_INET4;
        return isNumber ? SocketAddressArea.inet4(inet4) : local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote == null ? SocketAddressArea.inet4(inet4) : remote;
    }

    @Override
    public String toString() {
        return state + " wire to " + remoteAddress();
    }
}
