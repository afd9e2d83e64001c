package rill.spi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of a Wire whose system reports readiness: reading within a budget, queueing and gathering writes,
 * half-close, failure. What differs between NIO and epoll is behind {@link SocketCalls}.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ FAILED (a write failed: what the peer still sent is read first) ──▶ CLOSED
 * </pre>
 *
 * <p><b>Threading:</b> the Selector's driver.
 */
public final class ReadinessWire implements Wire {
    /** A turn ends after so many reads… */
    static final int READS_PER_TURN = 16;
    /** …or so many bytes. */
    static final int BYTES_PER_TURN = 256 * 1024;
    /** Buffers passed to one gathering write; systems take 1,024 (IOV_MAX), and few gain beyond this. */
    static final int GATHER = 64;

    private static final @Nullable ByteBuf[] NO_BUFFERS = {};

    private enum State {
        CONNECTING,
        OPEN,
        FAILED,
        CLOSED
    }

    private final SocketCalls calls;
    private final Supplier<ByteBuf> receiveBuffer;
    private final UndeliveredEvents undelivered;
    private final WireListener listener;
    private final SocketAddress remote;
    private @Nullable SocketAddress local;

    private State state = State.CONNECTING;
    private boolean waits; // in undelivered
    private boolean opened; // connected() is still to be told
    private boolean paused;
    private boolean inputEnded;
    private boolean wantsWrite; // the last write did not take everything
    private boolean shutdownWanted;
    private boolean outputShut;
    private @Nullable Throwable failure;

    private @Nullable ByteBuf[] queue = NO_BUFFERS; // outgoing, in queue[head..tail)
    private int head;
    private int tail;
    private long unreported; // bytes written whose count no flush() returned

    /** A Wire whose connection is under way; one of the {@code start…} methods is to follow. */
    public ReadinessWire(
            SocketCalls calls,
            SocketAddress remote,
            WireListener listener,
            Supplier<ByteBuf> receiveBuffer,
            UndeliveredEvents undelivered) {
        this.calls = calls;
        this.remote = remote;
        this.listener = listener;
        this.receiveBuffer = receiveBuffer;
        this.undelivered = undelivered;
    }

    /** A Wire for which no socket could be had: {@code closed(cause)} comes with the next select. */
    public static Wire refused(
            SocketAddress remote, WireListener listener, UndeliveredEvents undelivered, IOException cause) {
        var wire = new ReadinessWire(NoSocket.INSTANCE, remote, listener, () -> Unpooled.EMPTY_BUFFER, undelivered);
        wire.startFailed(cause);
        return wire;
    }

    /** A socket that is connected already, such as an accepted one: {@code connected} comes with the next select. */
    public void startConnected() {
        opened = true;
        announce();
    }

    /** A connection under way: waits for the socket to become writable. */
    public void startConnecting() {
        try {
            calls.interest(false, true);
        } catch (IOException e) {
            fail(named("connect to ", e));
        }
    }

    /** A connection that could not even be tried: {@code closed(cause)} comes with the next select. */
    public void startFailed(IOException cause) {
        fail(named("connect to ", cause));
    }

    /**
     * What the Selector found out. An error or hang-up counts as both: the calls then say what it is. What is not wanted any
     * more is withdrawn only now that it has come, since often it is wanted again by then (a pause is over, the queue is full
     * again), or the Wire is closed.
     */
    public void ready(boolean readable, boolean writable) {
        if (state == State.CONNECTING) {
            if (writable && !opened) {
                finishConnect();
            }
            return;
        }
        boolean useless = (readable && !readable()) || (writable && !wantsWrite);
        if (state == State.OPEN && writable && wantsWrite) {
            writeQueued();
            report();
        }
        if (state == State.OPEN && readable) {
            readTurn();
        }
        if (useless) {
            updateInterest();
        }
    }

    private void finishConnect() {
        try {
            if (calls.finishConnect()) {
                connected();
            }
        } catch (IOException e) {
            fail(named("connect to ", e));
        }
    }

    private void connected() {
        try {
            local = calls.localAddress();
        } catch (IOException e) {
            fail(named("connect to ", e));
            return;
        }
        state = State.OPEN;
        updateInterest();
        if (state != State.OPEN) {
            return;
        }
        listener.connected();
        if (state == State.OPEN && tail > head) {
            writeQueued();
            report();
        } else {
            shutdownIfWritten();
        }
    }

    private void readTurn() {
        long budget = BYTES_PER_TURN;
        for (int reads = 0; reads < READS_PER_TURN && budget > 0 && readable(); reads++) {
            ByteBuf target = listener.readTarget();
            if (target == null || !target.isWritable()) {
                target = receiveBuffer.get();
            }
            int room = target.writableBytes();
            int n;
            try {
                n = calls.read(target);
            } catch (IOException e) {
                fail(named("read from ", e));
                return;
            }
            if (n < 0) {
                inputEnded = true;
                listener.inputEnded();
                return;
            }
            if (n == 0) {
                return;
            }
            listener.read(target);
            budget -= n;
            if (n < room) {
                return; // a short read: the kernel has no more
            }
        }
    }

    private boolean readable() {
        return !paused && !inputEnded && (state == State.OPEN || state == State.FAILED);
    }

