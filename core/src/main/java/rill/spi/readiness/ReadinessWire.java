package rill.spi.readiness;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.spi.writing.WriteQueue;

/**
 * The state machine of a Wire whose system reports readiness: reading within a budget, queueing and gathering writes, half-close, failure. A
 * readiness transport extends it and adds only its system calls, those of one non-blocking stream socket. Wire and socket are one object, since
 * connections are many and mostly idle.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ FAILING (a write failed; reported by the next select)
 *                  ▲          └──▶ FAILED (what the peer sent before is read) ──▶ CLOSED
 *   CONNECTED ─────┘ (from the start; reported by the next select)
 * </pre>
 *
 * <p><b>Threading:</b> the Selector's driver. <b>Errors:</b> the subclass repeats a system call that is interrupted (EINTR); would-block is the value
 * 0, never an exception.
 */
public abstract non-sealed class ReadinessWire extends Watched implements Wire {
    /** A turn ends after this many reads… */
    static final int READS_PER_TURN = 16;
    /** …or this many bytes. */
    static final int BYTES_PER_TURN = 256 * 1024;
    /** The number of buffers passed to one gathering write; systems take 1,024 (IOV_MAX), and few gain beyond this. */
    private static final int GATHER = 64;

    private enum State {
        CONNECTING,
        CONNECTED,
        OPEN,
        FAILING,
        FAILED,
        CLOSED
    }

    // Conditions, in a byte, since there is a Wire for each connection.
    private static final int CONNECTED = 1; // and reported so
    private static final int PAUSED = 1 << 1;
    private static final int INPUT_ENDED = 1 << 2;
    private static final int WANTS_WRITE = 1 << 3; // the last write did not take everything
    private static final int SHUTDOWN_WANTED = 1 << 4;
    private static final int OUTPUT_SHUT = 1 << 5;

    private final WireListener listener;
    private byte conditions;
    private State state = State.CONNECTING;
    private @Nullable Throwable failure;

    private @Nullable WriteQueue queue; // while something is to be written, or to be reported

    /** Creates the Wire of a socket in its initial state. */
    protected ReadinessWire(WireListener listener) {
        this.listener = listener;
    }

    private boolean is(int anyOf) {
        return (conditions & anyOf) != 0;
    }

    private void set(int condition, boolean holds) {
        conditions = (byte) (holds ? conditions | condition : conditions & ~condition);
    }

    // ---- what a transport adds

    /** The result of a {@link #connect}. */
    protected enum Progress {
        /** It is connected at once, as Unix domain sockets are. */
        DONE,
        /** The socket becomes writable once the result is known: see {@link #finishConnect}. */
        UNDER_WAY,
        /** Not begun, since the listener has no room; tried again a little later. */
        NO_ROOM
    }

    /** Binds before connecting. */
    protected abstract void bind(SocketAddress local) throws IOException;

    /** Connects to {@link #remoteAddress}. */
    protected abstract Progress connect(SocketAddress remote) throws IOException;

    /**
     * Prepares for another {@link #connect} after one for which there was no room: makes the socket anew, if one socket can't try twice.
     *
     * @return whether it did so
     */
    protected boolean renew() throws IOException {
        return false;
    }

    /** Whether the connection under way is now established; throws if it failed. */
    protected abstract boolean finishConnect() throws IOException;

    /** Determines {@link #ownAddress}, now that the connection is established. */
    protected abstract void learnOwnAddress() throws IOException;

    /** {@link Wire#localAddress}, once connected. */
    protected abstract @Nullable SocketAddress ownAddress();

    /** Reads once, at most the target's writable bytes. Returns the number of bytes read and appended, 0 for would-block, -1 for end of input. */
    protected abstract int read(ByteBuf target) throws IOException;

    /**
     * Writes the readable bytes of {@code count} buffers, beginning with {@code buffers[from]}, none of them null, in one call, without moving their
     * indices. Returns the number of bytes taken, 0 for would-block.
     *
     * <p>If fewer bytes are taken than were offered, as with 0, there is no room for more now. The rest is offered again only after the system has
     * reported that the socket is writable, so that report must be sure to arrive. A transport that takes fewer for a reason of its own, such as a
     * scratch area that is too small, may do so only if the system reports a state, as poll does. If it reports only changes (edge-triggered), the
     * transport calls the system until that takes no more.
     */
    protected abstract long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException;

    /**
     * Sets which readiness is wanted from now on: of input, of output (or of the connection while it is made). With neither, nothing is reported, not
     * even an error or a hang-up.
     */
    protected abstract void interest(boolean read, boolean write) throws IOException;

    /** Half-closes the output. */
    protected abstract void endOutput() throws IOException;

    /** {@link Wire#unacknowledged}, of an established connection. */
    protected long unacknowledgedBytes() throws IOException {
        return UNKNOWN;
    }

    /** Closes the descriptor; with a reset if {@code reset} is true. Called once. Never throws. */
    protected abstract void closeSocket(boolean reset);

    /** {@link Wire#get}, of a socket that is not closed. */
    protected abstract <T> T option(SocketOption<T> option) throws IOException;

    // ---- the beginning

    /** Starts a socket that is already connected, such as an accepted one: {@code connected} is delivered by the next select. */
    final void startConnected() {
        state = State.CONNECTED;
        announce();
    }

    /** Starts a connection that is under way: waits for the socket to become writable. */
    final void startConnecting() {
        try {
            interest(false, true);
        } catch (IOException e) {
            fail(named("connect to ", e));
        }
    }

    /** Starts a connection that could not even be tried: {@code closed(cause)} is delivered by the next select. */
    final void startFailed(IOException cause) {
        fail(named("connect to ", cause));
    }

    /** Interest that was not wanted may be wanted again by now, because a pause is over or the queue is full again. */
    @Override
    public final void ready(boolean readable, boolean writable) {
        try {
            act(readable, writable);
        } catch (RuntimeException | Error e) {
            broken(e);
        }
    }

    /** No memory, or a bug: it fails only this Wire. */
    final void broken(Throwable e) {
        fail(whatBroke(e));
    }

    /** A failure that was reported stays the cause, whatever follows it. */
    private Throwable whatBroke(Throwable e) {
        Throwable told = state == State.FAILED ? failure : null;
        try {
            if (told != null) {
                told.addSuppressed(e);
                return told;
            }
            Throwable refusal = e instanceof UncheckedIOException ? e.getCause() : null;
            return named("serve ", refusal instanceof IOException known ? known : new IOException(e));
        } catch (RuntimeException | Error noMemory) {
            return told == null ? e : told;
        }
    }

    private void act(boolean readable, boolean writable) {
        if (state == State.CONNECTING) {
            if (writable) {
                establish();
            }
            return;
        }
        if (state != State.OPEN) {
            return;
        }
        boolean useless = (readable && !readable()) || (writable && !is(WANTS_WRITE));
        if (writable && is(WANTS_WRITE)) {
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

    private void establish() {
        try {
            if (finishConnect()) {
                nowConnected();
            }
        } catch (IOException e) {
            fail(named("connect to ", e));
        }
    }

    private void nowConnected() {
        try {
            learnOwnAddress();
        } catch (IOException e) {
            fail(named("connect to ", e));
            return;
        }
        set(CONNECTED, true);
        state = State.OPEN;
        updateInterest();
        if (state != State.OPEN) {
            return;
        }
        listener.connected();
        if (state == State.OPEN && hasQueued()) {
            writeQueued();
            report();
        } else {
            shutdownIfWritten();
        }
    }

    // ---- reading

    private void readTurn() {
        if (readSome() && state != State.CLOSED) {
            listener.turnEnded();
        }
    }

    /** Whether any bytes were read. */
    private boolean readSome() {
        boolean some = false;
        long budget = BYTES_PER_TURN;
        for (int reads = 0; reads < READS_PER_TURN && budget > 0 && readable(); reads++) {
            ByteBuf target = listener.readTarget();
            if (target == null || !target.isWritable()) {
                target = selector().receiveBuffer();
            }
            if (!readable()) {
                return some; // asked for a target, the listener has paused or closed it, or the Selector
            }
            int room = target.writableBytes();
            int n;
            selector().tally().read();
            try {
                n = read(target);
            } catch (IOException e) {
                fail(state == State.FAILED ? failure : named("read from ", e));
                return some;
            }
            if (n <= 0) {
                noMore(n < 0);
                return some;
            }
            listener.received(target);
            some = true;
            budget -= n;
            if (n < room) {
                break; // a short read: the kernel has no more
            }
        }
        return some;
    }

    /** There is nothing to read now, or never will be again. */
    private void noMore(boolean ended) {
        if (state == State.FAILED) {
            fail(failure); // whatever the kernel says of the stream's end: its bytes are read
        } else if (ended) {
            set(INPUT_ENDED, true);
            listener.inputEnded();
        }
    }

    private boolean readable() {
        return !is(PAUSED | INPUT_ENDED) && (state == State.OPEN || state == State.FAILED);
    }

    @Override
    public final void write(ByteBuf buffer) {
        if (!accepting() || is(OUTPUT_SHUT | SHUTDOWN_WANTED) || !buffer.isReadable()) {
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
            open = selector().takeQueue();
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
    public final long flush() {
        return is(WANTS_WRITE) ? 0 : writeNow();
    }

    @Override
    public final long retry() {
        return is(WANTS_WRITE) ? writeNow() : 0;
    }

    private long writeNow() {
        WriteQueue open = queue;
        if (state != State.OPEN || open == null || open.isEmpty()) {
            return 0;
        }
        long before = open.unreported();
        writeQueued();
        long written = open.unreported() - before;
        open.unreported(before);
        giveBackIfIdle(open);
        return written;
    }

    /** Writes until the queue is empty or the kernel takes no more. */
    private void writeQueued() {
        WriteQueue open = queue;
        if (open != null) {
            try {
                writeAll(open);
            } catch (IOException e) {
                outputFails(named("write to ", e));
                return;
            } catch (RuntimeException | Error e) { // no memory, or a buffer that its owner has released as well
                outputFails(named("write to ", new IOException(e)));
                return;
            }
            boolean blocked = !open.isEmpty();
            if (blocked != is(WANTS_WRITE)) {
                set(WANTS_WRITE, blocked);
                if (blocked) {
                    updateInterest();
                }
            }
        }
        shutdownIfWritten();
    }

    private void writeAll(WriteQueue open) throws IOException {
        while (!open.isEmpty()) {
            int count = Math.min(GATHER, open.size());
            selector().tally().written();
            long n = write(open.array(), open.first(), count);
            open.unreported(open.unreported() + n);
            if (open.sent(n) < count) {
                return;
            }
        }
    }

    /**
     * A peer that answers "go away" and closes makes our write fail while its answer is still waiting to be read. It is read whatever the readiness,
     * of which no further reports are wanted.
     */
    private void outputFails(IOException cause) {
        failure = cause;
        state = State.FAILING;
        set(WANTS_WRITE, false);
        if (queue != null) {
            queue.release();
        }
        announce();
        try {
            interest(false, false);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    @Override
    public final long unacknowledged() {
        if (state != State.OPEN) {
            return UNKNOWN;
        }
        try {
            return unacknowledgedBytes();
        } catch (IOException e) {
            return UNKNOWN; // a failure of the connection shows when it is read or written
        }
    }

    private void report() {
        WriteQueue open = queue;
        if (open != null && open.unreported() > 0 && state != State.CLOSED) {
            long n = open.unreported();
            open.unreported(0);
            giveBackIfIdle(open);
            listener.written(n);
        }
    }

    private void giveBackIfIdle(WriteQueue open) {
        if (open.isEmpty() && open.unreported() == 0) {
            queue = null;
            selector().giveBack(open);
        }
    }

    @Override
    public final void pauseReads() {
        set(PAUSED, true);
    }

    @Override
    public final void resumeReads() {
        if (is(PAUSED)) {
            set(PAUSED, false);
            if (state == State.FAILED) {
                announce();
            } else {
                updateInterest();
            }
        }
    }

    private void updateInterest() {
        if (state == State.OPEN) {
            try {
                interest(readable(), is(WANTS_WRITE));
            } catch (IOException e) {
                fail(named("watch the connection to ", e));
            }
        }
    }

    @Override
    public final void shutdownOutput() {
        if (!accepting() || is(OUTPUT_SHUT | SHUTDOWN_WANTED)) {
            return;
        }
        set(SHUTDOWN_WANTED, true);
        if (state == State.OPEN && !is(WANTS_WRITE)) {
            writeQueued();
            if (queue != null && queue.unreported() > 0) {
                announce();
            }
        }
    }

    private void shutdownIfWritten() {
        if (!is(SHUTDOWN_WANTED) || state != State.OPEN || hasQueued()) {
            return;
        }
        set(SHUTDOWN_WANTED, false);
        set(OUTPUT_SHUT, true);
        try {
            endOutput();
        } catch (IOException e) {
            outputFails(named("shut down output to ", e));
        }
    }

    @Override
    public final void close() {
        end(null, false);
    }

    @Override
    public final void abort() {
        end(null, true);
    }

    private void fail(@Nullable Throwable cause) {
        end(cause, false);
    }

    private void end(@Nullable Throwable cause, boolean reset) {
        if (state == State.CLOSED) {
            if (cause == null) {
                failure = null; // a close need not report an earlier failure
            }
            return;
        }
        state = State.CLOSED;
        failure = cause;
        try {
            if (queue != null) {
                queue.release();
                queue = null;
            }
        } finally {
            try {
                closeSocket(reset);
            } finally {
                announceEnd();
            }
        }
    }

    final boolean isClosed() {
        return state == State.CLOSED;
    }

    @Override
    final void tell() {
        if (state == State.CLOSED) {
            listener.closed(failure);
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
        report();
        if (state == State.FAILING) {
            state = State.FAILED;
            listener.writeFailed(Objects.requireNonNull(failure));
        }
        if (state == State.FAILED) {
            readTurn();
            if (readable()) {
                announce(); // continues with the next select
            } else if (state == State.FAILED && is(INPUT_ENDED)) {
                fail(failure);
            }
        }
    }

    private IOException named(String doing, IOException cause) {
        return SocketFailures.naming(doing + remoteAddress(), cause);
    }

    @Override
    public final <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        setOption(option, value);
    }

    @Override
    public final <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        return option(option);
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public final @Nullable SocketAddress localAddress() {
        return is(CONNECTED) ? ownAddress() : null;
    }

    @Override
    public String toString() {
        return state + " wire to " + remoteAddress();
    }
}
