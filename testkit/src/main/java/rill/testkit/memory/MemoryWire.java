package rill.testkit.memory;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Uncaught;
import rill.spi.Wire;
import rill.spi.WireListener;

/** One end of a connection of a {@link MemoryTransport}. */
final class MemoryWire implements Wire {
    private enum State {
        CONNECTING,
        OPEN,
        FAILING, // a write has failed, which has to be reported
        FAILED, // and it was reported: what the peer sent before is still read
        CLOSED
    }

    private static final int MANY = 256; // bytes read at once

    private final MemorySelector selector;
    private final MemoryTransport network;
    private final SocketAddress remote;
    private final WireListener listener;
    private final List<ByteBuf> queue = new ArrayList<>(2); // which grows before it changes, unlike an ArrayDeque
    private final boolean late; // writes only when selected, as a completion-based system does
    private final boolean takesHints;
    private @Nullable Map<SocketOption<?>, Object> options;
    private State state = State.CONNECTING;
    private @Nullable SocketAddress local;
    private @Nullable SocketAddress from; // the client's address of the connection: local or remote
    private @Nullable Pipe in;
    private @Nullable Pipe out;
    private long connectAt;
    private @Nullable IOException refusal;
    private @Nullable Throwable failure;
    private boolean closedBefore;
    private boolean connected;
    private boolean paused;
    private boolean endTold;
    private boolean shutWanted;
    private boolean shut;
    private boolean flushWanted;
    private long unreported;

    /** Creates the end that connects. */
    MemoryWire(MemorySelector selector, SocketAddress remote, WireListener listener) {
        this.selector = selector;
        this.network = selector.network;
        this.remote = remote;
        this.listener = listener;
        late = network.random.nextInt(4) == 0;
        takesHints = network.random.nextBoolean();
        network.openWires++;
    }

    /** Creates the end that was accepted. */
    MemoryWire(MemorySelector selector, MemorySocket accepted, WireListener listener) {
        this(selector, accepted.remote, listener);
        local = accepted.local;
        from = accepted.remote;
        in = accepted.in;
        out = accepted.out;
        connectAt = network.now;
    }

    void startConnecting(@Nullable SocketAddress wantedLocal) {
        connectAt = network.arrival();
        boolean any = wantedLocal == null || (wantedLocal instanceof InetSocketAddress inet && inet.getPort() == 0);
        if (wantedLocal != null && !any && network.acceptor(wantedLocal) != null) {
            refusal = new BindException("connect to " + remote + ": Address already in use");
            return;
        }
        SocketAddress chosen = wantedLocal == null || any ? network.ephemeral() : wantedLocal;
        if (chosen == null) {
            refusal = new BindException("connect to " + remote + ": Cannot assign requested address");
            return;
        }
        local = chosen;
        from = chosen;
        network.begins(chosen);
        network.names(chosen, remote);
        MemoryAcceptor acceptor = network.acceptor(remote);
        if (acceptor == null) {
            refusal = new ConnectException("connect to " + remote + ": Connection refused");
            return;
        }
        if (acceptor.full()) {
            refusal = new ConnectException("connect to " + remote + ": the backlog is full");
            return;
        }
        in = new Pipe(network.capacity());
        out = new Pipe(network.capacity());
        acceptor.arrives(chosen, out, in);
    }

    private Pipe in() {
        return Objects.requireNonNull(in);
    }

    private Pipe out() {
        return Objects.requireNonNull(out);
    }

    // // ---- what there is to report

    boolean ready() {
        long now = network.now;
        return switch (state) {
            case CONNECTING -> connectAt <= now;
            case CLOSED, FAILING -> true;
            case FAILED -> !paused;
            case OPEN ->
                unreported > 0
                        || (flushWanted && !queue.isEmpty() && (out().room() > 0 || broken()))
                        || (shutWanted && queue.isEmpty())
                        || (!paused && readReady(now));
        };
    }

    private boolean readReady(long now) {
        return !endTold && (in().readable(now) > 0 || in().endVisible(now) || in().resetVisible(now));
    }

    private boolean broken() {
        return in().resetVisible(network.now);
    }

    long nextEvent() {
        return switch (state) {
            case CONNECTING -> connectAt > network.now ? connectAt : Long.MAX_VALUE;
            case OPEN -> in().nextEvent(network.now);
            default -> Long.MAX_VALUE;
        };
    }

