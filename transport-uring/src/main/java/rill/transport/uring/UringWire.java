package rill.transport.uring;

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
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * A connected or connecting socket. It has at most three requests under way, one each of {@link Connecting}, {@link Receiving} and {@link Sending},
 * which know nothing of each other. What concerns all of them is here, and in {@link Ending}.
 *
 * <pre>
 *  CONNECTING ──▶ OPEN ──▶ FAILING (a write failed; reported with the next select)
 *                  ▲          └──▶ FAILED (what the peer sent before is read) ──▶ CLOSED ──▶ the last answer ──▶ closed is delivered
 *   CONNECTED ─────┘ (from the start; reported with the next select)
 * </pre>
 */
final class UringWire extends RingSocket implements Wire {
    private static final int POLL_OUT = 4;

    private enum State {
        CONNECTING,
        CONNECTED,
        OPEN,
        FAILING,
        FAILED,
        CLOSED
    }

    final WireListener listener;
    private final Receiving receiving;
    private final Sending sending;
    private final Ending ending;
    private @Nullable Connecting connecting; // until it is open
    private State state = State.CONNECTING;
    private boolean connected; // and the listener was notified
    private @Nullable SocketAddress local; // null: not known yet, or kept in inet4
    private final @Nullable SocketAddress remote; // null: kept in inet4
    private long inet4; // see SocketAddressArea.inet4

    /** An accepted socket has a local address, and a connecting one a remote address. */
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
        receiving = new Receiving(this, selector);
        sending = new Sending(this, selector);
        ending = new Ending(this, receiving, sending);
        register();
    }

    // ---- opening

    /** Starts a socket that is already connected, such as an accepted one: {@code connected} is delivered with the next select. */
    void startConnected() {
        state = State.CONNECTED;
        announce();
    }

    /** Starts connecting; the outcome is delivered with a later select. */
    void startConnecting() throws IOException {
        connecting = new Connecting(this, selector);
        connecting.start();
    }

    /** Fails a connection that could not be established: {@code closed(cause)} is delivered with the next select. */
    void startFailed(IOException cause) {
        fail(named("connect to ", cause));
    }

    /** Opens the Wire, and notifies the listener. */
    void nowConnected() {
        connecting = null;
        try {
            learnOwnAddress();
        } catch (IOException e) {
            startFailed(e);
            return;
        }
        connected = true;
        state = State.OPEN;
        changed();
        listener.connected();
        sending.connected();
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

    // ---- for its halves

    boolean isAccepting() {
        return state == State.CONNECTING || state == State.CONNECTED || state == State.OPEN;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /** Returns whether received bytes may be delivered. */
    boolean isReadable() {
        return state == State.OPEN || state == State.FAILED;
    }

    /** Returns whether a failed write was reported, and the rest is being read. */
    boolean hasFailed() {
        return state == State.FAILED;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    @Nullable
    Connecting connecting() {
        return connecting;
    }

    /** Reports the bytes that have left. */
    void reportSent() {
        sending.report();
    }

    /** Makes a request for writability, to do later what the kernel does not do now. */
    void requestWritable(int kind) {
        selector.requests().make(Request.POLL_ADD, fd(), 0, 0, 0, POLL_OUT, 0, data(kind));
    }

    /** Ends the output because of a failure. A peer that answers "go away" and closes makes our write fail; its answer can still be read. */
    void outputFails(IOException cause) {
        if (state == State.OPEN) {
            state = State.FAILING;
            ending.because(cause);
            announce();
            changed();
        }
    }

    /** Closes the Wire after a failed write, once there is no more to read. */
    void restIsRead() {
        fail(ending.cause());
    }

    IOException named(String doing, IOException cause) {
        return SocketFailures.naming(doing + remoteAddress(), cause);
    }

    // ---- for its Selector

    @Override
    void advance() {
        if (state == State.CLOSED) {
            ending.advance();
        } else if (connecting != null) {
            connecting.advance();
        } else {
            receiving.advance();
            sending.advance();
        }
    }

    @Override
    void again() {
        if (state == State.CONNECTING && connecting != null) {
            connecting.again();
        } else {
            changed();
        }
    }

    @Override
    void answered(int kind, int result, int flags) {
        ending.hold();
        try {
            switch (kind) {
                case Request.RECEIVE -> receiving.answered(result, flags);
                case Request.SEND -> sending.answered(result);
                case Request.CONNECT -> Objects.requireNonNull(connecting).answered(result);
                default -> ending.cancelIsDecided(result);
            }
        } catch (RuntimeException | Error e) {
            broken(e);
        } finally {
            ending.letGo();
        }
        if (state == State.CLOSED) {
            ending.finishIfOver();
        }
    }

    @Override
    void tell() {
        if (state == State.CLOSED) {
            ending.tell();
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
        sending.report();
        if (state == State.FAILING) {
            state = State.FAILED;
            listener.writeFailed(Objects.requireNonNull(ending.cause()));
        }
        if (isReadable()) {
            receiving.tell();
        }
    }

    /** Fails this Wire alone, for lack of memory or because of a mistake. */
    @Override
    void broken(Throwable e) {
        fail(whatBroke(e));
        if (!isGone()) {
            changed(); // if it was about to end, that is tried again
        }
    }

    /** Returns the cause of closing. A failure that was already reported remains the cause, whatever follows it. */
    private Throwable whatBroke(Throwable e) {
        Throwable told = state == State.FAILED ? ending.cause() : null;
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

    @Override
    void abandon() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            ending.giveUp();
        }
    }

    @Override
    void cutOff() {
        ending.cutOff();
    }

    @Override
    void release() {
        ending.release();
    }

    // ---- calls of its user

    @Override
    public void write(ByteBuf buffer) {
        sending.write(buffer);
    }

    @Override
    public long flush() {
        return sending.flush();
    }

    @Override
    public long retry() {
        sending.retry();
        return 0;
    }

    @Override
    public long unacknowledged() {
        if (state != State.OPEN) {
            return UNKNOWN;
        }
        try {
            return selector.sockets().unacknowledged(fd());
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    @Override
    public void pauseReads() {
        receiving.pause();
    }

    @Override
    public void resumeReads() {
        receiving.resume();
    }

    @Override
    public void shutdownOutput() {
        sending.shutdownOutput();
    }

    @Override
    public void close() {
        end(null, false);
    }

    @Override
    public void abort() {
        end(null, true);
    }

    /** Closes it with this cause. */
    void fail(@Nullable Throwable cause) {
        end(cause, false);
    }

    private void end(@Nullable Throwable cause, boolean withReset) {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            ending.begin(cause, withReset);
        } else if (cause == null) {
            ending.because(null); // a close does not report an earlier failure
        }
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