    @Override
    public void write(ByteBuf buffer) {
        if (!accepting() || outputShut || shutdownWanted || !buffer.isReadable()) {
            buffer.release();
            return;
        }
        if (tail == queue.length) {
            makeRoom();
        }
        queue[tail++] = buffer;
    }

    private boolean accepting() {
        return state == State.CONNECTING || state == State.OPEN;
    }

    private void makeRoom() {
        int used = tail - head;
        @Nullable
        ByteBuf[] target =
                used > queue.length / 2 || queue.length == 0 ? new @Nullable ByteBuf[Math.max(4, used * 2)] : queue;
        System.arraycopy(queue, head, target, 0, used);
        if (target == queue) {
            Arrays.fill(queue, used, tail, null);
        }
        queue = target;
        head = 0;
        tail = used;
    }

    @Override
    public long flush() {
        if (state != State.OPEN || wantsWrite || head == tail) {
            return 0;
        }
        long before = unreported;
        writeQueued();
        long written = unreported - before;
        unreported = before;
        return written;
    }

    /** Writes until the queue is empty or the kernel takes no more; adds to {@link #unreported}. */
    private void writeQueued() {
        try {
            while (head < tail) {
                int count = Math.min(GATHER, tail - head);
                long n = calls.write(queue, head, count);
                unreported += n;
                if (!advance(n, count)) {
                    break;
                }
            }
        } catch (IOException e) {
            failure = named("write to ", e);
            state = State.FAILED;
            announce();
            return;
        }
        boolean blocked = head < tail;
        if (blocked != wantsWrite) {
            wantsWrite = blocked;
            if (blocked) {
                updateInterest();
            }
        }
        shutdownIfWritten();
    }

    /** Releases what {@code n} bytes have covered of the first {@code count} buffers; false if not all of them. */
    private boolean advance(long n, int count) {
        for (int i = 0; i < count; i++) {
            ByteBuf first = Objects.requireNonNull(queue[head]);
            int size = first.readableBytes();
            if (n < size) {
                first.skipBytes((int) n);
                return false;
            }
            n -= size;
            queue[head++] = null;
            first.release();
        }
        if (head == tail) {
            head = 0;
            tail = 0;
            if (queue.length > GATHER) {
                queue = NO_BUFFERS;
            }
        }
        return true;
    }

    private void report() {
        if (unreported > 0 && state != State.CLOSED) {
            long n = unreported;
            unreported = 0;
            listener.written(n);
        }
    }

    @Override
    public void pauseReads() {
        paused = true;
    }

    @Override
    public void resumeReads() {
        if (paused) {
            paused = false;
            updateInterest();
        }
    }

    private void updateInterest() {
        if (state == State.OPEN) {
            try {
                calls.interest(readable(), wantsWrite);
            } catch (IOException e) {
                fail(named("watch the connection to ", e));
            }
        }
    }

    @Override
    public void shutdownOutput() {
        if (!accepting() || shutdownWanted || outputShut) {
            return;
        }
        shutdownWanted = true;
        if (state == State.OPEN && !wantsWrite) {
            writeQueued();
            if (unreported > 0) {
                announce();
            }
        }
    }

    private void shutdownIfWritten() {
        if (!shutdownWanted || state != State.OPEN || head < tail) {
            return;
        }
        shutdownWanted = false;
        outputShut = true;
        try {
            calls.shutdownOutput();
        } catch (IOException e) {
            failure = named("shut down output to ", e);
            state = State.FAILED;
            announce();
        }
    }

    @Override
    public void close() {
        end(null, false);
    }

    @Override
    public void abort() {
        end(null, true);
    }

    private void fail(Throwable cause) {
        end(cause, false);
    }

    private void end(@Nullable Throwable cause, boolean reset) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        failure = cause;
        while (head < tail) {
            Objects.requireNonNull(queue[head++]).release();
        }
        queue = NO_BUFFERS;
        head = 0;
        tail = 0;
        calls.close(reset);
        announce();
    }

    private void announce() {
        if (!waits) {
            waits = true;
            undelivered.add(this);
        }
    }

    /** Called by {@link UndeliveredEvents}: tells what no readiness will. */
    void deliver() {
        waits = false;
        if (state == State.CONNECTING && opened) {
            connected();
            return;
        }
        report();
        if (state == State.FAILED) {
            Throwable cause = failure;
            drainAfterFailedWrite();
            if (state == State.FAILED) {
                end(cause, false); // told in the next round
            }
            return;
        }
        if (state == State.CLOSED) {
            listener.closed(failure);
        }
    }

    /** A peer that answers "go away" and closes makes our write fail; its answer is still there to be read. */
    private void drainAfterFailedWrite() {
        boolean ended = false;
        for (int reads = 0; reads < READS_PER_TURN && !ended && readable(); reads++) {
            ByteBuf target = receiveBuffer.get();
            try {
                int n = calls.read(target);
                ended = n <= 0;
                if (n > 0) {
                    listener.read(target);
                }
            } catch (IOException expected) {
                ended = true; // the connection is known to be broken; the failed write is the cause to tell
            }
        }
    }

    private IOException named(String doing, IOException cause) {
        return SocketFailures.naming(doing + remote, cause);
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        calls.set(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        return calls.get(option);
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public String toString() {
        return state + " wire to " + remote;
    }
}