    /** Notes whether it is closed as a select begins: what a listener closes is told so by a later one. */
    void selectBegins() {
        closedBefore = state == State.CLOSED;
    }

    void turn() {
        if (!ready() || !network.tellsNow()) {
            return;
        }
        if (state == State.CLOSED) {
            if (closedBefore) {
                tellClosed();
            }
            return;
        }
        try {
            act();
        } catch (RuntimeException | Error e) { // perhaps there is no memory to read into
            Throwable told = state == State.FAILED ? failure : null; // in that case, that is the cause
            if (told != null && told != e) {
                told.addSuppressed(e);
            }
            fails(told != null ? told : e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e);
        }
    }

    private void fails(@Nullable Throwable cause) {
        if (state != State.CLOSED) {
            failure = cause;
            end(false);
        }
    }

    private void act() {
        switch (state) {
            case CONNECTING -> establish();
            case OPEN -> openTurn();
            case FAILING -> {
                state = State.FAILED;
                listener.writeFailed(Objects.requireNonNull(failure));
            }
            case FAILED -> failedTurn();
            case CLOSED -> tellClosed();
        }
    }

    private void establish() {
        if (refusal != null) {
            failure = refusal;
            end(false);
            tellClosed();
            return;
        }
        state = State.OPEN;
        connected = true;
        listener.connected();
        if (state == State.OPEN && !queue.isEmpty()) {
            flushWanted = true;
        }
    }

    private void openTurn() {
        writeQueued();
        report();
        for (int n = 0; n < 4 && state == State.OPEN && !paused && readReady(network.now); n++) {
            readOnce();
        }
    }

    private void readOnce() {
        Pipe from = in();
        int there = endTold ? 0 : from.readable(network.now);
        if (there > 0) {
            ByteBuf target = takesHints ? listener.readTarget() : null;
            if (target == null || !target.isWritable()) {
                target = selector.receiveBuffer();
            }
            selector.tally().read();
            int n = Math.min(network.piece(there), target.writableBytes());
            if (n > MANY && network.does(Misconduct.FAILS_READS)) {
                failure = new SocketException("read from " + remote + ": I/O error");
                end(false);
                return;
            }
            int start = target.writerIndex();
            from.read(target, n);
            if (network.does(Misconduct.LOSES_BYTES)) {
                target.writerIndex(start + n - n / 2);
            } else if (network.does(Misconduct.DOUBLES_BYTES) && target.writableBytes() >= n) {
                target.writeBytes(target.copy(start, n));
            }
            listener.received(target);
            listener.turnEnded();
        } else if (!endTold && from.endVisible(network.now)) {
            endTold = true;
            listener.inputEnded();
        } else if (from.resetVisible(network.now)) {
            failure = new SocketException("read from " + remote + ": Connection reset");
            end(false);
        }
    }

    /** A write has failed: bytes that are already in our kernel are still read, and then the wire is closed. */
    private void failedTurn() {
        if (!endTold && in().readable(network.now) > 0) {
            readOnce();
        } else {
            end(false);
        }
    }

    private void tellClosed() {
        selector.wires.remove(this);
        if (!network.does(Misconduct.FORGETS_CLOSED)) {
            try {
                listener.closed(failure);
            } catch (RuntimeException | Error e) { // there is nothing left that could fail
                Uncaught.tell(e);
            }
        }
    }

    private void report() {
        if (unreported > 0 && state != State.CLOSED) {
            long n = unreported;
            unreported = 0;
            listener.written(n);
        }
    }

    // ---- writing

    @Override
    public void write(ByteBuf buffer) {
        if (state == State.CLOSED
                || state == State.FAILING
                || state == State.FAILED
                || shut
                || shutWanted
                || !buffer.isReadable()) {
            buffer.release();
            return;
        }
        try {
            queue.add(buffer);
        } catch (OutOfMemoryError e) {
            buffer.release();
            throw e;
        }
    }

    @Override
    public long flush() {
        if (state == State.CONNECTING || state == State.OPEN) {
            flushWanted = !queue.isEmpty();
        }
        if (state != State.OPEN || late) {
            return 0;
        }
        long before = unreported;
        writeQueued();
        long written = unreported - before;
        unreported = before;
        return written;
    }

    private void writeQueued() {
        if (flushWanted && !queue.isEmpty() && broken()) {
            failure = new SocketException("write to " + remote + ": Broken pipe");
            state = State.FAILING;
            releaseQueue();
            return;
        }
        while (flushWanted && !queue.isEmpty() && out().room() > 0) {
            ByteBuf first = queue.getFirst();
            selector.tally().written();
            int n = out().take(first, network.piece(first.readableBytes()), network.arrival());
            unreported += n;
            if (!first.isReadable()) {
                queue.removeFirst().release();
            } else if (network.random.nextBoolean()) {
                break;
            }
        }
        if (queue.isEmpty()) {
            flushWanted = false;
            if (shutWanted) {
                shutWanted = false;
                shut = true;
                out().end(network.arrival());
            }
        }
    }

    @Override
    public void shutdownOutput() {
        if (state == State.CLOSED || state == State.FAILING || state == State.FAILED || shut || shutWanted) {
            return;
        }
        shutWanted = true;
        flushWanted = !queue.isEmpty();
        if (state == State.OPEN && !late) {
            writeQueued();
        }
    }

    // ---- the rest

    @Override
    public void pauseReads() {
        paused = true;
    }

    @Override
    public void resumeReads() {
        paused = false;
    }

    @Override
    public void close() {
        endHere(false);
    }

    @Override
    public void abort() {
        if (network.does(Misconduct.RESETS_ANOTHER) && selector.wires.getFirst().in != null) {
            selector.wires.getFirst().in().reset(network.now, true);
        }
        endHere(true);
    }

    private void endHere(boolean reset) {
        end(reset);
        failure = null; // a failure that was not reported yet is dropped
    }

    private void end(boolean reset) {
        if (state == State.CLOSED) {
            return;
        }
        boolean wasFailed = failure != null;
        state = State.CLOSED;
        releaseQueue();
        network.openWires--;
        if (in != null && out != null) {
            boolean resets = reset || wasFailed || in.hasUnread();
            if (resets && local != null) {
                network.noteReset(local, remote);
            }
            closeEnds(network, in, out, resets);
        }
        if (from != null) {
            network.over(from);
        }
    }

    private void releaseQueue() {
        if (network.does(Misconduct.KEEPS_BUFFERS)) {
            queue.clear();
        }
        while (!queue.isEmpty()) {
            queue.removeFirst().release();
        }
    }

    /** Lets the other end see a close: an end of stream, or a reset if something was left unread. */
    static void closeEnds(MemoryTransport network, Pipe in, Pipe out, boolean reset) {
        if (reset) {
            out.reset(network.arrival(), true);
        } else {
            out.end(network.arrival());
        }
        in.readerGone(out);
    }

    void disturb(SocketAddress end, SocketAddress peer, boolean reset, long until) {
        boolean mine = (end.equals(local) && peer.equals(remote)) || (peer.equals(local) && end.equals(remote));
        if (!mine || in == null || state == State.CLOSED) {
            return;
        }
        if (reset) {
            in.reset(network.now, true);
        } else {
            in.stallUntil(until);
        }
    }

    /** The selector is closed, so no more events are delivered. */
    void forget() {
        end(true);
    }

    static void checkOption(SocketOption<?> option, Object value) {
        if (!known(option)) {
            throw new IllegalArgumentException("transport memory has no option " + option.name());
        }
    }

    private static boolean known(SocketOption<?> option) {
        // No SO_LINGER: abort is a call of its own.
        return option == StandardSocketOptions.TCP_NODELAY
                || option == StandardSocketOptions.SO_REUSEADDR
                || option == StandardSocketOptions.SO_REUSEPORT
                || option == StandardSocketOptions.SO_KEEPALIVE
                || option == StandardSocketOptions.SO_SNDBUF
                || option == StandardSocketOptions.SO_RCVBUF;
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        requireUsable();
        checkOption(option, Objects.requireNonNull(value));
        option(option, value);
    }

    /** Sets a supported option. */
    <T> void option(SocketOption<T> option, T value) {
        if (options == null) {
            options = new HashMap<>();
        }
        options.put(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        requireUsable();
        checkOption(option, "");
        Object value = options == null ? null : options.get(option);
        if (value != null) {
            return option.type().cast(value);
        }
        return option.type() == Boolean.class
                ? option.type().cast(false)
                : option.type().cast(0);
    }

    private void requireUsable() throws ClosedChannelException {
        if (state == State.CLOSED) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return connected ? local : null;
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
